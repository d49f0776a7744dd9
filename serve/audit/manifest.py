"""``audit.json``: what was audited, with what, and how it came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipeline.records import ModelIdentity
from serve.audit.key import LAYOUT, config_digest
from serve.audit.options import AuditOptions
from serve.audit.riskiest import Ranked
from serve.audit.source import InputReport
from serve.audit.totals import Totals

LISTED = (
    "id",
    "source",
    "channel",
    "language",
    "risk",
    "anger",
    "frustration",
    "messages",
    "escalated",
    "event_rule",
    "alert_count",
    "lead",
    "categories",
)
"""What the manifest keeps of each of the riskiest conversations."""


def manifest_of(
    options: AuditOptions,
    model: ModelIdentity,
    *,
    key: str,
    totals: Totals,
    riskiest: Sequence[Ranked],
    reports: Sequence[InputReport],
    now: datetime,
) -> dict[str, Any]:
    """The manifest as a JSON object; holds no chat text."""
    skipped: Counter[str] = Counter()
    for report in reports:
        skipped.update(report.skipped)
    return {
        "layout": LAYOUT,
        "key": key,
        "created_at": now.isoformat(timespec="seconds"),
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "config_digest": config_digest(options.config),
        "options": {
            "paths": list(options.paths),
            "format": options.format_name,
            "shard": None if options.shard is None else f"{options.shard.index}/{options.shard.count}",
            "as_of": None if options.as_of is None else options.as_of.isoformat(),
        },
        "inputs": [report.to_json() for report in reports],
        "skipped": dict(sorted(skipped.items())),
        "unread": sum(report.failure is not None for report in reports),
        "totals": totals.to_json(),
        "medians": {
            "lead_messages": totals.median_lead_messages(),
            "lead_seconds": totals.median_lead_seconds(),
            "first_response_seconds": totals.median_first_response_seconds(),
        },
        "riskiest": [{name: one.view[name] for name in LISTED} for one in riskiest],
    }

"""``report.html``: one file, no network, readable by people who judge service quality.

Chat text only travels as JSON in a data block, and the page's script puts it on screen as
text nodes. Style and script stand inline and are allowed by their hashes; nothing else is.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from serve.audit.console import duration

FOLDER = Path(__file__).parent
SHOWN_INPUTS = 200
SHOWN_NAMES = 100
"""Rows of one breakdown in the report; the tables hold all of them."""
LANGUAGES = ("en", "zh")

_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def render(manifest: Mapping[str, Any], chats: Sequence[Mapping[str, Any]]) -> str:
    """The report as HTML.

    Args:
        manifest: as in ``audit.json``.
        chats: views of the riskiest conversations (``riskiest.view_of``), riskiest first.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    strings = _strings()
    style, script = _read("report.css"), _read("report.js")
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    environment.filters["duration"] = duration
    return environment.get_template("report.html.j2").render(
        t=strings,
        manifest=manifest,
        counts=manifest["totals"]["counts"],
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=embed({**report_data(manifest, chats), "strings": strings, "categories": category_names()}),
    )


def report_data(manifest: Mapping[str, Any], chats: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the page's script reads: the manifest without its long tails, and the chats."""
    totals = manifest["totals"]
    by = {name: _largest(names) for name, names in totals["by"].items()}
    inputs = sorted(manifest["inputs"], key=lambda one: not (one["failure"] or one["skipped"]))
    return {
        "created_at": manifest["created_at"],
        "model": manifest["model"],
        "shard": manifest["options"]["shard"],
        "as_of": manifest["options"]["as_of"],
        "counts": totals["counts"],
        "risk": totals["risk"],
        "by": by,
        "more": {name: max(0, len(names) - SHOWN_NAMES) for name, names in totals["by"].items()},
        "first_at": totals["first_at"],
        "last_at": totals["last_at"],
        "medians": manifest["medians"],
        "skipped": manifest["skipped"],
        "unread": manifest["unread"],
        "inputs": inputs[:SHOWN_INPUTS],
        "more_inputs": max(0, len(inputs) - SHOWN_INPUTS),
        "chats": list(chats),
    }


def embed(value: object) -> str:
    """JSON that can stand inside ``<script type="application/json">``: no character of it can end the block."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@cache
def category_names() -> dict[str, dict[str, str]]:
    """Category id to its name by language, from the shipped configuration."""
    from pipeline.config import load_categories

    return {
        category.id: {language: getattr(category.name, language) for language in LANGUAGES}
        for category in load_categories()
    }


def _largest(names: Mapping[str, Sequence[int]]) -> list[list[Any]]:
    ordered = sorted(names.items(), key=lambda item: (-item[1][0], -item[1][3], item[0]))
    return [[name, *tally] for name, tally in ordered[:SHOWN_NAMES]]


@cache
def _strings() -> dict[str, dict[str, str]]:
    strings: dict[str, dict[str, str]] = json.loads(_read("strings.json"))
    return strings


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")

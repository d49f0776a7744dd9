"""What an audit shows in the terminal: the riskiest conversations, and what was skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import combining, east_asian_width

WIDEST = 36
"""Columns of the terminal that one cell may take."""
SHOWN_NOTES = 12
HEADS = (
    "#",
    "risk",
    "anger",
    "frustr.",
    "escalated",
    "alerts",
    "warned ahead",
    "lang",
    "channel",
    "category",
    "conversation",
)
RIGHT = frozenset({"#", "risk", "anger", "frustr.", "alerts"})


def riskiest_table(manifest: Mapping[str, Any], *, rows: int) -> str:
    """The riskiest conversations as aligned plain text, one a line; Chinese characters take two columns."""
    body = [_row(number, one) for number, one in enumerate(manifest["riskiest"][:rows], start=1)]
    return table(HEADS, body)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two spaces apart; numbers to the right."""
    lines = [list(heads), *[[fit(cell) for cell in row] for row in rows]]
    widths = [max(width(line[i]) for line in lines) for i in range(len(heads))]
    text = []
    for line in lines:
        cells = []
        for head, cell, wide in zip(heads, line, widths, strict=True):
            gap = " " * (wide - width(cell))
            cells.append(gap + cell if head in RIGHT else cell + gap)
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def width(text: str) -> int:
    """Columns that the text takes in a terminal."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def fit(text: str) -> str:
    """Printable and at most ``WIDEST`` columns: control characters cannot steer the terminal."""
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    if width(plain) <= WIDEST:
        return plain
    kept = ""
    for c in plain:
        if width(kept + c) >= WIDEST:
            break
        kept += c
    return kept + "…"


def headline(manifest: Mapping[str, Any]) -> str:
    """Totals in one line."""
    counts = manifest["totals"]["counts"]
    warned = f", {counts['warned']} of {counts['forecastable']} foreseeable ones warned ahead" * bool(
        counts["forecastable"]
    )
    return (
        f"{counts['conversations']:,} conversations, {counts['messages']:,} messages: "
        f"{counts['escalated']:,} escalated{warned}; {counts['alerts']:,} alerts."
    )


def remarks(manifest: Mapping[str, Any]) -> list[str]:
    """Notes of the readers and everything that was skipped, one a line."""
    notes = [f"{fit_path(one['path'])}: {note}" for one in manifest["inputs"] for note in one["notes"]]
    failures = [one["failure"] for one in manifest["inputs"] if one["failure"]]
    skips = [f"{count:,} skipped: {reason}" for reason, count in manifest["skipped"].items()]
    first = next((error for one in manifest["inputs"] for error in one["errors"]), None)
    lines = [*_some([f"note: {n}" for n in notes]), *_some([f"not read: {f}" for f in failures]), *_some(skips)]
    return [*lines, *([f"  first: {first}"] if first and skips else [])]


def fit_path(path: str) -> str:
    """A path without control characters."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in path)


def is_complete(manifest: Mapping[str, Any]) -> bool:
    """Nothing was skipped."""
    return not manifest["skipped"] and not manifest["unread"]


def _some(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN_NOTES
    return lines if more <= 0 else [*lines[:SHOWN_NOTES], f"… and {more:,} more, see audit.json"]


def _row(number: int, one: Mapping[str, Any]) -> list[str]:
    lead = one["lead"]
    source = "" if one["source"] == "default" else f"{one['source']} / "
    return [
        str(number),
        f"{one['risk']:.2f}",
        f"{one['anger']:.2f}",
        f"{one['frustration']:.2f}",
        f"yes ({one['event_rule']})" if one["event_rule"] else "yes" if one["escalated"] else "-",
        str(one["alert_count"]),
        f"{lead[0]} msg, {duration(lead[1])}" if lead else "-",
        one["language"],
        one["channel"],
        one["categories"][0][0] if one["categories"] else "-",
        source + one["id"],
    ]


def duration(seconds: int) -> str:
    """A short form such as 45s, 12min, 3h or 2d."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds // unit}{name}"
    return f"{seconds}s"

"""Values of the audit's options, from text; wrong ones raise ``ConfigError`` with the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import ConfigError
from pipeline.records import Role
from serve.audit.options import Shard

MOST_SHOWN = 500
DURATION_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def shard(text: str) -> Shard:
    """``i/n``, counted from 1; 0 stands for n, so that shares counted from 0 cover everything too."""
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 0 <= int(index) <= int(count) and int(count) > 0):
        raise ConfigError("a shard is I/N with I from 1 to N", value=text[:40], fix="e.g. --shard 2/8.")
    return Shard(int(index) or int(count), int(count))


def gap(text: str) -> timedelta:
    """A span such as ``90m``, ``24h`` or ``2d``."""
    number, unit = text[:-1], text[-1:]
    if not (number.isdecimal() and unit in DURATION_UNITS and 0 < int(number) * DURATION_UNITS[unit] < 10**10):
        raise ConfigError("a gap is a number with s, m, h or d", value=text[:40], fix="e.g. --session-gap 24h.")
    return timedelta(seconds=int(number) * DURATION_UNITS[unit])


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError("not a whole number of at least 1", value=text[:40])
    return int(text)


def top(text: str) -> int:
    """How many conversations to show, 1 to ``MOST_SHOWN``: the report stays a file that a browser opens."""
    wanted = positive(text)
    if wanted > MOST_SHOWN:
        raise ConfigError(
            f"at most {MOST_SHOWN} conversations can be shown", value=text[:40], fix="ask messages.parquet for more."
        )
    return wanted


def time_zone(text: str) -> tzinfo:
    """A zone by name or offset: ``Asia/Shanghai``, ``+08:00``, ``Z``."""
    if text[:1] in {"+", "-"} or text in {"Z", "z"}:
        try:
            offset = datetime.fromisoformat(f"2000-01-01T00:00:00{text}").utcoffset()
        except ValueError:
            offset = None
        if offset is not None:
            return timezone(offset)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError("unknown time zone", value=text[:40], fix="write Asia/Shanghai or +08:00.") from None


def moment(text: str, zone: tzinfo | None) -> datetime:
    """An RFC 3339 time; one without an offset is in ``zone``, UTC where none is given."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError("not a time", value=text[:40], fix="write --as-of 2026-05-01T18:00:00+08:00.") from None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=zone or UTC)


def roles(texts: Sequence[str]) -> dict[str, Role]:
    """``kefu=agent`` and the like."""
    found = {}
    for word, value in pairs(texts, "--role", "kefu=agent").items():
        if value not in set(Role):
            raise ConfigError("unknown role", value=value[:40], fix=f"use one of: {', '.join(Role)}.")
        found[word] = Role(value)
    return found


def pairs(texts: Sequence[str], option: str, example: str) -> dict[str, str]:
    """``KEY=VALUE`` texts as a mapping; the last of equal keys counts."""
    found = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not (key and sign and value):
            raise ConfigError(f"{option} wants KEY=VALUE", value=text[:40], fix=f"e.g. {option} {example}.")
        found[key] = value
    return found

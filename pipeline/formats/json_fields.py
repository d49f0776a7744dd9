"""Tolerant access to fields of decoded JSON: a wrong type reads as a missing field, never as an error."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

Json = dict[str, Any]

SURROGATE = re.compile("[\ud800-\udfff]")
NUMBER = re.compile(r"[+-]?\d{1,19}(\.\d*)?")
# The ranges do not overlap for any date from 1973 to 2286 in seconds.
EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))
FIRST_YEAR, LAST_YEAR = 1971, 9998

MEDIA = {
    "image": "image",
    "photo": "image",
    "picture": "image",
    "gif": "image",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
    "sticker": "sticker",
    "file": "document",
    "document": "document",
    "application": "document",
    "text": "document",
    "location": "location",
    "contact": "contact",
    "contacts": "contact",
}


def get(value: object, *path: str) -> Any:
    """The value under nested object keys; ``None`` where any of them is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def as_object(value: object) -> Json:
    """``value`` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Json]:
    """The objects in a list; what is no list has none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_text(value: object) -> str:
    """A string as it stands, a number as digits, else empty. Lone surrogates become U+FFFD."""
    if isinstance(value, str):
        return value if value.isascii() else SURROGATE.sub("\ufffd", value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return str(value)
        except ValueError:  # an integer beyond the digits that Python converts
            return ""
    return ""


def first_text(*values: object) -> str:
    """The first value that is a text with something in it; stripped."""
    for value in values:
        text = as_text(value).strip()
        if text:
            return text
    return ""


def as_flag(value: object) -> bool | None:
    """A boolean, also as 0/1 or a word; ``None`` where it is none."""
    if isinstance(value, str):
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
            value.strip().lower()
        )
    if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    return None


def as_time(value: object, zone: tzinfo | None = None) -> datetime | None:
    """A moment from ISO 8601, RFC 2822 or an epoch in s, ms, µs or ns, given as number or text.

    Args:
        value: the JSON value.
        zone: of times that carry none; UTC where not given. Epochs are UTC.

    Returns:
        An aware time between the years 1971 and 9998, else ``None``.
    """
    moment: datetime | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        moment = _from_epoch(value)
    elif isinstance(value, str):
        text = value.strip()
        moment = _from_epoch(float(text)) if NUMBER.fullmatch(text) else _from_words(text)
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return moment.replace(tzinfo=zone or UTC) if moment.tzinfo is None else moment


def is_naive_time(value: object) -> bool:
    """Whether a time is written without an offset, so that a zone had to be assumed."""
    if not isinstance(value, str) or NUMBER.fullmatch(value.strip()):
        return False
    moment = _from_words(value.strip())
    return moment is not None and moment.tzinfo is None


def _from_epoch(number: float) -> datetime | None:
    try:
        seconds = float(number)
        if not math.isfinite(seconds) or seconds <= 0:
            return None
        divisor = next(unit for least, unit in EPOCH_UNITS if seconds >= least)
        return datetime.fromtimestamp(seconds / divisor, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _from_words(text: str) -> datetime | None:
    iso = re.sub(r"\s*(?:UTC|GMT)$", "+00:00", text) if text[:1].isdigit() else text
    iso = re.sub(r"(?<=\d)\s+(?=[+-]\d\d:?\d\d$)", "", iso)
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def placeholder(kind: object) -> str:
    """Canonical mark of an attachment, e.g. ``[image]``, from a media or MIME type; ``[document]`` where unknown."""
    word = as_text(kind).strip().lower()
    return f"[{MEDIA.get(word) or MEDIA.get(word.partition('/')[0], 'document')}]"


def with_attachments(text: str, marks: list[str]) -> str:
    """Marks of attachments, then the words that came with them."""
    return " ".join([*marks, text] if text else marks)

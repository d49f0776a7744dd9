"""Word lists that ship in ``configs/lexicons``: one entry a line, ``#`` starts a comment line."""

from __future__ import annotations

from functools import cache

from pipeline.resources import resource


@cache
def entries(*parts: str) -> tuple[str, ...]:
    """Entries of ``configs/lexicons/<parts>`` in file order.

    Raises:
        ConfigError: the list was not shipped.
    """
    text = resource("configs", "lexicons", *parts).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("# "))


@cache
def table(*parts: str) -> dict[str, str]:
    """Tab-separated pairs ``key<TAB>value`` of a list."""
    rows = (entry.split("\t") for entry in entries(*parts))
    return {row[0]: row[1] for row in rows}


@cache
def words_of(*parts: str) -> frozenset[str]:
    """Words of a list whose lines hold several, separated by blanks."""
    return frozenset(word for entry in entries(*parts) for word in entry.split())

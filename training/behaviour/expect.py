"""What a case may expect of a result, in the words of the suite's files.

Of a message or the last message of a chat: ``anger BAND``, ``frustration BAND``, ``polarity NAME``, ``signal NAME``, ``no signal NAME``,
``act NAME``, ``no act NAME``, ``event RULE`` (the first escalation event is this message, by this rule), ``no event``; alternatives stand
between ``|``. Of two texts: ``raises NAME``, ``lowers NAME``, ``never raises NAME`` with a level or a signal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.records import ActName, EscalationRule, MessageResult, Polarity, SignalName

TOLERANCE = 0.1
"""A score that moves further has moved."""
MARGIN = 0.05
"""A score that goes up or down by less has not."""
TOP = 0.9
"""From here on a score need not go up further."""

BANDS: Mapping[str, Callable[[float], bool]] = {
    "none": lambda score: score < 1 / 3,
    "low": lambda score: score < 1 / 2,
    "some": lambda score: score >= 1 / 6,
    "high": lambda score: score >= 1 / 2,
}
LEVELS = ("anger", "frustration")
SIGNALS = tuple(signal.value for signal in SignalName)
_NAMES: Mapping[str, frozenset[str]] = {
    "anger": frozenset(BANDS),
    "frustration": frozenset(BANDS),
    "polarity": frozenset(Polarity),
    "signal": frozenset(SignalName),
    "no signal": frozenset(SignalName),
    "act": frozenset(ActName),
    "no act": frozenset(ActName),
    "event": frozenset(EscalationRule),
}
_DIRECTIONS: Mapping[str, Callable[[float, float], bool]] = {
    "raises": lambda before, after: after >= before + MARGIN or min(before, after) >= TOP,
    "lowers": lambda before, after: after <= before - MARGIN,
    "never raises": lambda before, after: after <= before + TOLERANCE,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A message's result, and the event that it is, if it is the chat's first."""

    result: MessageResult
    event: EscalationRule | None = None
    escalated: bool = False
    """Whether there is an event at or before this message."""


def is_expectation(item: str) -> bool:
    """Whether an item can be expected of a result."""
    kind, _, tail = item.rpartition(" ")
    return item == "no event" or (kind in _NAMES and _NAMES[kind].issuperset(tail.split("|")))


def is_direction(item: str) -> bool:
    """Whether an item can be expected of two texts."""
    kind, _, tail = item.rpartition(" ")
    return kind in _DIRECTIONS and tail in (*LEVELS, *SIGNALS)


def holds(item: str, seen: Seen) -> bool:
    """Whether what an item expects is so."""
    if item == "no event":
        return not seen.escalated
    kind, _, tail = item.rpartition(" ")
    names, result = tail.split("|"), seen.result
    if kind in LEVELS:
        return any(BANDS[name](level(result, kind)) for name in names)
    if kind == "polarity":
        return result.polarity in names
    if kind == "event":
        return seen.event in names
    said = {signal.name.value for signal in result.signals} | {act.name for act in result.acts}
    return said.isdisjoint(names) if kind.startswith("no ") else not said.isdisjoint(names)


def follows(item: str, before: MessageResult, after: MessageResult) -> bool:
    """Whether the second result lies in the expected direction from the first."""
    kind, _, name = item.rpartition(" ")
    return _DIRECTIONS[kind](level(before, name), level(after, name))


def moved(names: tuple[str, ...], before: MessageResult, after: MessageResult) -> list[str]:
    """Scores among the names that moved by more than ``TOLERANCE``."""
    return [name for name in names if abs(level(after, name) - level(before, name)) > TOLERANCE]


def level(result: MessageResult, name: str) -> float:
    """Anger, frustration or a signal's probability; the result must have all probabilities (``full``)."""
    if name in LEVELS:
        value = getattr(result, name)
        return 0.0 if value is None else float(value)
    assert result.scores is not None
    return float(result.scores[name])

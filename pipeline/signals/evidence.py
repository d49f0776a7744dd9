"""The strongest evidence of a conversation: which words of which message carried which signal."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.records import Signal, SignalName

KEPT = 8
_CUT = 60
_GRAVE = frozenset(
    {
        SignalName.SAFETY_RISK,
        SignalName.LEGAL_THREAT,
        SignalName.REGULATOR_THREAT,
        SignalName.EXPOSURE_THREAT,
        SignalName.ABUSE,
        SignalName.SUPERVISOR_REQUEST,
    }
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signal of one message. Offsets count in the redacted text; none where no words carry the signal."""

    signal: str
    message_id: str
    score: float
    start: int | None = None
    end: int | None = None
    text: str | None = None
    """``redacted[start:end]``, at most 60 characters."""


def evidence_of(signal: Signal, message_id: str) -> Evidence:
    """The signal as evidence, its words cut to 60 characters."""
    if signal.start is None or signal.text is None:
        return Evidence(signal.name.value, message_id, signal.score)
    words = signal.text[:_CUT]
    return Evidence(signal.name.value, message_id, signal.score, signal.start, signal.start + len(words), words)


def strongest(items: tuple[Evidence, ...], new: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """At most eight items in the order of their messages; the weakest give way, of equals the older.

    Signals that are events by themselves and signals seen for the first time count as stronger; real
    thanks are evidence of nothing that an alert would state.
    """
    every = [*items, *(item for item in new if item.signal != SignalName.THANKS)]
    if len(every) <= KEPT:
        return tuple(every)
    first_of: dict[str, int] = {}
    for at, item in enumerate(every):
        first_of.setdefault(item.signal, at)
    ranked = sorted(
        range(len(every)),
        key=lambda at: (every[at].signal in _GRAVE, first_of[every[at].signal] == at, every[at].score, at),
        reverse=True,
    )
    return tuple(every[at] for at in sorted(ranked[:KEPT]))


def without_weakest(items: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """One item fewer, to save room; not grave ones go first, then low scores, then old ones."""
    weakest = min(range(len(items)), key=lambda at: (items[at].signal in _GRAVE, items[at].score, at))
    return items[:weakest] + items[weakest + 1 :]

"""Reads golden chats (grammar in ``tests/golden/README.md``) and says which expectations do not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pipeline.records import (
    ActName,
    Alert,
    Conversation,
    ConversationResult,
    Message,
    MessageResult,
    Polarity,
    Role,
    SignalName,
)
from pipeline.run import Pipeline

START = datetime(2026, 5, 1, tzinfo=timezone(timedelta(hours=8)))
BANDS: Mapping[str, Callable[[float], bool]] = {
    "low": lambda score: score < 0.5,
    "mid": lambda score: 0.15 <= score <= 0.75,
    "high": lambda score: score >= 0.5,
}
MESSAGE = re.compile(r"(\d\d):(\d\d) (customer|agent|bot|system):(.*)")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known after a message, with nothing after it known."""

    results: tuple[MessageResult, ...]
    alerts: tuple[Alert, ...]
    whole: ConversationResult

    @property
    def last(self) -> MessageResult:
        return self.results[-1]


@dataclass(slots=True)
class Golden:
    """A golden chat; ``expected`` holds (place of the message, item)."""

    why: str
    conversation: Conversation
    expected: list[tuple[int, str]] = field(default_factory=list)


def read_golden(path: Path) -> Golden:
    """Parse a ``.chat`` file; raises ``ValueError`` with the line where it leaves the grammar."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0].startswith("why: "):
        raise ValueError(f"{path.name}:1: the first line says why")
    messages: list[Message] = []
    expected: list[tuple[int, str]] = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip() or line.startswith("#"):
            continue
        if found := MESSAGE.fullmatch(line):
            messages.append(_message(found, messages))
        elif line.startswith("  =>") and messages:
            items = [item.strip() for item in line.removeprefix("  =>").split(";")]
            if wrong := [item for item in items if not _known(item)]:
                raise ValueError(f"{path.name}:{number}: unknown expectation {wrong[0]!r}")
            expected += [(len(messages) - 1, item) for item in items]
        else:
            raise ValueError(f"{path.name}:{number}: neither a message nor an expectation below one")
    return Golden(lines[0].removeprefix("why: "), Conversation(path.stem, tuple(messages), "whatsapp"), expected)


def _message(found: re.Match[str], before: Sequence[Message]) -> Message:
    hour, minute, role, text = found.groups()
    at = START.replace(hour=int(hour), minute=int(minute))
    while before and at < before[-1].sent_at:
        at += timedelta(days=1)
    return Message(f"m{len(before) + 1}", at, Role(role), role, text.strip(), seq=len(before))


def after_each(pipeline: Pipeline, conversation: Conversation) -> list[Seen]:
    """What a batch says of every beginning of the chat."""
    beginnings = (
        replace(conversation, messages=conversation.messages[:end]) for end in range(1, len(conversation.messages) + 1)
    )
    done = (assessed.assessment for assessed in pipeline.run_batch(beginnings))
    return [Seen(a.messages, a.alerts, a.conversation) for a in done]


def as_it_goes(pipeline: Pipeline, conversation: Conversation) -> list[Seen]:
    """What the stream says after every message."""
    live = pipeline.open(conversation)
    seen: list[Seen] = []
    results: list[MessageResult] = []
    alerts: list[Alert] = []
    for _, step in pipeline.run_stream((conversation, message) for message in conversation.messages):
        results.append(step.result)
        alerts += step.alerts
        live, _ = pipeline.step(live, conversation.messages[len(results) - 1])
        seen.append(Seen(tuple(results), tuple(alerts), pipeline.summarise(live)))
    return seen


def failures(golden: Golden, seen: Sequence[Seen]) -> list[str]:
    """Expectations that do not hold, each with what was found instead."""
    return [
        f"m{at + 1}: {item} ({_found(seen[at])})" for at, item in golden.expected if not _holds(item, seen[at], seen[0])
    ]


def _found(seen: Seen) -> str:
    last = seen.last
    said = [s.name.value for s in last.signals] + [a.name for a in last.acts]
    alerts = [f"{a.rule}@{a.message_id}" for a in seen.alerts]
    return f"anger {last.anger} frustration {last.frustration} {last.polarity} {said} risk {last.risk} {alerts}"


# What may be said of a message: the words of the item's tail, and whether it holds after the message.
NAMES: Mapping[str, frozenset[str]] = {
    "anger": frozenset(BANDS),
    "frustration": frozenset(BANDS),
    "polarity": frozenset(Polarity),
    "signal": frozenset(SignalName),
    "no signal": frozenset(SignalName),
    "act": frozenset(ActName),
}
PHRASES: Mapping[str, Callable[[Seen, Seen], bool]] = {
    "escalated yes": lambda seen, _: seen.whole.escalated,
    "escalated no": lambda seen, _: not seen.whole.escalated,
    "alert yes": lambda seen, _: bool(seen.alerts),
    "alert no": lambda seen, _: not seen.alerts,
    "alert before escalation": lambda seen, _: _warned(seen),
    "risk rising": lambda seen, first: seen.last.risk > first.last.risk,
}


def _known(item: str) -> bool:
    kind, _, tail = item.rpartition(" ")
    if kind == "category":
        return bool(tail)
    return item in PHRASES or (kind in NAMES and NAMES[kind].issuperset(tail.split("|")))


def _holds(item: str, seen: Seen, first: Seen) -> bool:
    if item in PHRASES:
        return PHRASES[item](seen, first)
    kind, _, tail = item.rpartition(" ")
    last, names = seen.last, tail.split("|")
    signals = {signal.name for signal in last.signals}
    return {
        "anger": lambda: any(BANDS[name](last.anger) for name in names if last.anger is not None),
        "frustration": lambda: any(BANDS[name](last.frustration) for name in names if last.frustration is not None),
        "polarity": lambda: last.polarity in names,
        "signal": lambda: bool(signals.intersection(names)),
        "no signal": lambda: last.role is Role.CUSTOMER and signals.isdisjoint(names),
        "act": lambda: not {act.name for act in last.acts}.isdisjoint(names),
        "category": lambda: not {category.name for category in seen.whole.categories}.isdisjoint(names),
    }[kind]()


def _warned(seen: Seen) -> bool:
    """Whether an alert was raised at a message before the escalation event."""
    places = {result.message_id: at for at, result in enumerate(seen.results)}
    event = seen.whole.escalation_at
    return event is not None and any(places[alert.message_id] < places[event] for alert in seen.alerts)

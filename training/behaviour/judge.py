"""Runs the suite through the pipeline: one outcome a case, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pipeline.records import Conversation, Message, MessageResult, Role
from pipeline.run import Pipeline
from training.behaviour.changes import CALM_ONLY, INVARIANT, add
from training.behaviour.expect import LEVELS, SIGNALS, Seen, follows, holds, level, moved
from training.behaviour.suite import Addition, Minimum, Pairs, Suite

_START = datetime(2026, 5, 1, 2, tzinfo=UTC)
_PACE = timedelta(minutes=3)
_ROLES = {"c": Role.CUSTOMER, "a": Role.AGENT, "b": Role.BOT}
_GROUPS: Mapping[str, tuple[str, ...]] = {"invariance": LEVELS, "invariance_signals": SIGNALS}

Results = Mapping[tuple[Role, str], MessageResult]
Two = tuple[str, str, str, str]
"""Capability, language, first text, second text."""


class Kind(StrEnum):
    """Kinds of test; the two of invariance watch the levels and the signals."""

    MINIMUM = "minimum"
    INVARIANCE = "invariance"
    INVARIANCE_SIGNALS = "invariance_signals"
    DIRECTION = "direction"
    CHATS = "chats"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case, and what of it does not hold."""

    kind: Kind
    capability: str
    language: str
    texts: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    """What does not hold, each with what was found; empty where all does."""


def behave(pipeline: Pipeline, suite: Suite) -> list[Outcome]:
    """Every case of the suite."""
    texts, twos = _asked(suite)
    results = _read(pipeline, [*texts, *((Role.CUSTOMER, text) for two in twos for text in two[2:])])
    return [
        *_minimum(suite, results),
        *_invariance(suite, results),
        *_direction(suite, results),
        *_chats(pipeline, suite),
    ]


def _asked(suite: Suite) -> tuple[list[tuple[Role, str]], list[Two]]:
    texts = [(Role(each.role), text) for each in suite.minimum for _, text in each.seeds()]
    pairs = [two for _, two in _directed(suite)]
    return texts, [*_changed(suite), *pairs]


def _read(pipeline: Pipeline, asked: Iterable[tuple[Role, str]]) -> Results:
    """Results of texts, each a conversation of its own."""
    keys = list(dict.fromkeys(asked))
    alone = (Conversation(str(n), (_message(0, role, text),)) for n, (role, text) in enumerate(keys))
    done = pipeline.run_batch(alone, full=True)
    return {key: each.assessment.messages[0] for key, each in zip(keys, done, strict=True)}


def _minimum(suite: Suite, results: Results) -> Iterator[Outcome]:
    for each in suite.minimum:
        for language, text in each.seeds():
            seen = Seen(results[Role(each.role), text])
            yield Outcome(Kind.MINIMUM, each.capability, language, (text,), _missed(each.expect, seen))


def _invariance(suite: Suite, results: Results) -> Iterator[Outcome]:
    for name, language, text, changed in _changed(suite):
        before, after = (results[Role.CUSTOMER, each] for each in (text, changed))
        for kind, watched in _GROUPS.items():
            wrong = tuple(f"{score} {_from_to(score, before, after)}" for score in moved(watched, before, after))
            yield Outcome(Kind(kind), name, language, (text, changed), wrong)


def _direction(suite: Suite, results: Results) -> Iterator[Outcome]:
    for each, (name, language, first, second) in _directed(suite):
        before, after = (results[Role.CUSTOMER, text] for text in (first, second))
        wrong = tuple(
            f"{item}: {_from_to(item.rpartition(' ')[2], before, after)}"
            for item in each.expect
            if not follows(item, before, after)
        )
        yield Outcome(Kind.DIRECTION, name, language, (first, second), wrong)


def _chats(pipeline: Pipeline, suite: Suite) -> Iterator[Outcome]:
    cases = [(each, language, text) for each in suite.chats for language, text in each.seeds()]
    chats = (conversation(str(n), text) for n, (_, _, text) in enumerate(cases))
    for (each, language, text), done in zip(cases, pipeline.run_batch(chats, full=True), strict=True):
        last, whole = done.assessment.messages[-1], done.assessment.conversation
        rule = whole.escalation_rule if whole.escalation_at == last.message_id else None
        wrong = _missed(each.expect, Seen(last, rule, whole.escalated))
        yield Outcome(Kind.CHATS, each.capability, language, (text,), wrong)


def conversation(name: str, text: str) -> Conversation:
    """A chat of the suite as a record; messages come three minutes apart."""
    lines = text.splitlines()
    return Conversation(name, tuple(_message(at, _ROLES[line[0]], line[3:]) for at, line in enumerate(lines)))


def _message(at: int, role: Role, text: str) -> Message:
    return Message(f"m{at + 1}", _START + at * _PACE, role, "", text)


def _changed(suite: Suite) -> Iterator[Two]:
    """Every customer's text with every change that applies to it."""
    spoken = [each for each in suite.minimum if each.role == "customer"]
    for name, change in INVARIANT.items():
        for each in spoken:
            if name in CALM_ONLY and not each.is_calm:
                continue
            for language, text in each.seeds():
                changed = change(text)
                if changed is not None:
                    yield name, language, text, changed


def _directed(suite: Suite) -> Iterator[tuple[Addition | Pairs, Two]]:
    known = {each.capability: each for each in suite.minimum}
    for addition in suite.additions:
        for language, text, sentence in _added(addition, [known[name] for name in addition.to]):
            yield addition, (addition.capability, language, text, add(text, sentence))
    for pairs in suite.pairs:
        for language, (first, second) in pairs.seeds():
            yield pairs, (pairs.capability, language, first, second)


def _added(addition: Addition, targets: Iterable[Minimum]) -> Iterator[tuple[str, str, str]]:
    """Language, text and the sentence for it, the sentences in turn."""
    for target in targets:
        for at, (language, text) in enumerate(target.seeds()):
            sentences: tuple[str, ...] = getattr(addition, language)
            yield language, text, sentences[at % len(sentences)]


def _missed(expected: Iterable[str], seen: Seen) -> tuple[str, ...]:
    return tuple(f"{item}: {_said(item, seen)}" for item in expected if not holds(item, seen))


def _said(item: str, seen: Seen) -> str:
    kind, _, tail = item.removeprefix("no ").rpartition(" ")
    if item == "no event" or kind == "event":
        return f"event {seen.event or '–'}, escalated {seen.escalated}"
    if kind in LEVELS:
        return f"{level(seen.result, kind):.2f}"
    if kind == "polarity":
        return str(seen.result.polarity)
    scores = seen.result.scores or {}
    return ", ".join(f"{name} {scores.get(name, 0.0):.2f}" for name in tail.split("|"))


def _from_to(score: str, before: MessageResult, after: MessageResult) -> str:
    return f"{level(before, score):.2f} → {level(after, score):.2f}"

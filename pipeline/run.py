"""Two drivers over one stage list: whole conversations (batch) and message by message (stream)."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from pipeline.config import AlertPolicy, Config, load_alert_policy, load_config
from pipeline.identity import digest
from pipeline.models.context import load_head
from pipeline.models.conversation import ConversationHead
from pipeline.models.named import folder_of
from pipeline.models.scorer import Scorer
from pipeline.records import (
    Alert,
    Assessment,
    Conversation,
    ConversationResult,
    Message,
    MessageResult,
    Reason,
    Role,
    Signal,
)
from pipeline.resources import resource
from pipeline.stages import decide, track
from pipeline.stages.features import feature_names
from pipeline.stages.prepare import PrepareState, prepare, redact_sender
from pipeline.stages.score import ScoreCache, text_to_score
from pipeline.stages.stage import Prepared, ScoredMessage
from pipeline.stages.state import ConversationState, initial

# Some desks number a customer's chats by mobile number or mailbox.
_PERSONAL_ID = re.compile(r"(?:\+\d{8,15}|(?:\+?86)?1[3-9]\d{9}|\S+@\S+\.\S+)(?:[-_#]\S{1,16})?", re.ASCII)

Quoting = TypeVar("Quoting", Signal, Reason)

CHUNKS = (1, 16, 64, 256, 1024)
"""Messages scored ahead at a time: few at first, so that the first result comes at once; then many, so that texts of one length meet."""
AHEAD = 2
"""Chunks under way while one is folded."""


class Quote(StrEnum):
    """Whose text the offsets of a result point into."""

    ORIGINAL = "original"
    REDACTED = "redacted"


@dataclass(frozen=True, slots=True)
class Assessed:
    """A conversation, in the text that the assessment quotes, and its assessment."""

    conversation: Conversation
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Live:
    """What is remembered of an open conversation; all of it can be saved."""

    heard: PrepareState
    state: ConversationState


@dataclass(frozen=True, slots=True)
class Step:
    """What one message of an open conversation brought. Offsets count in the redacted text."""

    prepared: Prepared
    result: MessageResult
    alerts: tuple[Alert, ...]


class Pipeline:
    """The stage list with its model and policy.

    Args:
        scorer: message scorer.
        head: conversation head of the same model.
        policy: alert rules.
    """

    def __init__(self, scorer: Scorer, head: ConversationHead, policy: AlertPolicy) -> None:
        self.scorer = scorer
        self.head = head
        self.policy = policy
        self._cache = ScoreCache(scorer)

    def run_batch(
        self,
        conversations: Iterable[Conversation],
        *,
        full: bool = False,
        as_of: datetime | None = None,
        quote: Quote | str = Quote.REDACTED,
    ) -> Iterator[Assessed]:
        """Assess conversations, one out for one in, in order and in bounded memory.

        Args:
            conversations: any number; messages in time order.
            full: add every head's probability to each message.
            as_of: judge open deadlines as of this time (aware); else only deadlines that passed before a message.
            quote: ``original`` quotes the texts as given; ``redacted`` returns and quotes redacted texts.
        """
        quote = Quote(quote)
        waiting: deque[list[_Ready]] = deque()
        for chunk in _chunks(conversations):
            ready = [_Ready(c, prepare_all(c)) for c in chunk]
            self._cache.prefetch(t for r in ready for p in r.prepared if (t := text_to_score(p)) is not None)
            waiting.append(ready)
            # Until the first result is out nothing is scored ahead of it.
            while len(waiting) > (AHEAD if len(chunk) > 1 else 0):
                yield from (self._assess(r, full, as_of, quote) for r in waiting.popleft())
        for ready in waiting:
            yield from (self._assess(r, full, as_of, quote) for r in ready)

    def run_stream(self, messages: Iterable[tuple[Conversation, Message]]) -> Iterator[tuple[str, Step]]:
        """Assess messages one by one as they come, conversations interleaved as they may be.

        Args:
            messages: each with the conversation that it belongs to (its ``messages`` are not looked at).

        Yields:
            Conversation id and what the message brought.
        """
        open_: dict[tuple[str, str], Live] = {}
        for conversation, message in messages:
            key = (conversation.source, conversation.conversation_id)
            live = open_.get(key) or self.open(conversation)
            open_[key], step = self.step(live, message)
            yield conversation.conversation_id, step

    def open(self, conversation: Conversation) -> Live:
        """A conversation before its first message."""
        return Live(PrepareState(), initial(conversation.source, conversation.conversation_id, conversation.channel))

    def step(self, live: Live, message: Message) -> tuple[Live, Step]:
        """One message of an open conversation."""
        heard, prepared = prepare(live.heard, message)
        text = text_to_score(prepared)
        scores = None if text is None else self._cache.get(text)
        state, result, alerts = self._fold(live.state, ScoredMessage(prepared, scores))
        return Live(heard, state), Step(prepared, result, alerts)

    def tick(self, live: Live, now: datetime) -> tuple[Live, tuple[Alert, ...]]:
        """Fire the deadlines of an open conversation that are due at ``now`` (aware)."""
        state, alerts = decide.tick(live.state, now, self.policy, self.head)
        return replace(live, state=state), alerts

    def summarise(self, live: Live) -> ConversationResult:
        """What is said of an open conversation so far."""
        return track.summarise(live.state, self.head)

    def _fold(
        self, before: ConversationState, scored: ScoredMessage, *, full: bool = False
    ) -> tuple[ConversationState, MessageResult, tuple[Alert, ...]]:
        before, overdue = decide.tick(before, scored.prepared.message.sent_at, self.policy, self.head)
        after, result = track.step(before, scored, self.head, full=full)
        after, alerts = decide.step(before, after, result, scored, self.policy, self.head)
        return after, result, (*overdue, *alerts)

    def _assess(self, ready: _Ready, full: bool, as_of: datetime | None, quote: Quote) -> Assessed:
        conversation = ready.conversation
        state = self.open(conversation).state
        results: list[MessageResult] = []
        alerts: list[Alert] = []
        for prepared in ready.prepared:
            text = text_to_score(prepared)
            scores = None if text is None else self._cache.get(text)
            state, result, raised = self._fold(state, ScoredMessage(prepared, scores), full=full)
            results.append(result)
            alerts += raised
        if as_of is not None:
            state, raised = decide.tick(state, as_of, self.policy, self.head)
            alerts += raised
        conversation_id = conversation.conversation_id
        if quote is Quote.REDACTED:
            conversation_id = stored_id(conversation_id)
        assessment = Assessment(
            conversation_id,
            self.scorer.identity,
            tuple(results),
            track.summarise(state, self.head),
            tuple(alerts),
        )
        if quote is Quote.ORIGINAL:
            return Assessed(conversation, _quoting_original(assessment, ready.prepared))
        return Assessed(redacted(conversation, ready.prepared), assessment)


@dataclass(frozen=True, slots=True)
class _Ready:
    conversation: Conversation
    prepared: tuple[Prepared, ...]


def build(config_path: Path | None = None, model: str | Path | None = None, *, threads: int | None = None) -> Pipeline:
    """The pipeline as configured.

    Args:
        config_path: YAML that overrides ``configs/default.yaml``.
        model: a model folder, or a name in a store (``pipeline.models.named``); the shipped model where not given.
        threads: texts scored at the same time; the configuration's where not given.

    Raises:
        ConfigError: the configuration is wrong.
        ModelError: the model is missing or damaged, or its store is not installed.
    """
    from pipeline.models.onnx import OnnxScorer  # takes a fifth of a second to import

    config_path = config_path or resource("configs", "default.yaml")
    config = load_config(config_path)

    def beside(name: str | None) -> Path | None:
        return None if name is None else config_path.parent / name

    folder = chosen_folder(model, config, config_path)
    scorer = OnnxScorer(folder, threads=threads or config.runtime.threads or os.cpu_count() or 1)
    head = load_head(folder, scorer.manifest, feature_names(scorer.categories), base_rate=config.risk.base_rate)
    return Pipeline(scorer, head, load_alert_policy(beside(config.alerts), next_steps=beside(config.next_steps)))


def chosen_folder(model: str | Path | None, config: Config, config_path: Path) -> Path:
    """The folder of the model that is given, else configured (relative to the configuration file), else shipped.

    Raises:
        ModelError: a named model cannot be found.
    """
    if model is not None:
        return folder_of(model)
    if config.model is None:
        return resource("models", "boilover")
    return config_path.parent / folder_of(config.model)


def redacted(conversation: Conversation, prepared: Sequence[Prepared]) -> Conversation:
    """The conversation as it may be stored: texts redacted, speakers by pseudonym, no annotation."""
    messages = tuple(
        Message(m.message_id, m.sent_at, m.role, redact_sender(m.sender, m.role), p.redacted.text, m.seq)
        for p in prepared
        for m in (p.message,)
    )
    return replace(
        conversation,
        conversation_id=stored_id(conversation.conversation_id),
        messages=messages,
        customer_id=None,
        labels=None,
    )


def stored_id(conversation_id: str) -> str:
    """The id under which a conversation is stored: its own, or a hash where it is a person's number or mailbox."""
    return f"id-{digest(conversation_id)}" if _PERSONAL_ID.fullmatch(conversation_id) else conversation_id


def prepare_all(conversation: Conversation) -> tuple[Prepared, ...]:
    """Every message of a conversation made ready for scoring, in order."""
    heard, done = PrepareState(), []
    for message in conversation.messages:
        heard, prepared = prepare(heard, message)
        done.append(prepared)
    return tuple(done)


def _chunks(conversations: Iterable[Conversation]) -> Iterator[list[Conversation]]:
    sizes = iter(CHUNKS)
    size, held, chunk = next(sizes), 0, []
    for conversation in conversations:
        chunk.append(conversation)
        held += len(conversation.messages) + 1
        if held >= size:
            yield chunk
            size, held, chunk = next(sizes, CHUNKS[-1]), 0, []
    if chunk:
        yield chunk


def _quoting_original(assessment: Assessment, prepared: Sequence[Prepared]) -> Assessment:
    by_id = {p.message.message_id: p for p in prepared}
    messages = tuple(
        replace(m, signals=tuple(_original_span(s, by_id[m.message_id]) for s in m.signals))
        if m.role is Role.CUSTOMER and m.signals
        else m
        for m in assessment.messages
    )
    alerts = tuple(
        replace(a, reasons=tuple(_original_span(r, by_id[r.message_id]) for r in a.reasons)) for a in assessment.alerts
    )
    return replace(assessment, messages=messages, alerts=alerts)


def _original_span(item: Quoting, prepared: Prepared) -> Quoting:
    if item.start is None or item.end is None:
        return item
    start, end = prepared.redacted.span(item.start, item.end)
    return replace(item, start=start, end=end, text=prepared.message.text[start:end])

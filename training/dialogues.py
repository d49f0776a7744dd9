"""Annotated chats as the conversation head learns from them: whole, message by message, in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from pipeline.errors import InputError
from pipeline.models.context import MOMENT, READ
from pipeline.models.scorer import SIGNALS, FloatArray
from pipeline.records import AgentLabels, Annotation, Conversation, CustomerLabels, Outcome, Role, Stage
from pipeline.stages.moment import Moment, next_moment
from pipeline.stages.prepare import PrepareState, prepare
from pipeline.stages.score import text_to_score
from pipeline.stages.stage import Prepared
from training.targets import Layout

STAGES, OUTCOMES = tuple(Stage), tuple(Outcome)
SpanLabels = Mapping[tuple[str, str], Sequence[tuple[str, int, int]]]
"""Signal, start and end (code points of the text as written) by conversation and message id."""


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a dialogue."""

    message_id: str
    ids: tuple[int, ...]
    """Token ids; empty where there is no text to score."""
    about: FloatArray
    """Role (one-hot) and moment, shape (len(READ) + MOMENT,)."""
    is_customer: bool
    targets: FloatArray
    """Shape (layout.size,), NaN where the annotation says nothing."""
    marked: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """Signals with the tokens that carry them, where an annotator marked the words."""
    variants: tuple[tuple[int, ...], ...] = ()
    """Token ids of the text written otherwise, see ``training.habits``; empty ones where nothing differs."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What the annotation says of a conversation as a whole."""

    main: int
    """Index of the main category; -1 where there is no complaint."""
    categories: FloatArray
    """1 for each category of the complaint, shape (categories,)."""
    stage: int
    outcome: int
    csat: float
    escalates: bool
    event: int
    """Index of the step with the escalation event; the number of steps where there is none."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation, or a message on its own, made ready for training."""

    key: str
    language: str
    steps: tuple[Step, ...]
    whole: Whole | None
    """``None`` for messages on their own."""


def dialogue(
    chat: Conversation,
    layout: Layout,
    tokenizer: Tokenizer,
    *,
    language: str,
    max_tokens: int,
    spans: SpanLabels,
    habits: Sequence[Callable[[str], str]] = (),
) -> Dialogue:
    """An annotated chat, prepared exactly as the pipeline prepares it.

    Args:
        chat: with labels.
        layout: target layout.
        tokenizer: of the base encoder.
        language: of the chat.
        max_tokens: where token ids are cut.
        spans: marked words.
        habits: ways in which the customer may write as well; each gives a variant of their messages.
    """
    assert chat.labels is not None
    heard, moment, event = PrepareState(), Moment(), None
    steps: list[Step] = []
    for message in chat.messages:
        heard, prepared = prepare(heard, message)
        others = habits if message.role is Role.CUSTOMER else ()
        rewritten = [replace(message, text=habit(message.text)) for habit in others]
        variants = tuple(
            _ids(prepare(heard, other)[1], tokenizer, max_tokens) if other.text != message.text else ()
            for other in rewritten
        )
        moment = next_moment(moment, message)
        if message.role is Role.SYSTEM:
            continue
        text = text_to_score(prepared)
        encoding = None if text is None else tokenizer.encode(text)
        if message.message_id == chat.labels.conversation.escalation_at:
            event = len(steps)
        steps.append(
            Step(
                message.message_id,
                () if encoding is None else tuple(encoding.ids[:max_tokens]),
                about(message.role, moment),
                message.role is Role.CUSTOMER,
                _targets(chat.labels, message.message_id, layout),
                ()
                if encoding is None
                else _marked(spans.get((chat.conversation_id, message.message_id), ()), prepared, encoding, max_tokens),
                variants,
            )
        )
    return Dialogue(chat.conversation_id, language, tuple(steps), _whole(chat.labels, layout, event, len(steps)))


def _ids(prepared: Prepared, tokenizer: Tokenizer, max_tokens: int) -> tuple[int, ...]:
    text = text_to_score(prepared)
    return () if text is None else tuple(tokenizer.encode(text).ids[:max_tokens])


def single(key: str, language: str, ids: Sequence[int], targets: FloatArray) -> Dialogue:
    """A customer's message on its own, as ``boilover score --lines`` reads it."""
    first = about(Role.CUSTOMER, Moment(heard=1, in_row=1))
    return Dialogue(key, language, (Step(key, tuple(ids), first, True, targets),), None)


def about(role: Role, moment: Moment) -> FloatArray:
    """Role (one-hot) and moment of a message, shape (len(READ) + MOMENT,)."""
    roles = [float(role is each) for each in READ]
    values = np.array([*roles, *moment.numbers()], np.float32)
    assert values.shape == (len(READ) + MOMENT,)
    return values


def load_spans(folder: Path) -> dict[tuple[str, str], list[tuple[str, int, int]]]:
    """Marked words of every ``*.jsonl`` in a folder; empty where the folder is missing.

    Raises:
        InputError: a line is damaged; names file and line.
    """
    found: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                row: dict[str, Any] = json.loads(line)
                key = (row["conversation_id"], row["message_id"])
                found.setdefault(key, []).append((row["name"], int(row["start"]), int(row["end"])))
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"not a marked span: {error}", path=str(path), line=number) from error
    return found


def _targets(labels: Annotation, message_id: str, layout: Layout) -> FloatArray:
    known = labels.messages.get(message_id)
    if isinstance(known, CustomerLabels):
        return layout.customer(known, labels.conversation)
    if isinstance(known, AgentLabels):
        return layout.agent(known)
    return layout.empty()


def _marked(
    spans: Iterable[tuple[str, int, int]], prepared: Prepared, encoding: Encoding, max_tokens: int
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Tokens whose source characters lie in a marked span."""
    sources = [_source(prepared, *offsets) for offsets in encoding.offsets[:max_tokens]]
    marked: dict[int, set[int]] = {}
    for name, start, end in spans:
        tokens = {i for i, at in enumerate(sources) if at is not None and at[0] < end and start < at[1]}
        if tokens:
            marked.setdefault(SIGNALS.index(name), set()).update(tokens)
    return tuple((signal, tuple(sorted(tokens))) for signal, tokens in sorted(marked.items()))


def _source(prepared: Prepared, start: int, end: int) -> tuple[int, int] | None:
    """Range of the text as written that a token stands for; ``None`` for special tokens."""
    if start >= end:
        return None
    low, high = prepared.model_text.span(start, end)
    return prepared.redacted.span(low, high) if low < high else None


def _whole(labels: Annotation, layout: Layout, event: int | None, steps: int) -> Whole:
    whole = labels.conversation
    named = [layout.categories.index(name) for name in whole.categories if name in layout.categories]
    marks = np.zeros(len(layout.categories), np.float32)
    marks[named] = 1.0
    return Whole(
        main=named[0] if named else -1,
        categories=marks,
        stage=STAGES.index(whole.stage),
        outcome=OUTCOMES.index(whole.outcome),
        csat=float(whole.csat),
        escalates=whole.escalated,
        event=steps if event is None else event,
    )


def batches(dialogues: Sequence[Dialogue], messages: int, *, seed: int) -> list[list[int]]:
    """Random batches of dialogues with about that many messages each; every dialogue stands in one."""
    order = np.random.default_rng(seed).permutation(len(dialogues)).tolist()
    found: list[list[int]] = [[]]
    held = 0
    for index in order:
        if held and held + len(dialogues[index].steps) > messages:
            found.append([])
            held = 0
        found[-1].append(index)
        held += len(dialogues[index].steps)
    return found


def prefix_weights(dialogue: Dialogue) -> NDArray[np.float32]:
    """Weight of each step's risk in the loss: the event-free prefixes of a chat weigh 1 together, shape (steps,)."""
    weights = np.zeros(len(dialogue.steps), np.float32)
    if dialogue.whole is not None and dialogue.whole.event:
        weights[: dialogue.whole.event] = 1.0 / dialogue.whole.event
    return weights

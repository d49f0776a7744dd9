"""Folds a message into the state: counts, levels, signals, acts, waits, demands, promises."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.models.scorer import ACTS, TextScores
from pipeline.records import ActName, Language, Message, MessageResult, Role, SignalName
from pipeline.signals.moments import micros, offset_seconds, seconds_between
from pipeline.signals.promises import Promise
from pipeline.signals.repetition import is_acknowledgement
from pipeline.stages.events import LEVEL_1, LEVEL_2, PRESENT
from pipeline.stages.stage import ScoredMessage
from pipeline.stages.state import MAX_WIDTH, ROLES, ConversationState, Tally, single

Changes = dict[str, Any]
"""New values of fields of the state."""

_STALL = ACTS.index(ActName.STALL)
_LANGUAGES = (Language.ZH, Language.EN, Language.MIXED, Language.UND)
_CJK = re.compile(r"[\u3400-\u9fff]")
_ENGLISH_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
# Frequent characters that only one of the two ways of writing has.
_TRADITIONAL = re.compile(
    r"[們個來時說這對為過還會後開東車長門問間題單款嗎麼應點沒發現費電話實際帳錢貨買賣訂換壞騙員經處裡讓給話請幾認識嘅喺咗嚟唔]"
)
_SIMPLIFIED = re.compile(
    r"[们个来时说这对为过还会开东车长门问间题单吗么应点没发现费电话实际账钱货买卖订换坏骗员经处让给请几认识]"
)
_EMBEDDINGS = 64  # the mean follows the chat: after this many messages the oldest fade


def folded(state: ConversationState, scored: ScoredMessage, result: MessageResult) -> Changes:
    """What a message changes in the state, but for events, risk and evidence.

    Args:
        state: with one place a category.
        scored: the message.
        result: its signals and acts.
    """
    message = scored.prepared.message
    at = micros(message.sent_at)
    changes: Changes = {
        "first_at": at if state.first_at is None else state.first_at,
        "last_at": at,
        "offset": offset_seconds(message.sent_at),
        "gap_s": 0.0 if state.last_at is None else seconds_between(state.last_at, at),
        "last_role": message.role,
        "last_message_id": message.message_id,
        "tally": _tally(state.tally, scored),
        "event": None,
        "broken_now": (),
    }
    if message.role is Role.CUSTOMER:
        changes |= _customer(state, scored, result, at)
    elif message.role is not Role.SYSTEM:
        changes |= _firm(state, scored, message, at)
    return changes


def _tally(tally: Tally, scored: ScoredMessage) -> Tally:
    message = scored.prepared.message
    place = ROLES.index(message.role)
    roles = _raised(tally.roles, place)
    if message.role is Role.SYSTEM:
        return replace(tally, roles=roles)
    if message.role is not Role.CUSTOMER:
        return replace(
            tally,
            roles=roles,
            customers_in_row=0,
            bots_in_row=tally.bots_in_row + 1 if message.role is Role.BOT else 0,
        )
    text = scored.prepared.redacted.text
    return Tally(
        roles=roles,
        languages=_raised(tally.languages, _LANGUAGES.index(scored.prepared.language)),
        chinese_words=tally.chinese_words + (len(_CJK.findall(text)) + 1) // 2,
        english_words=tally.english_words + len(_ENGLISH_WORD.findall(text)),
        simplified=tally.simplified + len(_SIMPLIFIED.findall(text)),
        traditional=tally.traditional + len(_TRADITIONAL.findall(text)),
        bots_in_row=tally.bots_in_row,
        customers_in_row=tally.customers_in_row + 1,
        characters=tally.characters + len(text),
        last_characters=len(text),
    )


def _raised(counts: tuple[int, int, int, int], place: int) -> tuple[int, int, int, int]:
    a, b, c, d = (count + (at == place) for at, count in enumerate(counts))
    return a, b, c, d


def _customer(state: ConversationState, scored: ScoredMessage, result: MessageResult, at: int) -> Changes:
    anger, frustration = result.anger or 0.0, result.frustration or 0.0
    text = scored.prepared.model_text.text
    names = [signal.name for signal in result.signals]
    strained = anger >= LEVEL_1 or frustration >= LEVEL_1
    content = not strained and (SignalName.THANKS in names or is_acknowledgement(text))
    wants_human = SignalName.SUPERVISOR_REQUEST in names
    changes: Changes = {
        "last_customer_id": result.message_id,
        "anger": state.anger.add(anger),
        "frustration": state.frustration.add(frustration),
        "hot": anger >= LEVEL_2,
        "asked_supervisor": state.asked_supervisor or wants_human,
        "waiting": state.waiting.asked(
            at, result.message_id, strained=strained, wants_human=wants_human, content=content
        ),
        "demands": state.demands.add(text, names),
    }
    if not content:
        changes |= _missed_promises(state, at)
    if scored.scores is not None:
        changes |= _scores(state, scored.scores)
    return changes


def _missed_promises(state: ConversationState, at: int) -> Changes:
    """A customer who writes on after a deadline says that the promise was not kept."""
    overdue: tuple[Promise, ...] = state.promises.overdue(at)
    promises = state.promises
    for promise in overdue:
        promises = promises.break_(promise)
    return {"promises": promises, "broken_now": overdue}


def _scores(state: ConversationState, scores: TextScores) -> Changes:
    signals = scores.signals.tolist()
    categories = scores.categories.tolist()
    tones = scores.polarity.tolist()
    turn = state.customer_messages + 1
    return {
        "tones": single([a + b for a, b in zip(state.tones, tones, strict=True)]),
        "last_tone": single(tones),
        "signal_max": single(_larger(state.signal_max, signals)),
        "signal_last": single(signals),
        "signal_count": tuple(n + (v >= PRESENT) for n, v in zip(state.signal_count, signals, strict=True)),
        "signal_turn": tuple(turn if v >= PRESENT else t for t, v in zip(state.signal_turn, signals, strict=True)),
        "categories_max": single(_larger(state.categories_max, categories)),
        "categories_sum": single([a + b for a, b in zip(state.categories_sum, categories, strict=True)]),
        "complaint": state.complaint.add(round(scores.complaint, 6)),
        "embedding": _mean_embedding(state, scores),
    }


def _larger(known: Sequence[float], new: Sequence[float]) -> list[float]:
    return [max(pair) for pair in zip(known, new, strict=True)]


def _mean_embedding(state: ConversationState, scores: TextScores) -> bytes:
    new = scores.embedding
    if new.size > MAX_WIDTH:
        return b""
    if len(state.embedding) != 2 * new.size:
        return new.astype("<f2").tobytes()
    old = np.frombuffer(state.embedding, "<f2").astype(np.float32)
    count = min(_EMBEDDINGS, state.complaint.count + 1)
    return (old + (new.astype(np.float32) - old) / count).astype("<f2").tobytes()


def _firm(state: ConversationState, scored: ScoredMessage, message: Message, at: int) -> Changes:
    by_bot = message.role is Role.BOT
    acts = None if scored.scores is None or by_bot else scored.scores.acts.tolist()
    stalls = acts is not None and acts[_STALL] >= PRESENT
    changes: Changes = {
        "waiting": state.waiting.answered(at, by_bot=by_bot),
        "promises": state.promises.stated(
            scored.prepared.model_text.text, message.sent_at, message.message_id, stalls=stalls
        ),
    }
    if acts is not None:
        changes["act_count"] = tuple(n + (value >= PRESENT) for n, value in zip(state.act_count, acts, strict=True))
        changes["act_last"] = single(acts)
        changes["last_agent_id"] = message.message_id
    return changes

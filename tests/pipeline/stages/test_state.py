import json
from dataclasses import fields, replace

import numpy as np
import pytest
from chat_builders import CATEGORIES, START, SmallHead, decided, quoting, scored, tracked
from hypothesis import given, settings
from hypothesis import strategies as st
from small_head import drivers, points, weights

from pipeline.config import load_alert_policy
from pipeline.errors import InputError
from pipeline.models.context import ContextHead
from pipeline.models.drivers import Drivers
from pipeline.models.fake import fake_scores
from pipeline.models.scorer import ACTS, SIGNALS
from pipeline.records import Message, Role
from pipeline.stages import decide, track
from pipeline.stages.features import feature_names
from pipeline.stages.state import LIMIT, ConversationState, initial

roles = st.sampled_from(list(Role))


@st.composite
def chats(draw: st.DrawFn, max_size: int = 8):
    messages = []
    for at in range(draw(st.integers(1, max_size))):
        text = draw(
            st.sampled_from(["", "我要退货", "第三次了!", "48小时内处理", "within 2 hours", "thanks", "\ud800", "ok"])
        )
        scores = fake_scores(
            anger=draw(st.floats(0, 1)),
            frustration=draw(st.floats(0, 1)),
            signals=draw(st.lists(st.sampled_from(SIGNALS), max_size=2)),
            acts=draw(st.lists(st.sampled_from(ACTS), max_size=2)),
            complaint=draw(st.floats(0, 1)),
        )
        minutes = at * 7 + draw(st.sampled_from([0, -30, 90]))
        given = quoting(scores, 0, len(text)) if text else None
        messages.append(scored(at, draw(roles), text, given, minutes=minutes))
    return messages


@settings(deadline=None)  # the first span loads the dictionary of words
@given(messages=chats())
def test_a_snapshot_at_any_message_changes_nothing(messages) -> None:
    whole = tracked(messages)
    state = initial("default", "c1", "whatsapp")
    for message, (after, result) in zip(messages, whole, strict=True):
        state, again = track.step(ConversationState.from_json(state.to_json()), message, SmallHead())
        assert again == result
        assert state == after
        assert ConversationState.from_json(state.to_json()) == state


@settings(deadline=None)  # the first span loads the dictionary of words
@given(messages=chats())
def test_a_snapshot_changes_no_alert(messages) -> None:
    _, expected, _ = decided(messages)
    policy, head, state, found = load_alert_policy(), SmallHead(), initial("default", "c1", "whatsapp"), []
    for message in messages:
        state = ConversationState.from_json(state.to_json())
        state, due = decide.tick(state, message.prepared.message.sent_at, policy, head)
        before = ConversationState.from_json(state.to_json())
        after, result = track.step(before, message, head)
        state, raised = decide.step(before, ConversationState.from_json(after.to_json()), result, message, policy, head)
        found += [*due, *raised]
    assert found == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_the_snapshot_stays_under_four_kilobytes_over_two_thousand_messages(seed: int) -> None:
    random = np.random.default_rng(seed)
    known = weights(width=384, categories=len(CATEGORIES))
    head = ContextHead(
        known, points(), Drivers(drivers(feature_names(CATEGORIES))), CATEGORIES, [0.0] * len(CATEGORIES)
    )
    policy = load_alert_policy()
    state = initial("shop-东区", "conversation-" + "x" * 51, "whatsapp")
    for at in range(2000):
        scores = replace(
            fake_scores(
                anger=float(random.random()),
                frustration=float(random.random()),
                signals=[SIGNALS[i] for i in random.integers(0, 12, 2)] if at > 40 else [],
                acts=["policy", "stall"],
            ),
            embedding=random.normal(size=384).astype(np.float16),
        )
        role = (Role.CUSTOMER, Role.AGENT)[at % 2]
        text = "".join(chr(c) for c in random.integers(0x4E00, 0x9FA5, 80)) + "48小时内处理"
        message = scored(at, role, text, quoting(scores, 0, 80))
        long_id = Message(f"wamid-{at:058d}", message.prepared.message.sent_at, role, "", text)
        message = replace(message, prepared=replace(message.prepared, message=long_id))
        state, _ = decide.tick(state, long_id.sent_at, policy, head)
        after, result = track.step(state, message, head)
        state, _ = decide.step(state, after, result, message, policy, head)
        if at % 50 == 0 or at < 60:
            assert len(state.to_json().encode()) <= LIMIT
    assert state.embedding
    assert state.evidence


def test_a_fresh_state_knows_its_conversation() -> None:
    state = initial("desk", "c9", "wechat")
    assert (state.source, state.conversation_id, state.channel, state.escalated) == ("desk", "c9", "wechat", False)
    assert ConversationState.from_json(state.to_json()) == state


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"version":1}', '{"version":2}', '{"version":1,"tally":3}', "\ud800"]
)
def test_a_damaged_or_foreign_snapshot_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        ConversationState.from_json(text)


@pytest.mark.parametrize("at", range(len(fields(ConversationState)) - 1))
def test_damage_in_any_field_is_refused(at: int) -> None:
    row = json.loads(tracked([scored(0, Role.CUSTOMER, "你好")])[-1][0].to_json())
    values = [*row["values"]]
    values[at] = {"not": "a value"}
    with pytest.raises(InputError):
        ConversationState.from_json(json.dumps({"version": 1, "values": values}))
    with pytest.raises(InputError):
        ConversationState.from_json(json.dumps({"version": 1, "values": row["values"][:at]}))


def test_a_wide_embedding_is_not_kept() -> None:
    wide = replace(fake_scores(), embedding=np.ones(768, np.float16))
    assert tracked([scored(0, Role.CUSTOMER, "你好", wide)])[-1][0].embedding == b""


def test_the_clock_of_the_chat_is_remembered() -> None:
    state = tracked([scored(0, Role.CUSTOMER, "你好")])[-1][0]
    assert state.offset == 8 * 3600
    assert len(state.categories_max) == len(CATEGORIES)
    assert START.utcoffset() is not None

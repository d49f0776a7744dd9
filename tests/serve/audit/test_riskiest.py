from __future__ import annotations

import pytest
from fake_audit import FakePipeline, angry_chat, calm_chat, chat
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Conversation, Signal, SignalName
from serve.audit.facts import facts_of
from serve.audit.riskiest import SHOWN_MESSAGES, Riskiest, best_of, segments


def ranked(chats: list[Conversation], wanted: int) -> Riskiest:
    riskiest = Riskiest(wanted)
    for one in FakePipeline().run_batch(chats, quote="redacted"):
        riskiest.add(one, facts_of(one))
    return riskiest


@given(kinds=st.lists(st.booleans(), max_size=30), wanted=st.integers(1, 4), cut=st.integers(0, 30))
def test_the_riskiest_of_parts_are_the_riskiest_of_all(kinds: list[bool], wanted: int, cut: int) -> None:
    chats = [(angry_chat if angry else calm_chat)(f"c{i}") for i, angry in enumerate(kinds)]
    together = [one.view["id"] for one in ranked(chats, wanted).views()]
    parts = [*ranked(chats[:cut], wanted).views(), *ranked(chats[cut:], wanted).views()]
    assert [one.view["id"] for one in best_of(parts, wanted)] == together
    assert together == [c.conversation_id for c in sorted(chats, key=_order)][:wanted]


def _order(conversation: Conversation) -> tuple[object, ...]:
    one = next(iter(FakePipeline().run_batch([conversation], quote="redacted")))
    whole = one.assessment.conversation
    return (
        -round(whole.risk_peak, 6),
        -len(one.assessment.alerts[:1]),
        -round(whole.anger_peak, 6),
        -round(whole.frustration_peak, 6),
        conversation.conversation_id,
    )


@given(st.data())
def test_segments_join_to_the_text_and_mark_exactly_the_evidence(data: st.DataObject) -> None:
    text = data.draw(st.text(max_size=20))
    at = st.integers(0, len(text))
    spans = data.draw(
        st.lists(st.tuples(st.sampled_from(SignalName), at, at).filter(lambda s: s[1] < s[2]), max_size=4)
        if text
        else st.just([])
    )
    pieces = segments(text, [Signal(name, 0.9, start, end, text[start:end]) for name, start, end in spans])
    assert "".join(piece[0] for piece in pieces) == text
    marks = [piece[1] if len(piece) > 1 else [] for piece in pieces for _ in piece[0]]
    assert marks == [sorted({n.value for n, start, end in spans if start <= i < end}) for i in range(len(text))]


@pytest.mark.parametrize(("turn", "first"), [(3, 0), (250, 80), (399, 200)])
def test_a_long_chat_is_shown_around_its_turn(turn: int, first: int) -> None:
    lines = [("customer", "骗子" if i == turn else f"line {i}") for i in range(400)]
    view = ranked([chat("long", *lines)], 1).views()[0].view
    assert (view["shown_from"], len(view["chat"])) == (first, SHOWN_MESSAGES)
    assert any(bubble["i"] == turn for bubble in view["chat"])
    assert view["messages"] == 400

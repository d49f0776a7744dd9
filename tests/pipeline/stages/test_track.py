from dataclasses import replace

import numpy as np
import pytest
from chat_builders import SmallHead, quoting, scored, tracked
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models.conversation import Outlook
from pipeline.models.fake import fake_scores
from pipeline.models.scorer import ACTS, SIGNALS
from pipeline.records import EscalationRule, Language, Outcome, Polarity, Role, Scored, SignalName, Stage
from pipeline.stages import track
from pipeline.stages.stage import Prepared, ScoredMessage
from pipeline.stages.state import initial
from pipeline.text.aligned import AlignedText


@st.composite
def customer_messages(draw: st.DrawFn, at: int):
    text = draw(st.text(max_size=12))
    start = draw(st.integers(-2, 12))
    scores = fake_scores(
        anger=draw(st.floats(0, 1)),
        frustration=draw(st.floats(0, 1)),
        signals=draw(st.lists(st.sampled_from(SIGNALS), max_size=3)),
        acts=draw(st.lists(st.sampled_from(ACTS), max_size=2)),
    )
    scores = quoting(scores, start, start + draw(st.integers(0, 12)))
    return scored(at, draw(st.sampled_from(list(Role))), text, scores if text else None)


chats = st.integers(1, 7).flatmap(lambda n: st.tuples(*(customer_messages(at) for at in range(n))))


@settings(deadline=None)  # the first span loads the dictionary of words
@given(messages=chats)
def test_later_messages_change_no_earlier_result(messages) -> None:
    whole = [result for _, result in tracked(messages)]
    for length in range(1, len(messages)):
        assert [result for _, result in tracked(messages[:length])] == whole[:length]


@settings(deadline=None)  # the first span loads the dictionary of words
@given(messages=chats, cut=st.integers(0, 7))
def test_grouping_of_messages_changes_nothing(messages, cut: int) -> None:
    whole = tracked(messages)
    first = tracked(messages[:cut])
    rest = tracked(messages[cut:], first[-1][0] if first else None)
    assert first + rest == whole


@settings(deadline=None)  # the first span loads the dictionary of words
@given(messages=chats)
def test_scores_lie_in_range_and_spans_in_the_text(messages) -> None:
    for message, (state, result) in zip(messages, tracked(messages), strict=True):
        text = message.prepared.redacted.text
        assert 0 <= result.risk <= 1
        assert result.risk <= state.risk_peak <= 1
        for signal in result.signals:
            assert 0.5 <= signal.score <= 1
            if signal.start is not None and signal.end is not None:
                assert 0 <= signal.start < signal.end <= len(text)
                assert signal.text == text[signal.start : signal.end]


def test_fields_are_those_of_the_role() -> None:
    scores = fake_scores(anger=0.4, polarity="negative", signals=["urgency"], acts=["apology"])
    customer, agent, bot, system = (
        result for _, result in tracked([scored(at, role, "急", scores) for at, role in enumerate(Role)])
    )
    assert (customer.anger, customer.polarity, customer.acts) == (0.4, Polarity.NEGATIVE, ())
    assert [s.name for s in customer.signals] == [SignalName.URGENCY]
    assert (agent.anger, agent.signals, agent.acts) == (None, (), (Scored("apology", pytest.approx(0.9)),))
    assert (bot.anger, bot.acts, system.anger, system.acts) == (None, (), None, ())


def test_an_empty_customer_message_is_calm() -> None:
    result = tracked([scored(0, Role.CUSTOMER, "")])[0][1]
    assert (result.anger, result.frustration, result.polarity, result.signals) == (0, 0, Polarity.NEUTRAL, ())


@pytest.mark.parametrize(("role", "text"), [(Role.SYSTEM, "会话已转接"), (Role.AGENT, "")])
def test_what_has_no_scores_carries_the_risk(role: Role, text: str) -> None:
    steps = tracked([scored(0, Role.CUSTOMER, "第三次了", fake_scores(anger=0.5)), scored(1, role, text)])
    assert steps[0][1].risk == steps[1][1].risk > 0


def test_risk_is_one_from_the_event_on() -> None:
    calm, event = fake_scores(), fake_scores(signals=["legal_threat"])
    steps = tracked(
        [scored(at, Role.CUSTOMER, "x", s) for at, s in enumerate([calm, event, calm])]
        + [scored(3, Role.SYSTEM, "end")]
    )
    assert steps[0][1].risk < 1
    assert [result.risk for _, result in steps[1:]] == [1, 1, 1]
    state = steps[-1][0]
    assert (state.escalation_at, state.escalation_rule) == ("m1", EscalationRule.OUTSIDE_BODY)


def test_messages_of_others_do_not_break_a_row_of_anger_but_a_calm_one_does() -> None:
    hot, calm = fake_scores(anger=0.6), fake_scores()
    row = [scored(0, Role.CUSTOMER, "x", hot), scored(1, Role.AGENT, "y"), scored(2, Role.CUSTOMER, "x", hot)]
    broken = [
        scored(0, Role.CUSTOMER, "x", hot),
        scored(1, Role.CUSTOMER, "y", calm),
        scored(2, Role.CUSTOMER, "x", hot),
    ]
    assert tracked(row)[-1][0].escalation_rule is EscalationRule.ANGER_ROW
    assert not tracked(broken)[-1][0].escalated


def test_a_routine_wish_for_a_person_counts_as_the_first() -> None:
    ask = fake_scores(signals=["supervisor_request"])
    steps = tracked([scored(0, Role.CUSTOMER, "转人工", ask), scored(1, Role.CUSTOMER, "转人工", ask)])
    assert [state.escalation_at for state, _ in steps] == [None, "m1"]


def test_spans_are_mapped_from_the_models_text_to_the_redacted_text() -> None:
    redacted = AlignedText.unchanged("call <PHONE> 骗骗骗子")
    model = AlignedText.from_edits(redacted.text, [(13, 17, "骗子")])
    message = scored(0, Role.CUSTOMER, "x").prepared.message
    scores = quoting(fake_scores(signals=["abuse"]), 13, 15)
    prepared = Prepared(message, redacted, model, Language.MIXED)
    state, result = track.step(initial("s", "c", "web"), ScoredMessage(prepared, scores), SmallHead())
    assert (result.signals[0].text, result.signals[0].start) == ("骗骗骗子", 13)
    assert state.evidence[0].text == "骗骗骗子"


def outlook(complaint: float, categories: list[float]) -> SmallHead:
    values = np.array(categories, np.float32)
    return SmallHead(Outlook(complaint, values, Stage.AFTER_SALE, Outcome.PENDING, 9.0))


@pytest.mark.parametrize(
    ("complaint", "categories", "expected"),
    [
        (0.9, [0.6, 0.1, 0.8], ["other", "refund_return"]),
        (0.5, [0.3, 0.4, 0.1], ["logistics"]),
        (0.49, [0.9, 0.9, 0.9], []),
    ],
)
def test_categories_need_a_complaint_and_a_complaint_has_one(complaint, categories, expected) -> None:
    state = tracked([scored(0, Role.CUSTOMER, "退货")])[-1][0]
    result = track.summarise(state, outlook(complaint, categories))
    assert [c.name for c in result.categories] == expected
    assert all(c.score >= 0.5 for c in result.categories)
    assert result.csat == 5


def test_a_conversation_without_messages_has_a_summary() -> None:
    result = track.summarise(initial("s", "c", "web"), outlook(0.1, [0, 0, 0]))
    assert (result.escalated, result.anger_peak, result.risk_peak) == (False, 0, 0)


def test_peaks_are_those_of_all_messages() -> None:
    scores = [fake_scores(anger=0.1, frustration=0.7), fake_scores(anger=0.45, frustration=0.2), fake_scores()]
    steps = tracked([scored(at, Role.CUSTOMER, "x", s) for at, s in enumerate(scores)])
    result = track.summarise(steps[-1][0], SmallHead())
    assert (result.anger_peak, result.frustration_peak) == (0.45, 0.7)
    assert result.risk_peak == max(r.risk for _, r in steps)


def test_scores_out_of_range_are_clamped() -> None:
    odd = replace(fake_scores(), anger=1.2, frustration=-0.3)
    result = tracked([scored(0, Role.CUSTOMER, "x", odd)])[0][1]
    assert (result.anger, result.frustration) == (1, 0)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import EscalationRule, SignalName
from pipeline.stages.events import escalation_rule

levels = st.sampled_from([0.0, 0.1, 0.2, 0.4, 0.5, 0.9])
signal_sets = st.frozensets(st.sampled_from(list(SignalName)), max_size=4)
E2 = {"regulator_threat", "legal_threat", "exposure_threat", "safety_risk"}


def rule(*signals: SignalName, anger: float = 0.0, frustration: float = 0.0, asked: bool = False, hot: bool = False):
    return escalation_rule(
        anger=anger, frustration=frustration, signals=set(signals), asked_before=asked, hot_before=hot
    )


def test_a_first_calm_wish_for_a_person_is_routine_and_a_second_is_not() -> None:
    assert rule(SignalName.SUPERVISOR_REQUEST) is None
    assert rule(SignalName.SUPERVISOR_REQUEST, asked=True) is EscalationRule.SUPERVISOR


@pytest.mark.parametrize("strain", [{"anger": 1 / 6}, {"frustration": 1 / 6}])
def test_a_strained_wish_for_a_person_is_an_event(strain: dict[str, float]) -> None:
    assert rule(SignalName.SUPERVISOR_REQUEST, **strain) is EscalationRule.SUPERVISOR


@pytest.mark.parametrize("signal", [SignalName(name) for name in sorted(E2)])
def test_outside_bodies_and_danger_are_events_even_when_calm(signal: SignalName) -> None:
    assert rule(signal) is EscalationRule.OUTSIDE_BODY


def test_anger_needs_two_messages_in_a_row() -> None:
    assert rule(anger=0.5) is None
    assert rule(anger=0.5, hot=True) is EscalationRule.ANGER_ROW
    assert rule(anger=0.49, hot=True) is None


def test_leaving_is_an_event_with_anger_only() -> None:
    assert rule(SignalName.CHURN_THREAT, anger=0.16) is None
    assert rule(SignalName.CHURN_THREAT, anger=0.17) is EscalationRule.CHURN


def test_the_first_rule_that_holds_names_the_event() -> None:
    everything = (SignalName.SUPERVISOR_REQUEST, SignalName.LEGAL_THREAT, SignalName.ABUSE, SignalName.CHURN_THREAT)
    assert rule(*everything, anger=0.9, hot=True) is EscalationRule.SUPERVISOR
    assert rule(*everything[1:], anger=0.9, hot=True) is EscalationRule.OUTSIDE_BODY
    assert rule(*everything[2:], anger=0.9, hot=True) is EscalationRule.ABUSE
    assert rule(*everything[3:], anger=0.9, hot=True) is EscalationRule.ANGER_ROW


@given(anger=levels, frustration=levels, signals=signal_sets, asked=st.booleans(), hot=st.booleans())
def test_events_are_those_of_the_codebook(anger, frustration, signals, asked, hot) -> None:
    """The rules once more, over whole levels as annotators give them."""
    names = {s.value for s in signals}
    level = [sum(score >= cut for cut in (1 / 6, 0.5, 5 / 6)) for score in (anger, frustration)]
    routine = "supervisor_request" in names and not asked and not level[0] and not level[1]
    holds = {
        "E1": "supervisor_request" in names and not routine,
        "E2": bool(names & E2),
        "E3": "abuse" in names,
        "E4": hot and level[0] >= 2,
        "E5": "churn_threat" in names and level[0] >= 1,
    }
    expected = next((name for name, on in holds.items() if on), None)
    found = rule(*signals, anger=anger, frustration=frustration, asked=asked, hot=hot)
    assert (found.value if found else None) == expected

"""What a case may expect, and when it holds."""

import pytest

from pipeline.records import EscalationRule, Language, MessageResult, Polarity, Role, Scored, Signal, SignalName
from training.behaviour.expect import Seen, follows, holds, is_direction, is_expectation, moved


def result(anger: float = 0.0, *, signals: tuple[str, ...] = (), acts: tuple[str, ...] = (), **scores: float):
    return MessageResult(
        "m1",
        Role.AGENT if acts else Role.CUSTOMER,
        Language.ZH,
        0.1,
        anger=anger,
        frustration=0.2,
        polarity=Polarity.NEGATIVE,
        signals=tuple(Signal(SignalName(name), 0.9) for name in signals),
        acts=tuple(Scored(name, 0.9) for name in acts),
        scores=scores,
    )


@pytest.mark.parametrize(
    ("item", "known"),
    [
        ("anger none", True),
        ("anger low|high", True),
        ("no signal abuse", True),
        ("act apology", True),
        ("event E4", True),
        ("no event", True),
        ("polarity positive|neutral", True),
        ("anger hot", False),
        ("signal rage", False),
        ("event E9", False),
        ("calm", False),
        ("", False),
    ],
)
def test_unknown_expectations_are_told_apart(item, known):
    assert is_expectation(item) is known


@pytest.mark.parametrize(
    ("item", "known"),
    [("raises anger", True), ("never raises abuse", True), ("lowers polarity", False), ("lifts anger", False)],
)
def test_unknown_directions_are_told_apart(item, known):
    assert is_direction(item) is known


@pytest.mark.parametrize(
    ("item", "seen", "expected"),
    [
        ("anger none", Seen(result(0.3)), True),
        ("anger none", Seen(result(0.34)), False),
        ("anger low|high", Seen(result(0.7)), True),
        ("anger some", Seen(result(0.2)), True),
        ("frustration high", Seen(result()), False),
        ("polarity negative", Seen(result()), True),
        ("signal abuse|sarcasm", Seen(result(signals=("abuse",))), True),
        ("no signal abuse", Seen(result(signals=("abuse",))), False),
        ("no signal abuse", Seen(result(signals=("thanks",))), True),
        ("act apology", Seen(result(acts=("apology",))), True),
        ("no act stall", Seen(result(acts=("stall",))), False),
        ("event E1", Seen(result(), EscalationRule.SUPERVISOR, escalated=True), True),
        ("event E2", Seen(result(), EscalationRule.SUPERVISOR, escalated=True), False),
        ("event E2", Seen(result(), None, escalated=True), False),
        ("no event", Seen(result()), True),
        ("no event", Seen(result(), None, escalated=True), False),
    ],
)
def test_an_expectation_holds_or_not(item, seen, expected):
    assert holds(item, seen) is expected


@pytest.mark.parametrize(
    ("item", "before", "after", "expected"),
    [
        ("raises anger", 0.2, 0.3, True),
        ("raises anger", 0.2, 0.22, False),
        ("raises anger", 0.95, 0.93, True),
        ("lowers anger", 0.6, 0.3, True),
        ("lowers anger", 0.1, 0.1, False),
        ("never raises anger", 0.2, 0.29, True),
        ("never raises anger", 0.2, 0.4, False),
    ],
)
def test_a_direction_is_followed_or_not(item, before, after, expected):
    assert follows(item, result(before), result(after)) is expected


def test_signals_are_compared_by_probability():
    before, after = result(abuse=0.2, thanks=0.5), result(abuse=0.9, thanks=0.55)
    assert follows("raises abuse", before, after)
    assert moved(("anger", "abuse", "thanks"), before, after) == ["abuse"]

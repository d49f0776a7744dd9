"""The risk rule against a budget, and what its alerts are worth."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from toy_run import Run

from pipeline.config import load_alert_policy
from pipeline.errors import InputError
from pipeline.records import Alert, Conversation, Language, NextStep, Role, Severity
from pipeline.run import build
from training.alerts import LEAST, Course, alerts_table, choose, course, lowest_threshold, measure_alerts, precision_at
from training.measures import Judged

RULE = "risk-rising"


def test_the_lowest_threshold_keeps_the_budget() -> None:
    peaks = [k / 100 for k in range(100)]
    for budget in (1, 3.5, 20):
        threshold = lowest_threshold(peaks, budget)
        assert sum(peak >= threshold for peak in peaks) == int(budget)
        assert sum(peak >= threshold - 0.0101 for peak in peaks) > budget
    assert lowest_threshold(peaks, 0.5) > max(peaks)
    assert lowest_threshold([1.0] * 10, 5) == 1.0
    assert lowest_threshold([0.5] * 10, 50) > 0.5  # as one they would break the budget


def courses(language: Language, calm: int, hot: int) -> list[Course]:
    quiet = [Course(language, False, (0.1, 0.2 + i / 100)) for i in range(calm)]
    return [*quiet, *(Course(language, True, (0.3, 0.9)) for _ in range(hot))]


def test_thresholds_are_chosen_by_language() -> None:
    found = choose([*courses(Language.ZH, 50, 7), *courses(Language.EN, LEAST - 1, 9)], 10)
    assert set(found) == {Language.ZH}
    chosen = found[Language.ZH]
    assert (chosen.calm, chosen.false_alarms, chosen.escalating, chosen.foreseen) == (50, 5, 7, 7)
    assert 0.64 < chosen.threshold < 0.65


@pytest.mark.parametrize("budget", [0, -1, 100, float("nan")])
def test_a_budget_out_of_range_is_refused(budget: float) -> None:
    with pytest.raises(InputError, match="alert budget"):
        choose(courses(Language.ZH, 50, 7), budget)


def test_too_few_calm_chats_are_refused() -> None:
    with pytest.raises(InputError, match="calm chats"):
        choose(courses(Language.ZH, LEAST - 1, 50), 5)


def test_a_course_ends_before_the_first_event(run: Run) -> None:
    pipeline = build(model=run.finished.folder, threads=1)
    for one in run.finished.judged[:6]:
        followed, said = course(pipeline, one.conversation), one.assessment
        event = one.labels.conversation.escalation_at
        ends = [i for i, r in enumerate(said.messages) if r.message_id in (event, said.conversation.escalation_at)]
        assert followed.risks == tuple(r.risk for r in said.messages[: min(ends, default=None)])
        assert followed.escalates == (event is not None)
        assert followed.language in (Language.ZH, Language.EN)


def warned(one: Judged, *places: int, rule: str = RULE) -> Judged:
    """The chat with alerts of a rule at these messages, and no others."""
    step = NextStep("s", "t")
    alerts = tuple(
        Alert(
            f"a{i}",
            one.conversation.messages[i].message_id,
            Severity.LOW,
            rule,
            0.9,
            (),
            step,
            datetime(2026, 1, 1, tzinfo=UTC),
        )
        for i in places
    )
    return replace(one, assessment=replace(one.assessment, alerts=alerts))


def event_at(chat: Conversation) -> int:
    """Place of the escalation event."""
    assert chat.labels is not None
    return [m.message_id for m in chat.messages].index(chat.labels.conversation.escalation_at or "")


def test_alarms_before_the_event_are_counted_and_those_after_are_not(run: Run) -> None:
    calm = next(j for j in run.finished.judged if not j.labels.conversation.escalated)
    hot = next(
        j
        for j in run.finished.judged
        if j.labels.conversation.escalated
        and event_at(j.conversation) > 1
        and j.conversation.messages[0].role is Role.CUSTOMER
    )
    at = event_at(hot.conversation)
    chats = [
        warned(calm, 0),
        warned(calm),
        warned(calm, 0, rule="silence"),
        warned(calm),
        warned(hot, 0),
        warned(hot, at),
    ]
    found = measure_alerts(chats, load_alert_policy(), draws=50)["all"]
    assert (found["calm"].value, found["escalating"].value) == (4, 2)
    assert found["false_alarms"].value == 25
    assert found["recall"].value == 0.5
    assert found["lead"].value == sum(m.role is Role.CUSTOMER for m in hot.conversation.messages[:at])
    assert found["precision@0.05"].value == pytest.approx(0.05 * 0.5 / (0.05 * 0.5 + 0.95 * 0.25))
    assert found["recall"].low <= 0.5 <= found["recall"].high
    assert found["precision@0.01"].value < found["precision@0.02"].value < found["precision@0.05"].value


def test_precision_falls_with_the_base_rate() -> None:
    said = precision_at(0.5, np.array([0.8, 0.0]), np.array([0.2, 0.0]))
    assert said[0] == pytest.approx(0.8)
    assert np.isnan(said[1])
    assert precision_at(0.01, np.array([0.8]), np.array([0.2]))[0] == pytest.approx(0.008 / 0.206)


def test_what_the_chats_do_not_tell_is_shown_as_missing(run: Run) -> None:
    calm = [warned(j) for j in run.finished.judged if not j.labels.conversation.escalated]
    table = alerts_table(measure_alerts(calm, load_alert_policy(), draws=20))
    rows = {row[0]: row[-1] for row in table.rows}
    assert rows["recall"] == rows["precision at a base rate of 2%"] == "–"
    assert rows["calm chats"] == str(len(calm))
    assert rows["false alarms per 100 calm chats"].startswith("0.0 (")

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.signals.moments import micros
from pipeline.signals.promises import Promises

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def promised(text: str) -> Promises:
    return Promises().stated(text, NOON, "m1", stalls=False)


@pytest.mark.parametrize("text", ["48小时内给您答复", "We will answer within 48 hours"])
def test_a_promise_is_overdue_from_its_deadline_on(text: str) -> None:
    promises = promised(text)
    due = micros(NOON + timedelta(hours=48))
    assert promises.overdue(due - 1) == ()
    assert [p.message_id for p in promises.overdue(due)] == ["m1"]


def test_coming_back_in_time_keeps_it() -> None:
    later = promised("48小时内给您答复").stated("已经为您办好了", NOON + timedelta(hours=20), "m2", stalls=False)
    assert (later.open, later.kept) == ((), 1)


def test_going_on_in_the_same_sitting_or_stalling_does_not_keep_it() -> None:
    promises = promised("48小时内给您答复")
    assert promises.stated("请问还有别的吗", NOON + timedelta(minutes=1), "m2", stalls=False).kept == 0
    assert promises.stated("请再耐心等等", NOON + timedelta(hours=20), "m2", stalls=True).kept == 0


def test_a_short_promise_is_kept_after_half_of_it() -> None:
    promises = promised("10分钟内回复您")
    assert promises.stated("查到了,已经发出", NOON + timedelta(minutes=6), "m2", stalls=False).kept == 1


def test_the_earliest_deadline_of_a_message_counts() -> None:
    promises = promised("今天18点前审核,审核后1-3个工作日到账")
    assert len(promises.open) == 1


def test_breaking_closes_it() -> None:
    promises = promised("48小时内给您答复")
    broken = promises.break_(promises.open[0])
    assert (broken.open, broken.broken, broken.made) == ((), 1, 1)


def test_only_the_last_four_stay_open() -> None:
    promises = Promises()
    for at in range(9):
        promises = promises.stated("3天内处理", NOON + timedelta(seconds=at), f"m{at}", stalls=False)
    assert [p.message_id for p in promises.open] == ["m5", "m6", "m7", "m8"]
    assert promises.made == 9

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.signals.due_dates import due_dates

FRIDAY = datetime(2026, 5, 1, 10, 30, tzinfo=timezone(timedelta(hours=8)))


def local(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=FRIDAY.tzinfo)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("我们会在48小时内给您答复", local(5, 3, 10, 30)),
        ("We will get back to you within 48 hours.", local(5, 3, 10, 30)),
        ("退款3-5个工作日到账", local(5, 8, 10, 30)),
        ("Refunds take 3 to 5 business days.", local(5, 8, 10, 30)),
        ("我們會在兩個工作日內處理", local(5, 5, 10, 30)),
        ("within two working days", local(5, 5, 10, 30)),
        ("今天下午5点前给您回电", local(5, 1, 17)),
        ("We'll call you by 5pm today", local(5, 1, 17)),
        ("下午5点半之前给您结果", local(5, 1, 17, 30)),
        ("You can expect a call by 9:30 a.m.", local(5, 2, 9, 30)),
        ("明天给您处理结果", local(5, 2, 23, 59, 59)),
        ("I'll call you back tomorrow morning", local(5, 2, 23, 59, 59)),
        ("最晚下周一给您答复", local(5, 4, 23, 59, 59)),
        ("You will have it by Monday.", local(5, 4, 23, 59, 59)),
        ("10分钟内回复您", local(5, 1, 10, 40)),
        ("It'll be fixed in 10 minutes", local(5, 1, 10, 40)),
        ("半小时内会有师傅联系您", local(5, 1, 11)),
        ("二十四小时之内处理", local(5, 2, 10, 30)),
        ("within an hour", local(5, 1, 11, 30)),
        ("月底前到账", local(5, 31, 23, 59, 59)),
        ("聽日覆你", local(5, 2, 23, 59, 59)),
    ],
)
def test_a_stated_deadline_is_found(text: str, due: datetime) -> None:
    assert due_dates(text, FRIDAY) == [due]


@pytest.mark.parametrize(
    "text",
    [
        "请您在7天内寄回",
        "You must return it within 30 days",
        "签收后7天内可以退",
        "Returns are free within 30 days of delivery",
        "您等了3天了吗?",
        "Can you wait 2 days?",
        "这个订单3天前已经发货了",
        "It was delivered in 2 days",
        "我们无法在24小时内退款",
        "I can't promise anything within 24 hours",
        "24小时内没有收到的话再联系我",
        "好的,请稍等",
        "Please hold on a moment",
        "周末不上班",
        "our hours are 9 to 5",
        "",
    ],
)
def test_a_time_that_does_not_bind_the_firm_is_no_promise(text: str) -> None:
    assert due_dates(text, FRIDAY) == []


@pytest.mark.parametrize("text", ["1个工作日内处理", "within one working day"])
def test_working_days_skip_the_weekend(text: str) -> None:
    assert due_dates(text, FRIDAY) == [local(5, 4, 10, 30)]
    saturday = FRIDAY + timedelta(days=1)
    assert due_dates(text, saturday) == [local(5, 4, 10, 30)]


@given(text=st.text(), at=st.datetimes(timezones=st.just(UTC)))
def test_any_text_gives_only_times_to_come(text: str, at: datetime) -> None:
    assert all(due > at for due in due_dates(text, at))


@given(
    number=st.integers(0, 999),
    unit=st.sampled_from(["分钟内", "小时内", "天内", "个工作日内", "月内", " hours", " business days", " weeks"]),
    at=st.datetimes(timezones=st.just(UTC)),
)
def test_no_number_leaves_the_calendar(number: int, unit: str, at: datetime) -> None:
    assert all(due > at for due in due_dates(f"within {number}{unit}", at))

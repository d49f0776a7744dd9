from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pipeline.signals.moments import micros, moment, offset_seconds, seconds_between

BEIJING = timezone(timedelta(hours=8))
moments = st.datetimes(
    timezones=st.sampled_from([UTC, BEIJING, ZoneInfo("America/New_York"), timezone(timedelta(hours=-11))])
)


@given(at=moments)
def test_a_time_comes_back_as_the_same_instant(at: datetime) -> None:
    back = moment(micros(at), offset_seconds(at))
    assert back - at.astimezone(UTC) == timedelta(0) or at.year in {1, 9999}


def test_seconds_count_through_a_change_of_clocks() -> None:
    zone = ZoneInfo("America/New_York")
    before, after = datetime(2026, 3, 8, 1, 30, tzinfo=zone), datetime(2026, 3, 8, 3, 30, tzinfo=zone)
    assert seconds_between(micros(before), micros(after)) == 3600


def test_a_clock_that_ran_backwards_gives_zero() -> None:
    assert seconds_between(5_000_000, 1_000_000) == 0


@given(at=st.integers(-(10**20), 10**20), offset=st.integers(-86_000, 86_000))
def test_times_beyond_the_calendar_are_its_ends(at: int, offset: int) -> None:
    assert moment(at, offset).tzinfo is not None

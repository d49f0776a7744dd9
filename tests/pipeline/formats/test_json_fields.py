from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.json_fields import as_flag, as_object, as_text, as_time, get, objects, placeholder

MOMENT = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "value",
    [
        1777600800,
        1777600800.0,
        1777600800000,
        1777600800000000,
        "1777600800",
        "1777600800000",
        "2026-05-01T02:00:00Z",
        "2026-05-01T10:00:00+08:00",
        "2026-05-01T02:00:00.000Z",
        "2026-05-01 02:00:00 UTC",
        "2026-05-01 10:00:00 +0800",
        "Fri, 01 May 2026 10:00:00 +0800",
    ],
)
def test_every_way_of_writing_a_moment_gives_that_moment(value):
    assert as_time(value) == MOMENT


def test_a_time_without_offset_takes_the_zone_given():
    east = timezone(timedelta(hours=8))
    assert as_time("2026-05-01T10:00:00", east) == MOMENT
    assert as_time("2026-05-01T02:00:00") == MOMENT


@pytest.mark.parametrize(
    "value", [None, "", "soon", 0, -5, True, float("nan"), float("inf"), 10**400, "9" * 30, [], {}]
)
def test_what_is_no_time_gives_none(value):
    assert as_time(value) is None


@given(JSON)
def test_any_value_reads_without_an_error(value):
    as_text(value), as_flag(value), as_object(value), objects(value), get(value, "a", "b"), placeholder(value)
    moment = as_time(value)
    assert moment is None or moment.tzinfo is not None


def test_lone_surrogates_are_replaced():
    assert as_text("好\ud83d的") == "好\ufffd的"


@pytest.mark.parametrize(
    ("kind", "mark"),
    [("image/png", "[image]"), ("audio", "[audio]"), ("application/pdf", "[document]"), (None, "[document]")],
)
def test_attachments_have_canonical_marks(kind, mark):
    assert placeholder(kind) == mark

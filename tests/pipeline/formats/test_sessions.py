from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.sessions import split_sessions
from pipeline.records import Message, Role

START = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)


def messages(minutes):
    return [Message(str(n), START + timedelta(minutes=m), Role.CUSTOMER, "李", "好") for n, m in enumerate(minutes)]


def test_silence_of_the_gap_begins_a_new_conversation():
    runs = list(split_sessions(messages([0, 59, 119, 120]), timedelta(hours=1)))
    assert [[m.message_id for m in run] for run in runs] == [["0", "1"], ["2", "3"]]


def test_nothing_gives_nothing():
    assert list(split_sessions([], timedelta(hours=1))) == []


@given(st.lists(st.integers(0, 10_000), max_size=30), st.integers(1, 3000))
def test_runs_joined_are_the_input(minutes, gap):
    source = messages(sorted(minutes))
    runs = list(split_sessions(source, timedelta(minutes=gap)))
    assert [m for run in runs for m in run] == source
    for earlier, later in pairwise(runs):
        assert later[0].sent_at - earlier[-1].sent_at >= timedelta(minutes=gap)

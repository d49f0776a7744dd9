from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BoiloverError
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.jsonl import Jsonl, write_jsonl
from pipeline.records import Conversation, Message, Role
from pipeline.serialise import in_time_order

any_text = st.text(st.characters(codec=None), max_size=12)
times = st.builds(
    lambda moment, minutes: moment.replace(tzinfo=timezone(timedelta(minutes=minutes))),
    st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1)),  # noqa: DTZ001 - the zone is drawn
    st.integers(-12 * 60, 14 * 60),
)
messages = st.builds(
    Message, any_text, times, st.sampled_from(Role), any_text, any_text, st.none() | st.integers(-9, 2**62)
)
conversations = st.builds(
    Conversation,
    any_text,
    st.lists(messages, min_size=1, max_size=4, unique_by=lambda m: m.message_id).map(in_time_order),
    channel=st.sampled_from(["web", "whatsapp", "unknown"]),
    locale=st.sampled_from(["", "zh-CN", "en"]),
    source=st.sampled_from(["default", "shop-a"]),
    team=st.none() | any_text.filter(bool),
    customer_id=st.none() | any_text.filter(bool),
)


def read(
    tmp_path: Path, content: str | bytes, name: str = "in.jsonl", **options: Any
) -> tuple[list[Conversation], ReadReport]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = ReadReport(str(path))
    return list(Jsonl().read(path, ReadOptions(**options), report)), report


def message(number: int = 1, **other: Any) -> dict[str, Any]:
    base = {"id": f"m{number}", "ts": f"2026-05-01T10:00:0{number}+08:00", "role": "customer", "text": f"第{number}句"}
    return {**base, **other}


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@settings(max_examples=40, deadline=None)
@given(st.lists(conversations, max_size=4))
def test_what_is_written_is_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory, written: list[Conversation]
) -> None:
    handle = io.StringIO()
    assert write_jsonl(written, handle) == len(written)
    found, report = read(tmp_path_factory.mktemp("jsonl"), handle.getvalue())
    assert found == written
    assert not report.skipped


def test_a_bad_line_is_counted_with_its_number_and_the_rest_is_read(tmp_path: Path) -> None:
    good = {"conversation_id": "c1", "messages": [message()]}
    found, report = read(tmp_path, lines(good) + "{broken\n\n" + lines({**good, "conversation_id": "c2"}))
    assert [c.conversation_id for c in found] == ["c1", "c2"]
    assert [error.line for error in report.errors] == [2]


def test_a_bad_message_is_skipped_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    rows = [message(1), {"id": "m2"}, message(3), message(3, text="again")]
    found, report = read(tmp_path, lines({"conversation_id": "c1", "messages": rows}))
    assert [m.message_id for m in found[0].messages] == ["m1", "m3"]
    assert sum(report.skipped.values()) == 2


def test_bad_labels_cost_the_labels_not_the_conversation(tmp_path: Path) -> None:
    found, report = read(tmp_path, lines({"conversation_id": "c1", "messages": [message()], "labels": {}}))
    assert found[0].labels is None
    assert sum(report.skipped.values()) == 1


@pytest.mark.parametrize(
    "line",
    [
        '{"conversation_id":"x","messages":[NaN]}',
        '{"conversation_id":"x","messages":[{"id":"1","ts":"2026-05-01T10:00:00Z","role":"agent","text":"a","seq":1e999}]}',
        '{"conversation_id":"x","messages":[{"id":"1","ts":"2026-05-01T10:00:00Z","role":"agent","text":"a","seq":'
        + "9" * 30
        + "}]}",
        "9" * 6000,
        "[" * 100_000,
        '{"conversation_id":"x","messages":[{"id":"1","ts":"0001-01-01T00:00:00+14:00","role":"agent","text":"a"}]}',
        '{"conversation_id":7,"messages":[]}',
        '{"conversation_id":"x","message":[]}',
        '{"conversation_id":"x","message":{"id":"1"},"op":["add"]}',
        '{"conversation_id":"x","messages":null}',
        '"\\ud800"',
        "null",
    ],
)
def test_hostile_lines_are_counted(tmp_path: Path, line: str) -> None:
    found, report = read(tmp_path, lines({"conversation_id": "ok", "messages": [message()]}) + line + "\n")
    assert [c.conversation_id for c in found] == ["ok"]
    assert sum(report.skipped.values()) >= 1


def test_lone_surrogates_and_nul_in_texts_are_read(tmp_path: Path) -> None:
    found, _ = read(tmp_path, lines({"conversation_id": "c", "messages": [message(text="\ud800\0怒")]}))
    assert found[0].messages[0].text == "\ud800\0怒"


def test_unknown_fields_and_repeated_ids_are_noted(tmp_path: Path) -> None:
    row = {"conversation_id": "c1", "mood": 1, "messages": [message(colour="red")]}
    _, report = read(tmp_path, lines(row, row))
    assert any("mood (2)" in note and "colour (2)" in note for note in report.notes)
    assert any("more than once: c1" in note for note in report.notes)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("array", [True, False])
def test_a_json_document_is_read(tmp_path: Path, indent: int | None, array: bool) -> None:
    row = {"conversation_id": "c1", "messages": [message()]}
    found, report = read(tmp_path, json.dumps([row] if array else row, indent=indent, ensure_ascii=False), "one.json")
    assert [c.conversation_id for c in found] == ["c1"]
    assert not report.skipped


def wire(number: int, conversation: str = "w1", **other: Any) -> dict[str, Any]:
    return {"conversation_id": conversation, "channel": "web", "message": message(number), **other}


def test_wire_rows_are_grouped_by_source_and_conversation(tmp_path: Path) -> None:
    rows = [wire(2), wire(1, "w2", team="cn-east"), wire(1), wire(1, source="shop-a")]
    found, report = read(tmp_path, lines(*rows))
    assert [(c.source, c.conversation_id, len(c.messages)) for c in found] == [
        ("default", "w1", 2), ("default", "w2", 1), ("shop-a", "w1", 1),
    ]  # fmt: skip
    assert [m.message_id for m in found[0].messages] == ["m1", "m2"]
    assert found[1].team == "cn-east"
    assert not report.skipped


def test_cloud_events_are_opened(tmp_path: Path) -> None:
    event = {"specversion": "1.0", "id": "e", "source": "/x", "type": "boilover.message.v1", "data": wire(1)}
    found, _ = read(tmp_path, lines(event))
    assert [c.conversation_id for c in found] == ["w1"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_latest_change_wins_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    rows = [
        wire(1),
        {"conversation_id": "w1", "op": "edit", "at": "2026-05-01T10:01:00Z", "message": {"id": "m1", "text": "改一"}},
        {
            "conversation_id": "w1",
            "op": "edit",
            "at": "2026-05-01T18:02:00+08:00",
            "message": {"id": "m1", "text": "改二"},
        },
    ]
    found, _ = read(tmp_path, lines(*(rows[at] for at in order)))
    assert [m.text for m in found[0].messages] == ["改二"]


def test_deleted_messages_are_gone_and_changes_without_a_message_are_counted(tmp_path: Path) -> None:
    gone = {"op": "delete", "at": "2026-05-01T10:01:00Z", "message": {"id": "m1"}}
    found, report = read(
        tmp_path, lines(wire(1), wire(2), {"conversation_id": "w1", **gone}, {"conversation_id": "w9", **gone})
    )
    assert [[m.message_id for m in c.messages] for c in found] == [["m2"]]
    assert report.skipped == {"the message of a deletion is not there": 1}


def test_the_same_id_with_other_content_keeps_the_first(tmp_path: Path) -> None:
    found, report = read(tmp_path, lines(wire(1), {**wire(1), "message": message(1, text="other")}, wire(1)))
    assert [m.text for m in found[0].messages] == ["第1句"]
    assert sum(report.skipped.values()) == 1


def test_temporary_files_are_removed_when_reading_stops_early(tmp_path: Path) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    path = tmp_path / "in.jsonl"
    path.write_text(lines(*(wire(1, f"w{at}") for at in range(20))), "utf-8")
    reading = Jsonl().read(path, ReadOptions(spill_directory=spill), ReadReport(str(path)))
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert list(spill.iterdir()) == []


def test_a_line_over_the_limit_is_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    huge = lines({"conversation_id": "big", "messages": [message(text="x" * (10 << 20))]})
    found, report = read(tmp_path, huge + lines({"conversation_id": "c1", "messages": [message()]}))
    assert [c.conversation_id for c in found] == ["c1"]
    assert sum(report.skipped.values()) == 1


def head(text: str, name: str) -> Head:
    return Head(name, text.encode(), text)


@pytest.mark.parametrize(
    ("text", "name", "least", "most"),
    [
        (lines({"conversation_id": "a", "messages": [message()]}), "a.jsonl", 0.9, 1.0),
        (lines(wire(1)), "a.log", 0.9, 1.0),
        ('{"id": 5, "messages": [{"content": "hi", "conversation_id": 5}]}', "chat.json", 0.0, 0.0),
        ("客服：您好", "a.txt", 0.0, 0.0),
    ],
)
def test_sniffing(text: str, name: str, least: float, most: float) -> None:
    assert least <= Jsonl().sniff(head(text, name)) <= most


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400) | st.text(alphabet='{}[]":,conversation_idmessages0eE\n').map(lambda t: t.encode()))
def test_any_bytes_end_in_a_clear_error_or_a_count(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    try:
        read(tmp_path_factory.mktemp("any"), data)
    except BoiloverError as error:
        named = error.path
    else:
        named = ""
    assert named is not None


def test_is_registered_and_its_example_is_its_own(tmp_path: Path) -> None:
    entry = FORMATS.get("jsonl")
    found, _ = read(tmp_path, entry.example)
    assert found[0].messages[0].sent_at.astimezone(UTC).hour == 2

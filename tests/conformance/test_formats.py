"""What every registered format promises, tried on all of them alike."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import BoiloverError
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.read import read_head, read_path, sniff
from pipeline.records import Conversation, Role

NAMES = FORMATS.names()
BINARY = ("xlsx", "parquet")
"""Formats whose example is the table as text: the file itself cannot be shown."""
TEXTUAL = [name for name in NAMES if name not in BINARY]

every_format = pytest.mark.parametrize("name", NAMES)
fuzzed = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def read(path, name: str) -> tuple[list[Conversation], ReadReport]:
    report = ReadReport(str(path))
    return list(
        read_path(path, format_name=name, options=ReadOptions(spill_directory=path.parent), report=report)
    ), report


def attempt(path, name: str) -> None:
    """Reads or refuses the input; anything but a ``BoiloverError`` fails the test. What is read is well formed."""
    try:
        conversations, report = read(path, name)
    except BoiloverError:
        return
    assert report.messages == sum(len(c.messages) for c in conversations)
    for conversation in conversations:
        assert all(m.sent_at.utcoffset() is not None for m in conversation.messages)
        assert len({m.message_id for m in conversation.messages}) == len(conversation.messages)


@pytest.fixture
def example(tmp_path):
    """Writes a format's example as the file that it stands for."""

    def write(name: str):
        path = tmp_path / f"example-{name}"
        if name in BINARY:
            _write_table(path, name, FORMATS.get(name).example)
        else:
            path.write_bytes(FORMATS.get(name).example.encode())
        return path

    return write


def _write_table(path, name: str, example: str) -> None:
    header, *rows = (line.split(",") for line in example.splitlines())
    if name == "xlsx":
        from openpyxl import Workbook

        book = Workbook()
        for row in (header, *rows):
            book.active.append(row)
        book.save(path)
    else:
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.table(dict(zip(header, zip(*rows, strict=True), strict=True))), path)


@every_format
def test_it_says_what_it_is(name):
    entry = FORMATS.get(name)
    assert entry.name == name
    assert entry.title
    assert "\n" not in entry.title
    assert len(entry.example.splitlines()) >= 2 or len(entry.example) > 40


@every_format
def test_its_example_is_recognised_and_read_back(example, name):
    path = example(name)
    assert sniff(path).name == name
    conversations, report = read(path, "auto")
    assert conversations
    assert not report.skipped
    assert {Role.CUSTOMER, Role.AGENT} & {m.role for c in conversations for m in c.messages}
    assert all(m.text for c in conversations for m in c.messages if m.role is Role.CUSTOMER)


@every_format
def test_reading_twice_gives_the_same(example, name):
    path = example(name)
    assert read(path, name)[0] == read(path, name)[0]


@every_format
def test_messages_are_in_time_order_with_aware_times(example, name):
    for conversation in read(example(name), name)[0]:
        times = [m.sent_at for m in conversation.messages]
        assert all(isinstance(at, datetime) and at.utcoffset() is not None for at in times)
        assert times == sorted(times)


@every_format
def test_a_small_gap_cuts_no_message_away(example, name):
    path = example(name)
    whole, _ = read(path, name)
    options = ReadOptions(session_gap=timedelta(microseconds=1), spill_directory=path.parent)
    parts = list(read_path(path, format_name=name, options=options, report=ReadReport("")))
    assert sum(len(c.messages) for c in parts) == sum(len(c.messages) for c in whole)


@every_format
def test_an_example_cut_anywhere_is_read_in_part_or_refused(example, name):
    path = example(name)
    data = path.read_bytes()
    for cut in {len(data) * tenth // 10 for tenth in range(1, 10)} | {len(data) - 1}:
        path.write_bytes(data[:cut])
        attempt(path, name)
        attempt(path, "auto")


@every_format
@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\x00", b"\x00" * 5000, b"\xff\xfe", b"\xef\xbb\xbf", b"PK\x03\x04", b"{", b"[]", b"null"]
)
def test_empty_and_binary_files_are_no_crash(tmp_path, name, data):
    path = tmp_path / "damaged"
    path.write_bytes(data)
    attempt(path, name)


@every_format
@fuzzed
@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_raise_only_errors_of_ours(tmp_path, name, data):
    path = tmp_path / "bytes"
    path.write_bytes(data)
    attempt(path, name)


@every_format
@fuzzed
@given(st.data())
def test_a_damaged_example_raises_only_errors_of_ours(example, name, data):
    path = example(name)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 8))] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b"\x00", b'"', b"\n", b"9" * 40, b"null"])
        )
    path.write_bytes(bytes(content))
    attempt(path, name)


@pytest.mark.parametrize("name", TEXTUAL)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_example_in_another_encoding_says_the_same(example, name, encoding):
    path = example(name)
    expected = [[m.text for m in c.messages] for c in read(path, name)[0]]
    path.write_bytes(FORMATS.get(name).example.encode(encoding))
    assert [[m.text for m in c.messages] for c in read(path, name)[0]] == expected


@every_format
@fuzzed
@given(data=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_sniffing_never_raises_and_is_a_share(tmp_path, name, data):
    path = tmp_path / "sniffed"
    path.write_bytes(data)
    assert 0 <= FORMATS.get(name).sniff(read_head(path)) <= 1
    assert 0 <= FORMATS.get(name).sniff(Head(name="x", data=data, text=None)) <= 1

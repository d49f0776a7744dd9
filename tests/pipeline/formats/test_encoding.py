import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.formats.encoding import MAX_LINE, decode_head, detect_encoding, open_lines, read_text
from pipeline.formats.format import ReadOptions, ReadReport

ZH = "您好，我的订单怎么还没发货？等了三天了"
HANT = "您好，我的訂單怎麼還沒到？我要退款"
YUE = "你哋幾時先肯退錢畀我呀，我等咗好耐喇"
EN = "Where is my order? I have been waiting for a week."


def read(tmp_path, data, **options):
    path = tmp_path / "chat.txt"
    path.write_bytes(data)
    report = ReadReport(str(path))
    return list(open_lines(path, ReadOptions(**options), report)), report


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ZH, "utf-8"), (ZH, "utf-8-sig"), (ZH, "utf-16"), (ZH + "\n1", "utf-16-le"), (ZH + "\n1", "utf-16-be"), (ZH, "gb18030"),
        (HANT, "utf-8"), (HANT, "big5"), (HANT, "gb18030"), (HANT + "\n", "utf-16-le"),
        (EN, "utf-8"), (EN, "utf-16"), (EN, "utf-16-le"), (EN, "utf-16-be"),
        ("你好", "gb18030"), ("你好", "big5"), ("退款", "gb18030"), ("投诉你们", "gb18030"), ("我要投訴", "big5"),
    ],
)  # fmt: skip
def test_encoding_is_found_and_text_comes_back(tmp_path, text, encoding):
    lines, report = read(tmp_path, text.encode(encoding))
    assert "\n".join(lines) == text.rstrip("\n")
    assert report.encoding == encoding
    assert decode_head(text.encode(encoding)) == text


def test_cantonese_in_big5_hkscs_is_read(tmp_path):
    lines, report = read(tmp_path, YUE.encode("big5hkscs"))
    assert lines == [YUE]
    assert report.encoding == "big5hkscs"
    assert any("big5hkscs" in note for note in report.notes)


@pytest.mark.parametrize(
    "text", ["It’s a café, naïve résumé – 20 £", "Grüße aus München, größer", "¡Señor! ¿Qué pasó?"]
)
def test_western_text_is_not_taken_for_chinese(text):
    assert detect_encoding((text + " and some more plain words. " * 3).encode("cp1252")) == "cp1252"


def test_one_damaged_byte_does_not_change_the_encoding(tmp_path):
    data = bytearray((ZH * 20).encode())
    data[31] = 0xFF
    lines, report = read(tmp_path, bytes(data))
    assert report.encoding == "utf-8"
    assert "�" in lines[0]
    assert any("could not be decoded" in note for note in report.notes)


def test_chinese_that_begins_late_in_an_english_file_is_found(tmp_path):
    lines, report = read(tmp_path, (EN + "\n").encode() * 4000 + ZH.encode("gb18030"))
    assert report.encoding == "gb18030"
    assert lines[-1] == ZH


@pytest.mark.parametrize(
    "data",
    [b"PK\x03\x04rest", b"PAR1", b"%PDF-1.7", b"\x89PNG\r\n", bytes(range(256)) * 4, b"\0" * 64, b"a\0\0\0b\0\1\2"],
)
def test_binary_is_refused(tmp_path, data):
    assert detect_encoding(data) is None
    assert decode_head(data) is None
    with pytest.raises(InputError, match="binary"):
        read(tmp_path, data)


@pytest.mark.parametrize("text", [ZH, EN])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_head_drops_an_incomplete_last_character(text, encoding):
    data = text.encode(encoding)
    for cut in range(len(data) - 3, len(data) + 1):
        assert text.startswith(decode_head(data[:cut]))


def test_only_newlines_end_lines(tmp_path):
    text = "a\u2028b\x0bc\x85d\x0ce\rf"
    lines, _ = read(tmp_path, f"{text}\r\nzweite\n\nlast".encode())
    assert lines == [text, "zweite", "", "last"]


def test_a_line_without_end_is_skipped_and_counted(tmp_path):
    lines, report = read(tmp_path, b"one\n" + b"x" * (10 * MAX_LINE) + b"\ntwo\n" + b"y" * (MAX_LINE + 1))
    assert lines == ["one", "two"]
    assert report.skipped == {"a line is longer than 1 MiB": 2}


@pytest.mark.parametrize("name", ["no-such", "base64", "\0", "undefined"])
def test_unknown_encoding_names_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="unknown encoding"):
        read(tmp_path, EN.encode(), encoding=name)


def test_named_encoding_is_used_with_its_superset(tmp_path):
    assert read(tmp_path, "镕喆".encode("gb18030"), encoding="gb2312")[0] == ["镕喆"]


def test_read_text_has_a_limit(tmp_path):
    path = tmp_path / "big.json"
    path.write_text("x" * 2048)
    assert len(read_text(path, ReadOptions(), ReadReport(""))) == 2048
    with pytest.raises(InputError, match="larger"):
        read_text(path, ReadOptions(), ReadReport(""), limit=1024)


@given(st.binary(max_size=400))
def test_no_bytes_crash_detection(data):
    text = decode_head(data)
    assert (text is None) == (detect_encoding(data) is None)

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import BoiloverError, InputError, UnknownFormat
from pipeline.formats.format import FORMATS, ReadOptions, ReadReport
from pipeline.formats.read import discover, read_path, sniff

CHAT = "2026/5/1 14:56 - 王: 到哪了？\n2026/5/1 14:57 - 客服: 您好\n"


def write(tmp_path, data, name="chat.txt"):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_a_file_is_recognised_read_and_counted(tmp_path, encoding):
    path = write(tmp_path, CHAT.encode(encoding))
    report = ReadReport(str(path))
    conversations = list(read_path(path, options=ReadOptions(), report=report))
    assert [m.text for m in conversations[0].messages] == ["到哪了？", "您好"]
    assert (report.format_name, report.encoding, report.messages, report.conversations) == ("whatsapp", encoding, 2, 1)


@pytest.mark.parametrize("names", [("顾客", "客服"), ("Customer", "Agent")])
def test_role_words_as_names_stay_a_whatsapp_export(tmp_path, names):
    path = write(tmp_path, f"14/05/2026, 14:56 - {names[0]}: <Media omitted>\n14/05/2026, 14:57 - {names[1]}: ok")
    (conversation,) = read_path(path, options=ReadOptions(), report=(report := ReadReport("")))
    assert report.format_name == "whatsapp"
    assert [m.role.value for m in conversation.messages] == ["customer", "agent"]
    assert not any("inferred" in note for note in report.notes)


@pytest.mark.parametrize("data", ["dear diary, nothing happened", b"\x00\x01\x02\x03" * 50])
def test_an_unknown_format_lists_the_known_ones(tmp_path, data):
    with pytest.raises(UnknownFormat) as caught:
        sniff(write(tmp_path, data, "x.dat"))
    assert "whatsapp" in str(caught.value)
    assert "--format" in str(caught.value)


def test_a_wrong_name_is_an_unknown_format(tmp_path):
    path = write(tmp_path, CHAT)
    with pytest.raises(UnknownFormat, match='did you mean "whatsapp"'):
        list(read_path(path, format_name="whatsap", options=ReadOptions(), report=ReadReport("")))


def test_an_empty_file_is_a_counted_skip(tmp_path):
    report = ReadReport("")
    assert list(read_path(write(tmp_path, ""), options=ReadOptions(), report=report)) == []
    assert report.skipped == {"the file is empty": 1}


def test_discover_takes_files_folders_and_patterns_once_and_sorted(tmp_path):
    a, b, c = (write(tmp_path, CHAT, name) for name in ("b/a.txt", "b/deep/b.txt", "c.csv"))
    write(tmp_path, CHAT, "b/.hidden")
    write(tmp_path, CHAT, "b/__MACOSX/._a.txt")
    assert discover([str(c), str(tmp_path / "b"), str(tmp_path / "**" / "*.txt")]) == [c, a, b]


def test_discover_leaves_media_of_an_export_folder_out_and_counts_them(tmp_path):
    chat = write(tmp_path, CHAT, "_chat.txt")
    write(tmp_path, b"x", "00000035-PHOTO.JPG")
    write(tmp_path, "# notes", "README.md")
    left_out = Counter()
    assert discover([str(tmp_path)], left_out=left_out) == [chat]
    assert left_out == {".jpg": 1, ".md": 1}
    assert discover([str(tmp_path / "README.md")]) == [tmp_path / "README.md"]


@pytest.mark.parametrize("name", ["missing.txt", "none/*.txt", "empty"])
def test_discover_refuses_what_is_not_there(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        discover([str(tmp_path / name)])


@pytest.mark.parametrize("name", FORMATS.names())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_crash_any_format(tmp_path_factory, name, data):
    path = write(tmp_path_factory.mktemp("any"), data, "any.bin")
    try:
        list(read_path(path, format_name=name, options=ReadOptions(), report=ReadReport(str(path))))
    except BoiloverError as error:
        assert str(error)  # noqa: PT017 (some bytes read fine)


BINARY = {"parquet", "xlsx"}  # their examples show the sheet, not the bytes


@pytest.mark.parametrize("name", [name for name in FORMATS.names() if name not in BINARY])
def test_the_example_of_each_format_is_its_own(tmp_path, name):
    assert sniff(write(tmp_path, FORMATS.get(name).example, "example.txt")).name == name

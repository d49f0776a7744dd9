import io
import zipfile

import pytest

from pipeline.errors import BoiloverError, InputError
from pipeline.formats import whatsapp_zip
from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.formats.whatsapp import WhatsAppFormat

CHAT = "2026/5/1 14:56 - 王: 到哪了？\n2026/5/1 14:57 - 客服: 您好\n"


def packed(tmp_path, members):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    report = ReadReport(str(path))
    return path, report


def texts(path, report):
    return [m.text for c in WhatsAppFormat().read(path, ReadOptions(), report) for m in c.messages]


@pytest.mark.parametrize(
    "name",
    [
        "_chat.txt",
        "WhatsApp Chat with 王先生.txt",
        "与王先生的 WhatsApp 聊天.txt",
        "export/_chat.txt",
        "../../etc/_chat.txt",
    ],
)
def test_the_chat_is_found_beside_media(tmp_path, name):
    path, report = packed(
        tmp_path,
        [
            ("IMG-20260501-WA0001.jpg", b"\xff\xd8\xff"),
            ("notes.txt", "milk, bread"),
            (name, CHAT),
            ("__MACOSX/._chat.txt", CHAT),
        ],
    )
    assert texts(path, report) == ["到哪了？", "您好"]
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["export.zip"]


def test_several_chats_are_read_with_different_ids(tmp_path):
    path, report = packed(tmp_path, [("a/_chat.txt", CHAT), ("b/_chat.txt", CHAT), ("c.zip", b"PK")])
    conversations = list(WhatsAppFormat().read(path, ReadOptions(), report))
    assert len({c.conversation_id for c in conversations}) == 2
    assert report.skipped == {"an archive inside the archive was not read": 1}


def test_an_archive_without_chat_is_refused(tmp_path):
    path, report = packed(tmp_path, [("a.txt", "hello"), ("b.jpg", b"\xff\xd8")])
    with pytest.raises(InputError, match="no WhatsApp chat"):
        texts(path, report)


def test_an_empty_chat_is_a_counted_skip(tmp_path):
    path, report = packed(tmp_path, [("_chat.txt", b"")])
    assert texts(path, report) == []
    assert report.skipped == {"the file is empty": 1}


def test_a_bomb_is_refused(tmp_path):
    path, report = packed(tmp_path, [("_chat.txt", CHAT + "啊" * (8 << 20))])
    with pytest.raises(InputError, match="beyond all measure"):
        texts(path, report)


def test_size_is_limited_whatever_the_header_says(tmp_path, monkeypatch):
    monkeypatch.setattr(whatsapp_zip, "MAX_BYTES", 100)
    path, report = packed(tmp_path, [("_chat.txt", CHAT * 10)])
    with pytest.raises(InputError, match="beyond all measure"):
        texts(path, report)


def test_encrypted_archives_are_refused(tmp_path):
    path, report = packed(tmp_path, [("_chat.txt", CHAT)])
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="encrypted"):
        texts(path, report)


def test_damage_anywhere_is_a_clear_error_or_read(tmp_path):
    path, _ = packed(tmp_path, [("_chat.txt", CHAT * 50)])
    whole = path.read_bytes()
    for place in range(4, len(whole), 3):
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :]):
            path.write_bytes(data)
            try:
                texts(path, ReadReport(str(path)))
            except BoiloverError as error:
                assert error.fix  # noqa: PT017 (some damage goes unnoticed)


def test_damage_inside_is_reported_without_the_chat(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("_chat.txt", CHAT)
    path = tmp_path / "export.zip"
    path.write_bytes(buffer.getvalue().replace("您好".encode(), "坏坏".encode()))
    with pytest.raises(InputError, match="damaged") as caught:
        texts(path, ReadReport(str(path)))
    assert "坏" not in str(caught.value)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(whatsapp_zip, "RATIO_FROM", 1 << 16)
    opened = []
    path, report = packed(tmp_path, [("_chat.txt", CHAT + "2026/5/1 14:58 - 王: 在\n" * 100_000)])
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_args, **_options: opened.append(1))
    with pytest.raises(InputError, match="beyond all measure"):
        texts(path, report)
    assert not opened

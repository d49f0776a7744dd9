import os
import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BoiloverError, InputError
from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.formats.whatsapp import WhatsAppFormat
from pipeline.records import Role

LRM = "\u200e"


def read_all(path, **options):
    report = ReadReport("chat.txt")
    return list(WhatsAppFormat().read(path, ReadOptions(**options), report)), report


@pytest.fixture
def chat(tmp_path):
    def read(text, **options):
        path = tmp_path / "chat.txt"
        path.write_text(text, encoding="utf-8", newline="")
        conversations, report = read_all(path, **options)
        return [m for c in conversations for m in c.messages], report

    return read


def shown(messages):
    return [(m.sent_at.isoformat()[:19], m.sender, m.text) for m in messages]


ONE = ("2026-05-01T14:56:00", "李先生", "到哪了？")
TWO = ("2026-05-01T15:04:00", "客服小美", "您好")


@pytest.mark.parametrize(
    "text",
    [
        "2026/5/1 下午2:56 - 李先生: 到哪了？\n2026/5/1 下午3:04 - 客服小美: 您好",
        "2026/5/1 14:56 - 李先生: 到哪了？\n2026/5/1 15:04 - 客服小美: 您好",
        "[2026/5/1 下午2:56:00] 李先生: 到哪了？\n[2026/5/1 下午3:04:00] 客服小美: 您好",
        "[2026/5/1, 14:56:00] 李先生: 到哪了？\r\n[2026/5/1, 15:04:00] 客服小美: 您好\r\n",
        "2026年5月1日 下午2:56 - 李先生: 到哪了？\n2026年5月1日 下午3:04 - 客服小美: 您好",
        "[1/5/2026 下午2:56:00] 李先生: 到哪了？\n[1/5/2026 下午3:04:00] 客服小美: 您好",
        "5/1/26, 2:56\u202fPM - 李先生: 到哪了？\n5/1/26, 3:04\u202fPM - 客服小美: 您好",
        "01/05/2026, 2:56 p.\u00a0m. - 李先生: 到哪了？\n01/05/2026, 3:04 p. m. - 客服小美: 您好",
        "01.05.26, 14:56 - 李先生: 到哪了？\n01.05.26, 15:04 - 客服小美: 您好",
        "[14:56:00, 1/5/2026] 李先生: 到哪了？\n[15:04:00, 1/5/2026] 客服小美: 您好",
        "[5/1/R8, 14:56:00] 李先生: 到哪了？\n[5/1/R8, 15:04:00] 客服小美: 您好",
        f"\ufeff{LRM}[2026/5/1 下午2:56:00] \u202a李先生\u202c: 到哪了？\n{LRM}[2026/5/1 下午3:04:00] 客服小美: 您好",
        "٠١\u200f/٠٥\u200f/٢٠٢٦، ٢:٥٦ م - 李先生: 到哪了？\n٠١\u200f/٠٥\u200f/٢٠٢٦، ٣:٠٤ م - 客服小美: 您好",
    ],
)
def test_layouts_give_the_same_messages(chat, text):
    order = "mdy" if text.startswith(("5/1", "[5/1")) else "dmy"
    messages, report = chat(text, date_order=order)
    assert shown(messages) == [ONE, TWO]
    assert [m.role for m in messages] == [Role.CUSTOMER, Role.AGENT]
    assert not report.skipped


@pytest.mark.parametrize(
    ("clock", "hour"),
    [("凌晨12:30", 0), ("清晨5:30", 5), ("早上7:30", 7), ("上午11:30", 11), ("中午12:30", 12), ("中午1:30", 13), ("下午1:30", 13),
     ("傍晚6:30", 18), ("晚上9:30", 21), ("午前9:30", 9), ("午後9:30", 21), ("오전 9:30", 9), ("오후 9:30", 21), ("12:30 a. m.", 0),
     ("12:30 PM", 12), ("13:30 p.m.", 13), ("0:30 a. m.", 0), ("9:30 μ.μ.", 21)],
)  # fmt: skip
def test_clocks(chat, clock, hour):
    messages, _ = chat(f"2026/5/1 {clock} - 陈: 好")
    assert (messages[0].sent_at.hour, messages[0].sent_at.minute) == (hour, 30)


@pytest.mark.parametrize(
    ("dates", "expected", "open_"),
    [
        (["3/4/26", "25/4/26"], ["2026-04-03", "2026-04-25"], False),
        (["3/4/26", "4/25/26"], ["2026-03-04", "2026-04-25"], False),
        (["30/1/26", "1/2/26", "5/2/26"], ["2026-01-30", "2026-02-01", "2026-02-05"], False),
        (["9/1/26", "8/2/26", "7/3/26"], ["2026-01-09", "2026-02-08", "2026-03-07"], False),
        (["01/02/26", "02/02/26", "03/02/26"], ["2026-02-01", "2026-02-02", "2026-02-03"], True),
        (["02/01/26", "02/02/26", "02/03/26"], ["2026-02-01", "2026-02-02", "2026-02-03"], True),
        (["05/05/26"], ["2026-05-05"], False),
        (["26/12/30", "26/12/31", "27/01/01"], ["2026-12-30", "2026-12-31", "2027-01-01"], False),
    ],
)
def test_order_of_day_and_month_is_decided_over_the_whole_file(chat, dates, expected, open_):
    messages, report = chat("\n".join(f"{day}, 10:00 - Ann: hi" for day in dates))
    assert [m.sent_at.date().isoformat() for m in messages] == expected
    assert any("ambiguous" in note for note in report.notes) is open_


def test_order_can_be_stated(chat):
    text = "03/04/26, 10:00 - Ann: hi"
    assert chat(text, date_order="mdy")[0][0].sent_at.month == 3
    assert chat(text, date_order="dmy")[0][0].sent_at.month == 4
    assert chat(text, date_order="ymd")[0][0].sent_at.year == 2003
    assert not any("ambiguous" in note for note in chat(text, date_order="mdy")[1].notes)


def test_further_lines_and_quoted_headers_stay_in_the_message(chat):
    text = (
        "[2026/5/1 下午2:56:00] 王: 他们说：\n[14:02, 2026/4/30] 客服: 三天内退款\n\n2026/4/30 我等到现在 : 没有\n12:30 还没有\n"
        "[2026/5/1 下午2:57:00] 客服: 核实中 : 请稍等"
    )
    messages, _ = chat(text)
    assert [m.text for m in messages] == [
        "他们说：\n[14:02, 2026/4/30] 客服: 三天内退款\n\n2026/4/30 我等到现在 : 没有\n12:30 还没有",
        "核实中 : 请稍等",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "您与“顺达客服”之间的消息和通话已进行端到端加密。",
        "陈太將群組名稱由「售後: 一組」改為「售後: 二組」",
        'Ann changed the group name from "Sales: EU" to "Sales: world"',
        "Messages and calls are end-to-end encrypted. Tap to learn more.",
        "+86 138 0000 0000 加入了群组",
        "Сообщения защищены сквозным шифрованием",
    ],
)
def test_lines_of_the_app_are_system_messages_on_android(chat, line):
    messages, _ = chat(f"2026/5/1 14:56 - {line}\n2026/5/1 14:57 - Ann: hi")
    assert [(m.role, m.sender, m.text) for m in messages] == [
        (Role.SYSTEM, "", line),
        (messages[1].role, "Ann", "hi"),
    ]


@pytest.mark.parametrize(
    "line",
    ["您创建了群组", "消息和通话已进行端到端加密。", "Missed voice call", "Din säkerhetskod ändrades.", "未接語音來電"],
)
def test_lines_of_the_app_are_system_messages_on_ios(chat, line):
    messages, _ = chat(f"[2026/5/1 14:56:01] 售后群: {LRM}{line}\n[2026/5/1 14:57:00] Ann: hi")
    assert messages[0].role is Role.SYSTEM
    assert (messages[0].sender, messages[0].text) == ("售后群", line)
    assert messages[1].role is not Role.SYSTEM


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("<Media omitted>", "[media]"), ("<省略多媒体文件>", "[media]"), ("<忽略多媒體檔>", "[media]"), ("<Médias omis>\n看这个", "[media]\n看这个"),
        ("IMG-20260501-WA0001.jpg (file attached)", "[image]"), ("IMG-20260501-WA0001.jpg (文件附件)\n坏的", "[image]\n坏的"),
        ("PTT-20260501-WA0001.opus (檔案已附加)", "[audio]"), ("VID-20260501-WA0002.mp4 (ismeretlen nyelv)", "[video]"),
        ("STK-20260501-WA0003.webp (file attached)", "[sticker]"), ("发票.pdf (附件)", "[document]"), ("Ann.vcf (file attached)", "[contact]"),
        ("图像已忽略", "[image]"), ("贴图已忽略", "[sticker]"), ("影片已略去", "[video]"), ("GIF omitted", "[gif]"), ("Bild weggelassen", "[image]"),
        ("画像は含まれていません", "[image]"), (f"{LRM}<attached: 00000035-PHOTO-2026-05-01-14-56-01.jpg>", "[image]"),
        (f"破了 {LRM}<附件：00000035-PHOTO-2026-05-01-14-56-01.jpg>", "破了 [image]"),
        ("位置: https://maps.google.com/?q=22.28,114.15", "[location]"),
        ("This message was deleted", "[deleted]"), ("你删除了这条消息", "[deleted]"), ("此消息已删除", "[deleted]"), ("這則訊息已刪除", "[deleted]"),
        ("此訊息已刪除。", "[deleted]"), ("該訊息已刪除", "[deleted]"), ("你撤回了一条消息", "[deleted]"), ("<图片>", "[image]"), ("You deleted this message.", "[deleted]"),
        ("改好了 <This message was edited>", "改好了"), ("改好了 <这条消息已经过编辑>", "改好了"), (f"fixed {LRM}<Mesazhi u ndryshua>", "fixed"),
        ("see report.pdf (final version)", "see report.pdf (final version)"), ("我 <3 你", "我 <3 你"), ("1 < 2", "1 < 2"),
        ("我的消息被你们删除了", "我的消息被你们删除了"), ("is this chat end-to-end encrypted?", "is this chat end-to-end encrypted?"), ("", ""),
    ],
)  # fmt: skip
def test_marks(chat, written, text):
    messages, _ = chat(f"2026/5/1 14:56 - 王: {written}\n2026/5/1 14:57 - 王: 嗯")
    assert [m.text for m in messages] == [text, "嗯"]
    assert messages[0].role is not Role.SYSTEM


def test_media_marks_of_unknown_languages_on_ios(chat):
    messages, _ = chat(
        f"{LRM}[2026/5/1 14:56:01] 王: {LRM}myndefni sleppt\n{LRM}[2026/5/1 14:56:02] 王: a.pdf • {LRM}2 síður {LRM}skjali sleppt"
    )
    assert [m.text for m in messages] == ["[media]", "a.pdf [media]"]


def test_two_joined_exports_keep_all_entries_and_another_separator_is_no_quote(chat):
    android = [f"2026/5/{n} 14:56 - 王: {n}" for n in range(1, 6)]
    ios = [f"[2026/6/{n} 14:56:00] 王: {n}" for n in range(1, 6)]
    assert len(chat("\n".join(android + ios))[0]) == 10
    messages, _ = chat("15/04/2026, 15:04 - 王: 一\n16.04.2026, 15:04 - 王: 二\n17.04.2026, 15:04 - 王: 三")
    assert [m.text for m in messages] == ["一", "二", "三"]


@pytest.mark.parametrize("name", ["+86 138-0000-1234", "🤓", "Dr: Who", "O'Neil - Sales", "~ 小李"])
def test_odd_names(chat, name):
    messages, _ = chat("\n".join(f"2026/5/1 14:5{n} - {name}: 第{n}次 : 问" for n in range(4)))
    assert {m.sender for m in messages} == {name.removeprefix("~ ")}
    assert [m.text for m in messages] == [f"第{n}次 : 问" for n in range(4)]


def test_impossible_dates_are_counted_and_the_rest_is_read(chat):
    messages, report = chat(
        "28/02/2026, 10:00 - 王: 一\n31/02/2026, 10:00 - 王: 二\n二的续\n01/03/2026, 25:61 - 王: 三\n13/03/2026, 10:00 - 王: 四"
    )
    assert [m.text for m in messages] == ["一", "四"]
    assert report.skipped == {"an entry has an impossible date or time": 2}
    assert [error.line for error in report.errors] == [2, 4]


def test_entries_out_of_order_are_sorted_and_ids_stay(chat):
    lines = ["2026/5/1 14:59 - 王: 三", "2026/5/1 14:57 - 王: 一", "2026/5/1 14:58 - 王: 二"]
    messages, _ = chat("\n".join(lines))
    assert [m.text for m in messages] == ["一", "二", "三"]
    again, _ = chat("\n".join(sorted(lines)))
    assert again == messages


def test_equal_messages_get_different_ids_that_stay(chat):
    text = "2026/5/1 14:59 - 王: 在吗\n" * 3
    messages, _ = chat(text)
    assert len({m.message_id for m in messages}) == 3
    assert chat(text)[0] == messages


def test_long_exports_are_cut(tmp_path):
    path = tmp_path / "chat.txt"
    path.write_text("2026/5/1 10:00 - A: 1\n2026/5/1 12:00 - B: 2\n2026/5/3 10:00 - A: 3", encoding="utf-8")
    assert [len(c.messages) for c in read_all(path)[0]] == [2, 1]
    cut, _ = read_all(path, session_gap=timedelta(hours=2))
    assert [len(c.messages) for c in cut] == [1, 1, 1]
    assert len({c.conversation_id for c in cut}) == 3
    assert {c.channel for c in cut} == {"whatsapp"}


def test_time_zone(chat):
    zone = ZoneInfo("Europe/Berlin")
    text = "\n".join(f"{day}, {time} - A: {time}" for day, time in [
        ("29.03.2026", "02:30"), ("25.10.2026", "02:50"), ("25.10.2026", "02:10"), ("25.10.2026", "03:05")])  # fmt: skip
    messages, report = chat(text, timezone=zone)
    assert [m.sent_at.isoformat() for m in messages] == [
        "2026-03-29T02:30:00+01:00", "2026-10-25T02:50:00+02:00", "2026-10-25T02:10:00+01:00", "2026-10-25T03:05:00+01:00",
    ]  # fmt: skip
    assert not any("zone" in note for note in report.notes)
    assert any("UTC" in note for note in chat(text)[1].notes)


def test_roles_by_the_user(chat):
    text = "2026/5/1 14:56 - 阿强: 您好\n2026/5/1 14:57 - 王: 嗯"
    assert [m.role for m in chat(text, agents=("王",))[0]] == [Role.CUSTOMER, Role.AGENT]
    assert [m.role for m in chat(text, roles={"阿强": Role.BOT, "王": Role.CUSTOMER})[0]] == [Role.BOT, Role.CUSTOMER]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_empty_files_are_a_counted_skip(tmp_path, data):
    path = tmp_path / "chat.txt"
    path.write_bytes(data)
    conversations, report = read_all(path)
    assert not conversations
    assert report.skipped == {"the file is empty": 1}


def test_a_text_without_dates_is_refused(tmp_path):
    path = tmp_path / "chat.txt"
    path.write_text("dear diary", encoding="utf-8")
    with pytest.raises(InputError, match="no line begins with a date"):
        read_all(path)


@given(
    st.lists(
        st.tuples(st.sampled_from("王李陈"), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)),
        min_size=1,
        max_size=12,
    )
)
def test_every_dated_entry_is_one_message(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("wa") / "chat.txt"
    lines = [f"2026/5/{n + 1} 14:56 - {name}: {text}" for n, (name, text) in enumerate(entries)]
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    messages = [m for c in read_all(path)[0] for m in c.messages]
    assert [m.sender for m in messages if m.role is not Role.SYSTEM] == [name for name, _ in entries]


@given(st.binary(max_size=300) | st.text("0123456789/:.,-[] apm\u200e年月日下午\n王", max_size=120).map(str.encode))
def test_no_bytes_crash_it(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("wa") / "chat.txt"
    path.write_bytes(data)
    try:
        read_all(path, timezone=ZoneInfo("America/New_York"))
    except BoiloverError as error:
        assert error.fix  # noqa: PT017 (most inputs read fine)


DATED = re.compile(
    r"^[\u200e\u200f\u202a-\u202e\ufeff]*(?:\[\d{1,4}[/.:-]\d\d?[/.:-]R?\d{1,4},? \d|\d{1,4}[/.-]\d\d?[/.-]\d{1,4},? \d)",
    re.MULTILINE,
)


@pytest.mark.corpora
@pytest.mark.skipif("BOILOVER_CORPORA" not in os.environ, reason="BOILOVER_CORPORA is not set")
def test_public_exports_have_one_message_an_entry():
    files = sorted(Path(os.environ["BOILOVER_CORPORA"], "whatsapp_exports").glob("*.txt"))
    assert len(files) >= 45
    for path in files:
        conversations, report = read_all(path)
        entries = len(DATED.findall(path.read_text(encoding="utf-8")))
        assert (path.name, sum(len(c.messages) for c in conversations)) == (path.name, entries)
        assert set(report.skipped) <= {"the file is empty"}

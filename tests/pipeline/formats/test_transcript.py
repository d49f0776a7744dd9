from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BoiloverError
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.read import read_path, sniff
from pipeline.formats.transcript import Transcript, cell_drafts
from pipeline.records import Conversation, Role

C, A = Role.CUSTOMER, Role.AGENT


def read(tmp_path: Path, text: str, **options: Any) -> tuple[list[Conversation], ReadReport]:
    path = tmp_path / "chat.txt"
    path.write_bytes(text.encode())
    report = ReadReport(str(path))
    return list(Transcript().read(path, ReadOptions(**options), report)), report


def claim(text: str, name: str = "chat.txt") -> float:
    return Transcript().sniff(Head(name, text.encode(), text))


LAYOUTS = [
    ("客服：您好\n顾客：退款\n", None),
    ("客服: 您好\n\n顾客: 退款\n", None),
    ("[10:02] 客服小美: 您好\n[10:03] 顾客: 退款\n", "10:02"),
    ("【10:02】客服小美：您好\n【10:03】顾客：退款\n", "10:02"),
    ("2026-05-01 10:02:11 客服小美：您好\n2026-05-01 10:03:00 李女士：退款\n", "10:02"),
    ("2026/5/1 上午10:02 客服小美：您好\n2026/5/1 上午10:03 李女士：退款\n", "10:02"),
    ("客服小美 2026-05-01 10:02:11\n您好\n李女士 2026-05-01 10:03:00\n退款\n", "10:02"),
    ("2026-05-01 10:02:11 客服小美(10001)\n您好\n\n2026-05-01 10:03:00 李女士\n退款\n\n", "10:02"),
    ("客服小美（2026年5月1日 10:02）：您好\n李女士（2026年5月1日 10:03）：退款\n", "10:02"),
    ("Agent: 您好\nCustomer: 退款\n", None),
    ("Agent (10:02 AM): 您好\nCustomer (10:03 AM): 退款\n", "10:02"),
    ("(00:01:12) Agent: 您好\n(00:01:20) Visitor: 退款\n", "00:01"),
    ("10:02 Agent Tom: 您好\n10:03 Maria: 退款\n", "10:02"),
    ("10:02 - Agent Tom: 您好\n10:03 - Customer: 退款\n", "10:02"),
    ("[2026-05-01T10:02:00Z] Agent Tom: 您好\n[2026-05-01T10:03:00Z] Maria: 退款\n", "10:02"),
    ("10:02\tAgent\t您好\n10:03\tCustomer\t退款\n", "10:02"),
    ("**Agent:** 您好\n**Customer:** 退款\n", None),
    ("[客服] 您好\n[顾客] 退款\n", None),
    ("Support Team: 您好\nClient: 退款\n", None),
    ("花店旗舰店:小美 2026-05-01 10:02:11\n您好\n花花 2026-05-01 10:03:00\n退款\n", "10:02"),
    ("小美（客服）：您好\n李先生：退款\n李先生：快\n", None),
]


@pytest.mark.parametrize(("text", "clock"), LAYOUTS)
def test_layouts(tmp_path: Path, text: str, clock: str | None) -> None:
    found, report = read(tmp_path, text)
    assert len(found) == 1
    assert [(m.role, m.text) for m in found[0].messages][:2] == [(A, "您好"), (C, "退款")]
    assert not report.skipped
    assert 0.5 <= claim(text) <= 0.6
    if clock:
        assert f"{found[0].messages[0].sent_at:%H:%M}" == clock
    else:
        assert found[0].messages[0].sent_at == datetime(1970, 1, 1, tzinfo=UTC)
        assert any("invented" in note for note in report.notes)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "客服：您好\n顾客：我的单子\n订单号：12345\n电话：138-0000-0001\n再看看\n客服：好",
            "我的单子\n订单号：12345\n电话：138-0000-0001\n再看看",
        ),
        ("Agent: hi\nCustomer: look\nOrder number: 12345\nthat one\nAgent: ok", "look\nOrder number: 12345\nthat one"),
    ],
)
def test_lines_without_a_speaker_continue_the_message(tmp_path: Path, first: str, second: str) -> None:
    found, _ = read(tmp_path, first)
    assert len(found[0].messages) == 3
    assert found[0].messages[1].text == second


@pytest.mark.parametrize(
    ("border", "ids"),
    [
        ("-----", None),
        ("======", None),
        ("### c-2", ["", "c-2"]),
        ("会话ID: c-2", ["", "c-2"]),
        ("会话编号：2", ["", "2"]),
        ("Conversation ID: c-2", ["", "c-2"]),
        ("===== Conversation 2 =====", ["", "2"]),
        ("--- 会话 2 ---", ["", "2"]),
    ],
)
def test_separators(tmp_path: Path, border: str, ids: list[str] | None) -> None:
    found, _ = read(tmp_path, f"客服：您好\n顾客：退款\n{border}\n客服：您好\n顾客：退款\n")
    assert [len(c.messages) for c in found] == [2, 2]
    assert len({c.conversation_id for c in found}) == 2
    if ids:
        assert found[1].conversation_id == ids[1]


def test_an_id_above_a_rule_stays_with_its_conversation(tmp_path: Path) -> None:
    found, _ = read(tmp_path, "会话ID: 7\n------\n客服：您好\n------\n会话ID: 8\n客服：您好\n")
    assert [c.conversation_id for c in found] == ["7", "8"]


def test_blank_lines_cut_only_where_every_group_is_a_whole_chat(tmp_path: Path) -> None:
    whole, _ = read(tmp_path, "客服：您好\n顾客：退款\n\n客服：在吗\n顾客：在\n")
    parts, _ = read(tmp_path, "客服：您好\n顾客：退款\n\n顾客：在吗\n\n客服：在\n")
    assert [len(c.messages) for c in whole] == [2, 2]
    assert [len(c.messages) for c in parts] == [4]


def test_clocks_take_the_date_of_the_header_and_pass_midnight(tmp_path: Path) -> None:
    found, _ = read(tmp_path, "2026年5月1日 星期五\n[23:59] 客服：您好\n[00:01] 顾客：退款\n")
    assert [f"{m.sent_at:%m-%d %H:%M}" for m in found[0].messages] == ["05-01 23:59", "05-02 00:01"]


def test_clocks_without_a_date_are_invented_and_noted(tmp_path: Path) -> None:
    found, report = read(tmp_path, "[10:02] 客服：您好\n[10:03] 顾客：退款\n")
    assert found[0].messages[0].sent_at == datetime(1970, 1, 1, 10, 2, tzinfo=UTC)
    assert any("1970" in note for note in report.notes)


def test_invented_times_are_a_minute_apart(tmp_path: Path) -> None:
    found, _ = read(tmp_path, "客服：您好\n顾客：退款\n顾客：快\n")
    steps = [b.sent_at - a.sent_at for a, b in zip(found[0].messages, found[0].messages[1:], strict=False)]
    assert steps == [timedelta(minutes=1)] * 2


def test_long_silence_cuts_and_named_conversations_get_parts(tmp_path: Path) -> None:
    text = "会话ID: 7\n2026-05-01 10:00 客服：您好\n2026-05-03 10:00 顾客：退款\n2026-05-03 10:01 客服：好\n"
    found, _ = read(tmp_path, text, timezone=ZoneInfo("Asia/Shanghai"))
    assert [(c.conversation_id, len(c.messages)) for c in found] == [("7", 1), ("7-2", 2)]
    assert found[0].messages[0].sent_at.utcoffset() == timedelta(hours=8)


def test_roles_and_agents_of_the_user_come_first(tmp_path: Path) -> None:
    named, _ = read(tmp_path, "[10:00] 阿强: 退款\n[10:01] 花花: 好的\n", agents=("花花",))
    mapped, _ = read(tmp_path, "小蜜蜂：您好\n顾客：退款\n", roles={"小蜜蜂": Role.BOT})
    assert [m.role for m in named[0].messages] == [C, A]
    assert [m.role for m in mapped[0].messages] == [Role.BOT, C]


def test_lines_before_the_first_speaker_are_noted(tmp_path: Path) -> None:
    found, report = read(tmp_path, "五月的记录\n内部资料\n客服：您好\n")
    assert len(found[0].messages) == 1
    assert any(note.startswith("2 lines") for note in report.notes)


def test_a_text_without_speakers_is_counted(tmp_path: Path) -> None:
    found, report = read(tmp_path, "nothing here\nat all\n")
    assert found == []
    assert sum(report.skipped.values()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Dear all,\n\nNote: the store opens at 10:00. We like it.\nIt was a dark night: cold and long.\nThe end.\n",
        "从前有一个人，他说：今天天气不错。\n然后他走了：再也没有回来。\n故事讲完了。\n",
        '{"role": "customer"}\n',
        "name,role\nx: y,z\n",
        "2026-05-01 10:00:00 INFO: started\n2026-05-01 10:00:01 ERROR: failed\n2026-05-01 10:00:02 INFO: stopped\n",
        "Title: A\nDate: 2026-05-01\nAuthor's note: hi\n\nThe customer wrote to us at length about the matter.\nWe answered.\n"
        * 3,
    ],
)
def test_prose_and_logs_are_not_claimed(text: str) -> None:
    assert claim(text) == 0.0


def test_is_found_by_sniffing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(FORMATS.get("transcript").example, "utf-8")
    assert sniff(path).name == "transcript"


@pytest.mark.parametrize("border", ["\n", "<br/>", "\\n", "\r\n", " ", " | "])
def test_cells_break_lines_in_several_ways(border: str) -> None:
    start = datetime(2026, 5, 1, 10, tzinfo=UTC)
    drafts = cell_drafts(f"客服：您好{border}顾客：退款", ReadOptions(), ReadReport("x"), start=start)
    assert [(d.role, d.text) for d in drafts] == [(A, "您好"), (C, "退款")]
    assert drafts[0].sent_at == start


def test_a_long_line_of_blanks_takes_no_time(tmp_path: Path) -> None:
    found, _ = read(tmp_path, "客服：您好\n顾客 10:00" + " " * 200_000 + "x\n" + "-" * 200_000 + "x\n")
    assert len(found) == 1


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(alphabet="客服顾：: \n[](10:2-5/年月日)上午#=Agent\0", max_size=300).map(lambda t: t.encode())
)
def test_any_bytes_end_in_a_clear_error_or_a_count(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.txt"
    path.write_bytes(data)
    report = ReadReport(str(path))
    try:
        found = list(Transcript().read(path, ReadOptions(), report))
    except BoiloverError as error:
        found, report.path = [], error.path or ""
    assert report.path
    assert all(c.messages for c in found)


def _peak(tmp_path: Path, chats: int) -> int:
    path = tmp_path / "big.txt"
    with path.open("w", encoding="utf-8") as out:
        for at in range(chats):
            out.write(f"会话ID: {at}\n" + "客服：您好\n顾客：我要退款\n" * 10)
    tracemalloc.start()
    assert sum(1 for _ in Transcript().read(path, ReadOptions(), ReadReport(str(path)))) == chats
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_conversations(tmp_path: Path) -> None:
    assert _peak(tmp_path, 900) < 1.3 * _peak(tmp_path, 300)


@pytest.mark.parametrize(
    "text",
    [
        "tb001 (2026-05-01 10:00:00):\n几时发货\n云记旗舰店:小满 (2026-05-01 10:01:00):\n亲，今天发\n",
        "tb001(2026-05-01 10:00:00)：\n几时发货\n云记旗舰店：小满(2026-05-01 10:01:00)：\n亲，今天发\n",
        "2026-05-01 10:00:00 | tb001 | 几时发货\n2026-05-01 10:01:00 | 云记旗舰店:小满 | 亲，今天发\n",
        "2026-05-01 10:00:00\t顾客\t几时发货\n2026-05-01 10:01:00\t客服\t亲，今天发\n",
        "2026-05-01 10:00:00 | Customer | when\n2026-05-01 10:01:00 | Agent | today\n",
        (
            "消息记录（此消息记录为文本格式，不支持重新导入）\n\n====\n消息分组:我的好友\n====\n消息对象:tb001\n====\n\n"
            "2026-05-01 10:00:00 tb001\n几时发货\n\n2026-05-01 10:01:00 客服小满\n亲，今天发\n"
        ),
    ],
)
def test_shop_records_are_found_with_both_speakers(tmp_path: Path, text: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(text, "utf-8")
    assert sniff(path).name in ("transcript", "csv", "tsv")
    chats = list(read_path(path, options=ReadOptions(), report=ReadReport(str(path))))
    assert [(m.sent_at.minute, m.role.value) for m in chats[0].messages] == [(0, "customer"), (1, "agent")]
    assert [m.text for m in chats[0].messages] in (["几时发货", "亲，今天发"], ["when", "today"])


def test_lines_of_the_system_between_stars_are_messages_of_the_system(tmp_path: Path) -> None:
    lines = ["(10:00:10) Visitor: Hi", "(10:00:20) *** Johan joined the chat ***", "(10:00:30) Johan: How can I help?"]
    chats, _ = read(tmp_path, "\n".join(lines))
    assert [(m.role.value, m.text) for m in chats[0].messages] == [
        ("customer", "Hi"),
        ("system", "Johan joined the chat"),
        ("agent", "How can I help?"),
    ]

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BoiloverError, ConfigError, InputError, UnknownName
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.read import read_head, sniff
from pipeline.formats.table_presets import presets
from pipeline.records import Conversation, Role

HEADER = ["conversation_id", "ts", "role", "sender", "text"]


def read(path: Path, name: str = "csv", **options: Any) -> tuple[list[Conversation], ReadReport]:
    report = ReadReport(str(path))
    return list(FORMATS.get(name).read(path, ReadOptions(**options), report)), report


def read_text(
    tmp_path: Path, text: str, encoding: str = "utf-8", **options: Any
) -> tuple[list[Conversation], ReadReport]:
    path = tmp_path / "in.csv"
    path.write_bytes(text.encode(encoding))
    return read(path, **options)


def table(*rows: list[str], header: list[str] | None = None) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([header or HEADER, *rows])
    return out.getvalue()


def row(
    conversation: str = "c1", second: int = 0, role: str = "customer", text: str = "快点", sender: str = ""
) -> list[str]:
    return [conversation, f"2026-05-01 10:00:{second:02d}", role, sender, text]


@pytest.mark.parametrize(
    "header",
    [
        ["会话ID", "时间", "角色", "发送者", "内容"],
        ["會話ID", "發送時間", "發送者類型", "發送者", "訊息內容"],
        ["conversation_id", "created_at", "Sender Type", "sender name", "Message"],
        ["Chat ID", "timestamp (UTC)", "ROLE", "author", "body"],
    ],
)
def test_headers_in_three_scripts_are_recognised(tmp_path: Path, header: list[str]) -> None:
    rows = [row(sender="李女士"), row(second=5, role="agent", sender="小美", text="您好")]
    found, report = read_text(tmp_path, table(*rows, header=header))
    assert [(m.role, m.sender, m.text) for m in found[0].messages] == [
        (Role.CUSTOMER, "李女士", "快点"),
        (Role.AGENT, "小美", "您好"),
    ]
    assert not report.skipped


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_delimiters_and_encodings(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = "会话编号,时间,角色,内容\n一号,2026-05-01 10:00:00,顾客,你们的快递还没到我要退款\n".replace(",", delimiter)
    found, _ = read_text(tmp_path, text, encoding)
    assert found[0].conversation_id == "一号"
    assert found[0].messages[0].text == "你们的快递还没到我要退款"


def test_a_declared_delimiter_titles_and_blank_rows_above_the_header(tmp_path: Path) -> None:
    text = "sep=;\n客服记录导出;;\n;;\nsession_id;sent_at;sender_type;content\n7;2026-05-01T10:00:00Z;visitor;a, b\n"
    found, report = read_text(tmp_path, text)
    assert [m.text for m in found[0].messages] == ["a, b"]
    assert not report.skipped


def test_interleaved_conversations_are_grouped_and_sorted_by_time(tmp_path: Path) -> None:
    found, _ = read_text(tmp_path, table(row("b", 9), row("a", 2), row("b", 3, text="早"), row("a", 1)))
    assert [(c.conversation_id, [m.sent_at.second for m in c.messages]) for c in found] == [
        ("b", [3, 9]),
        ("a", [1, 2]),
    ]


def test_contiguous_conversations_need_no_temporary_files(tmp_path: Path) -> None:
    text = table(row("a"), row("a", 1), row("b"))
    found, _ = read_text(tmp_path, text, spill_directory=tmp_path / "missing")
    assert len(found) == 2
    with pytest.raises(ConfigError, match="missing"):
        read_text(tmp_path, text + table(row("a", 3)), spill_directory=tmp_path / "missing")


def test_bad_rows_are_counted_with_row_number_and_remedy(tmp_path: Path) -> None:
    rows = [row(), row(role="wibble"), [*row()[:1], "gestern", "agent", "", "x"], row()[:3], row(second=9)]
    found, report = read_text(tmp_path, table(*rows))
    assert len(found[0].messages) == 2
    assert [error.line for error in report.errors] == [3, 4, 5]
    assert "--role wibble=agent" in str(report.errors[0])


def test_unknown_role_words_can_be_mapped(tmp_path: Path) -> None:
    found, report = read_text(tmp_path, table(row(role="wibble")), roles={"wibble": Role.AGENT})
    assert found[0].messages[0].role is Role.AGENT
    assert not report.skipped


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-05-01T10:00:05+08:00", "2026-05-01T02:00:05+00:00"),
        ("2026-05-01 10:00:05", "2026-05-01T10:00:05+00:00"),
        ("2026/5/1 10:00", "2026-05-01T10:00:00+00:00"),
        ("2026年5月1日 10:00:05", "2026-05-01T10:00:05+00:00"),
        ("2026年5月1日 下午3时05分20秒", "2026-05-01T15:05:20+00:00"),
        ("2026/5/1 上午12:30", "2026-05-01T00:30:00+00:00"),
        ("05/13/2026 10:00 PM", "2026-05-13T22:00:00+00:00"),
        ("13.05.2026 10:00", "2026-05-13T10:00:00+00:00"),
        ("1 May 2026 10:00:05", "2026-05-01T10:00:05+00:00"),
        ("May 1, 2026, 10:00 a.m.", "2026-05-01T10:00:00+00:00"),
        ("Fri, 01 May 2026 10:00:05 +0800", "2026-05-01T02:00:05+00:00"),
        ("20260501100005", "2026-05-01T10:00:05+00:00"),
        ("1777600000", "2026-05-01T01:46:40+00:00"),
        ("1777600000123", "2026-05-01T01:46:40.123000+00:00"),
        ("46143.5", "2026-05-01T12:00:00+00:00"),
        ("2026-05-01 10:00:05.250 GMT+8", "2026-05-01T02:00:05.250000+00:00"),
    ],
)
def test_times(tmp_path: Path, written: str, expected: str) -> None:
    found, _ = read_text(tmp_path, table(["c1", written, "agent", "", "hi"]))
    assert found[0].messages[0].sent_at.astimezone(UTC).isoformat() == expected


@pytest.mark.parametrize("written", ["", "soon", "2026-13-45 10:00", "9999-01-01", "10:00", "-5", "1e400"])
def test_unusable_times_are_counted(tmp_path: Path, written: str) -> None:
    found, report = read_text(tmp_path, table(row(), ["c1", written, "agent", "", "hi"]))
    assert len(found[0].messages) == 1
    assert sum(report.skipped.values()) == 1


def dates(*days: str) -> str:
    return table(*(["c1", f"{day} 10:00", "agent", "", "hi"] for day in days))


@pytest.mark.parametrize(
    ("days", "order", "month", "noted"),
    [
        (["02/03/2026", "25/03/2026"], None, 3, False),
        (["02/03/2026", "03/25/2026"], None, 2, False),
        (["02/03/2026"], None, 3, True),
        (["02/03/2026"], "mdy", 2, False),
    ],
)
def test_day_and_month_are_decided_over_the_sample(
    tmp_path: Path, days: list[str], order: str | None, month: int, *, noted: bool
) -> None:
    found, report = read_text(tmp_path, dates(*days), date_order=order)
    assert found[0].messages[0].sent_at.month == month
    assert any("day or the month" in note for note in report.notes) is noted


def test_zone_of_times_without_one(tmp_path: Path) -> None:
    found, report = read_text(tmp_path, table(row()), timezone=ZoneInfo("Asia/Shanghai"))
    assert found[0].messages[0].sent_at.utcoffset() == timedelta(hours=8)
    assert not report.notes
    _, report = read_text(tmp_path, table(row()))
    assert any("UTC" in note for note in report.notes)


def test_date_and_time_in_two_columns(tmp_path: Path) -> None:
    text = table(["c1", "2026-05-01", "10:00:05", "agent", "hi"], header=["会话ID", "日期", "时间", "角色", "内容"])
    found, _ = read_text(tmp_path, text)
    # "时间" alone is a moment; beside a date it is the clock.
    assert found[0].messages[0].sent_at == datetime(2026, 5, 1, 10, 0, 5, tzinfo=UTC)


def test_without_conversation_id_rows_are_grouped_by_customer_and_gap(tmp_path: Path) -> None:
    header = ["customer_id", "ts", "role", "text"]
    rows = [
        ["u1", "2026-05-01 10:00"],
        ["u2", "2026-05-01 10:01"],
        ["u1", "2026-05-01 10:02"],
        ["u1", "2026-05-05 10:00"],
    ]
    found, report = read_text(tmp_path, table(*([*r, "customer", "hi"] for r in rows), header=header))
    assert [(c.customer_id, len(c.messages)) for c in found] == [("u1", 2), ("u1", 1), ("u2", 1)]
    assert len({c.conversation_id for c in found}) == 3
    assert any("grouped by customer" in note for note in report.notes)


def test_a_sender_column_with_role_words_is_the_role_column(tmp_path: Path) -> None:
    text = table(
        ["c1", "顾客", "退钱"], ["c1", "客服", "稍等"], ["c1", "谁谁", "?"], header=["会话ID", "发送方", "内容"]
    )
    found, report = read_text(tmp_path, text)
    assert [m.role for m in found[0].messages] == [Role.CUSTOMER, Role.AGENT]
    assert sum(report.skipped.values()) == 1


@pytest.mark.parametrize("agents", [(), ("阿强",)])
def test_roles_by_name(tmp_path: Path, agents: tuple[str, ...]) -> None:
    rows = [
        ["c1", "花花", "我的快递怎么还没到"],
        ["c1", "阿强", "您好，请问您的订单号是多少？"],
        ["c1", "花花", "你们太慢了"],
    ]
    found, report = read_text(tmp_path, table(*rows, header=["会话ID", "发送者", "内容"]), agents=agents)
    assert [m.role for m in found[0].messages] == [Role.CUSTOMER, Role.AGENT, Role.CUSTOMER]
    assert any("inferred" in note for note in report.notes) is (not agents)


def test_columns_for_customer_and_agent_texts(tmp_path: Path) -> None:
    text = table(
        ["c1", "2026-05-01 10:00", "退款呢", "稍等"],
        ["c1", "2026-05-01 10:01", "", "已退"],
        header=["会话ID", "时间", "客户消息", "客服回复"],
    )
    found, _ = read_text(tmp_path, text)
    assert [(m.role, m.text) for m in found[0].messages] == [
        (Role.CUSTOMER, "退款呢"),
        (Role.AGENT, "稍等"),
        (Role.AGENT, "已退"),
    ]


@pytest.mark.parametrize(
    "chat",
    [
        "客服小美 10:00:01：您好\n李女士 10:02:00：退款呢\n都三天了",
        "Agent Tom: hello\nCustomer: refund!\nit's been days",
    ],
)
def test_a_whole_chat_in_one_cell(tmp_path: Path, chat: str) -> None:
    found, report = read_text(
        tmp_path, table(["8", "2026-05-01 10:00", chat], header=["会话ID", "开始时间", "会话内容"])
    )
    assert found[0].conversation_id == "8"
    assert [m.role for m in found[0].messages] == [Role.AGENT, Role.CUSTOMER]
    assert "\n" in found[0].messages[1].text
    assert {m.sent_at.date() for m in found[0].messages} == {date(2026, 5, 1)}
    assert not report.skipped


def test_a_chat_column_with_single_messages_is_a_text_column(tmp_path: Path) -> None:
    found, _ = read_text(tmp_path, table(["8", "顾客", "快退款"], header=["会话ID", "角色", "会话内容"]))
    assert [m.text for m in found[0].messages] == ["快退款"]


def test_user_columns_win_and_unknown_ones_are_named(tmp_path: Path) -> None:
    text = table(["c1", "customer", "no", "yes"], header=["conversation_id", "role", "text", "Was gesagt"])
    found, _ = read_text(tmp_path, text, columns={"text": "Was gesagt"})
    assert found[0].messages[0].text == "yes"
    with pytest.raises(InputError, match='no column "Nix"'):
        read_text(tmp_path, text, columns={"text": "Nix"})
    with pytest.raises(ConfigError, match="no field"):
        read_text(tmp_path, text, columns={"words": "text"})
    with pytest.raises(UnknownName, match="qianniu"):
        read_text(tmp_path, text, preset="qianiu")


def test_a_table_without_header_is_refused_with_its_first_row(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--column"):
        read_text(tmp_path, "1,2,3\n4,5,6\n")


def test_a_table_with_nothing_below_its_header_is_counted(tmp_path: Path) -> None:
    found, report = read_text(tmp_path, table())
    assert found == []
    assert sum(report.skipped.values()) == 1


def test_every_preset_says_what_it_assumes_and_reads_a_table_with_its_columns(tmp_path: Path) -> None:
    assert set(presets()) == {"generic", "meiqia", "qiyu", "wecom", "qianniu"}
    for name, preset in presets().items():
        assert preset.assumes
        assert preset.title
        fields = [f for f in ("conversation_id", "ts", "role", "text", "team", "message_id") if f in preset.columns]
        word = next((w for w, r in preset.roles.items() if r is Role.CUSTOMER), "customer")
        values = {
            "conversation_id": "c1",
            "ts": "2026-05-01 10:00:00",
            "role": word,
            "text": "退款",
            "team": "t",
            "message_id": "m1",
        }
        text = table([values[f] for f in fields], header=[preset.columns[f][0] for f in fields])
        found, report = read_text(tmp_path, text, preset=name)
        assert [(m.role, m.text) for m in found[0].messages] == [(Role.CUSTOMER, "退款")], (name, report.errors)


def test_wecom_senders_and_pairs(tmp_path: Path) -> None:
    header = ["msgid", "from", "tolist", "roomid", "msgtime", "content"]
    rows = [
        ["1", "wmHUAHUA", "zhangsan", "", "1777600000000", "退款"],
        ["2", "zhangsan", "wmHUAHUA", "", "1777600001000", "稍等"],
        ["3", "lisi", "woMING", "", "1777600002000", "您好"],
    ]
    found, report = read_text(tmp_path, table(*rows, header=header))
    assert [[m.role for m in c.messages] for c in found] == [[Role.CUSTOMER, Role.AGENT], [Role.AGENT]]
    assert found[0].channel == "wecom"
    assert any("wecom" in note for note in report.notes)


def test_formulas_are_plain_text(tmp_path: Path) -> None:
    found, _ = read_text(tmp_path, table(row(text='=HYPERLINK("x")')))
    assert found[0].messages[0].text == '=HYPERLINK("x")'


def test_an_unclosed_quote_costs_its_row_only(tmp_path: Path) -> None:
    text = "conversation_id,ts,role,text\n" + "".join(
        f"c1,2026-05-01 10:00:0{at},agent,{words}\n"
        for at, words in enumerate(["ok", '"never closed', "fine", '"two\nlines"'])
    )
    found, report = read_text(tmp_path, text)
    assert [m.text for m in found[0].messages] == ["ok", "fine", "two\nlines"]
    assert [error.line for error in report.errors] == [3]


def test_a_huge_cell_is_read_and_a_line_over_the_limit_is_counted(tmp_path: Path) -> None:
    text = table(row(text="x" * 500_000), row(second=1, text="y" * (10 << 20)), row(second=2))
    found, report = read_text(tmp_path, text)
    assert [len(m.text) for m in found[0].messages] == [500_000, 2]
    assert sum(report.skipped.values()) == 1


def test_own_message_ids_are_kept_and_duplicates_counted(tmp_path: Path) -> None:
    header = ["conversation_id", "message_id", "ts", "role", "text"]
    one = ["c1", "m1", "2026-05-01 10:00:00", "agent", "hi"]
    found, report = read_text(tmp_path, table(one, one, [*one[:4], "other"], header=header))
    assert [m.text for m in found[0].messages] == ["hi", "other"]
    assert found[0].messages[0].message_id == "m1"
    assert len({m.message_id for m in found[0].messages}) == 2
    assert report.skipped == {"a message stands twice": 1}


def test_derived_ids_are_the_same_every_time_and_differ_for_equal_rows(tmp_path: Path) -> None:
    text = table(row(), row())
    first, second = (read_text(tmp_path, text)[0][0] for _ in range(2))
    assert first == second
    assert len({m.message_id for m in first.messages}) == 2


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    book.save(path)
    return path


def test_xlsx_sheets_with_a_header_are_read_and_others_noted(tmp_path: Path) -> None:
    good = [["导出"], [], HEADER, ["c1", datetime(2026, 5, 1, 10), "agent", "小美", "您好"]]  # noqa: DTZ001 - a cell
    more = [["会话ID", "日期", "时间", "角色", "内容"], ["c1", date(2026, 5, 1), time(10, 1), "顾客", 12345.0]]
    path = workbook(tmp_path / "a.xlsx", 一月=good, 说明=[["see", "below"]], 二月=more)
    assert sniff(path).name == "xlsx"
    found, report = read(path, "xlsx")
    assert [(m.role, m.text, m.sent_at.minute) for m in found[0].messages] == [
        (Role.AGENT, "您好", 0),
        (Role.CUSTOMER, "12345", 1),
    ]
    assert any("说明" in note for note in report.notes)


def test_parquet_is_read(tmp_path: Path) -> None:
    moments = pa.array([1_777_600_000_000_000_001, 1_777_600_001_000_000_000], pa.timestamp("ns", tz="UTC"))
    columns = {
        "conversation_id": ["c1", "c1"],
        "ts": moments,
        "role": pa.array(["agent", "customer"]).dictionary_encode(),
        "text": ["a", None],
    }
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path)
    assert sniff(path).name == "parquet"
    found, report = read(path, "parquet")
    assert [m.text for m in found[0].messages] == ["a"]
    assert report.skipped == {"a row has no text": 1}


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.5, 0.95])
@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_damaged_files_are_refused(tmp_path: Path, kind: str, cut: float) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "xlsx":
        workbook(path, a=[HEADER, row()])
    else:
        pq.write_table(pa.table({name: ["x"] for name in HEADER}), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut)])
    with pytest.raises(InputError):
        read(path, kind)


def test_a_zip_bomb_and_an_old_workbook_are_refused_before_unpacking(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (80 << 20))
    with pytest.raises(InputError, match="unpack"):
        read(bomb, "xlsx")
    old = tmp_path / "old.xlsx"
    old.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    with pytest.raises(InputError, match=r"old \.xls"):
        read(old, "xlsx")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.csv", "会话ID,时间,角色,内容\n1,2026-05-01,顾客,x\n", "csv"),
        ("a.tsv", "chat_id\tts\trole\ttext\n1\t2026-05-01\tuser\tx\n", "tsv"),
        ("a.txt", "chat_id;ts;role;text\n1;2026-05-01;user;x\n", "csv"),
        ("a.csv", "was,wann\nx,y\n", "csv"),
        ("a.csv", "chat_id\tts\trole\ttext\n1\t2026-05-01\tuser\tx\n", "tsv"),
    ],
)
def test_sniffing(tmp_path: Path, name: str, text: str, expected: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert sniff(path).name == expected


@pytest.mark.parametrize("text", ["Dear all, thanks.\nWe met, ate, left.\n", "", "{}", "<html>,</html>"])
def test_other_texts_are_not_claimed(tmp_path: Path, text: str) -> None:
    for name in ("csv", "tsv", "xlsx", "parquet"):
        assert FORMATS.get(name).sniff(Head("a.txt", text.encode(), text)) == 0.0


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["csv", "tsv", "xlsx", "parquet"]),
    st.binary(max_size=300)
    | st.text(alphabet='ts,role,text\n"\\;\t|0123-:/ 客服顾:\0\r=', max_size=200).map(
        lambda t: b"ts,role,text\n" + t.encode()
    ),
)
def test_any_bytes_end_in_a_clear_error_or_a_count(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / f"a.{name}"
    path.write_bytes(data)
    assert FORMATS.get(name).sniff(read_head(path)) <= 1
    try:
        read(path, name)
    except BoiloverError as error:
        named = error.path
    else:
        named = ""
    assert named is not None


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), cells), min_size=1, max_size=12))
def test_every_row_becomes_one_message_with_its_text(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "in.csv"
    path.write_text(table(*(row(c, at, text=text) for at, (c, text) in enumerate(rows))), "utf-8")
    found, report = read(path, timezone=UTC, encoding="utf-8")
    assert {(c.conversation_id, m.text.strip()) for c in found for m in c.messages} == {(c, t.strip()) for c, t in rows}
    assert sum(len(c.messages) for c in found) == len(rows)
    assert not report.skipped


def _peak(tmp_path: Path, rows: int) -> int:
    path = tmp_path / "big.csv"
    start = datetime(2026, 5, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as out:
        out.write("conversation_id,ts,role,text\n")
        for at in range(rows):
            out.write(f"c{at % (rows // 10)},{start + timedelta(seconds=at)},customer,第{at}句话我要退款\n")
    tracemalloc.start()
    report = ReadReport(str(path))
    assert sum(len(c.messages) for c in FORMATS.get("csv").read(path, ReadOptions(), report)) == rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_interleaved_rows(tmp_path: Path) -> None:
    _peak(tmp_path, 200)
    assert _peak(tmp_path, 18_000) < 1.3 * _peak(tmp_path, 6_000)


@pytest.mark.parametrize(
    "header",
    [
        ["会话ID", "会话开始时间", "消息发送时间", "发送人角色", "消息内容"],
        ["對話ID", "開始時間", "訊息發送時間", "發送人角色", "訊息內容"],
        ["会话编号", "会话开始时间", "消息发送日期时间", "消息发送者角色", "消息文本"],
        ["chat_id", "started_at", "message_sent_at", "sender_role", "message_text"],
    ],
)
def test_each_message_has_its_own_time_and_role(tmp_path: Path, header: list[str]) -> None:
    begun = "2026-05-01 09:00:00"
    rows = [["c1", begun, f"2026-05-01 10:0{n}:00", role, "好"] for n, role in enumerate(["customer", "agent", "bot"])]
    chats, _ = read_text(tmp_path, table(*rows, header=header))
    assert [(m.sent_at.minute, m.role) for m in chats[0].messages] == [
        (0, Role.CUSTOMER),
        (1, Role.AGENT),
        (2, Role.BOT),
    ]


@pytest.mark.parametrize("secret", ["我的电话是13800001234", "call 138-0000-1234", "why, really?"])
def test_a_table_without_header_does_not_quote_what_people_wrote(tmp_path: Path, secret: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, table(row(text="b"), header=["1", "2026-05-01 10:00:00", "customer", "", secret]))
    assert secret not in str(caught.value)
    assert "1234" not in str(caught.value)


def test_a_header_of_brackets_takes_no_time(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 60_000)
    began = perf_counter()
    FORMATS.get("csv").sniff(read_head(path))
    assert perf_counter() - began < 1


def test_serial_days_are_rounded_to_the_second(tmp_path: Path) -> None:
    chats, _ = read_text(tmp_path, table(["c1", "45363.378472", "customer", "", "好"]))
    assert chats[0].messages[0].sent_at == datetime(2024, 3, 12, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "customer", "agent"),
    [("发送方", "王建国", "刘晓梅"), ("who", "Oliver Grant", "Jane Poe")],
)
def test_a_role_column_that_holds_names_is_the_sender(tmp_path: Path, header: str, customer: str, agent: str) -> None:
    said = [(customer, "我的快递怎么还没到"), (agent, "您好，请问订单号是多少？"), (customer, "快点")]
    rows = [["c1", f"2026-05-01 10:00:0{n}", who, text] for n, (who, text) in enumerate(said)]
    chats, report = read_text(tmp_path, table(*rows, header=["会话ID", "时间", header, "消息内容"]))
    assert [(m.sender, m.role) for m in chats[0].messages] == [
        (customer, Role.CUSTOMER),
        (agent, Role.AGENT),
        (customer, Role.CUSTOMER),
    ]
    assert any("inferred" in note for note in report.notes)
    assert not report.skipped

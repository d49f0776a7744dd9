"""Tables of chat messages: CSV, TSV, XLSX and Parquet, one reader for all.

A row is a message (or a customer's and an agent's, or a whole chat in one cell). Rows of one
conversation need not stand together: a table whose conversations do is streamed, any other is
put aside on disk, so that memory stays the same however long the table is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path

from pipeline.errors import BadRecord, ConfigError, UnknownName
from pipeline.formats.drafts import Draft, build, runs
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.spill import Spill, contiguous
from pipeline.formats.table_delimited import declared_delimiter, sniff_delimiter, text_rows, text_sheets
from pipeline.formats.table_files import Sheet, parquet_sheets, xlsx_sheets
from pipeline.formats.table_plan import HEADER_ROWS, Plan, find_header, plans_of, with_text
from pipeline.formats.table_rows import text_of
from pipeline.formats.transcript import cell_drafts
from pipeline.identity import digest
from pipeline.records import Conversation

_CHATS_LOOKED_AT = 20
_BY_ID = "id:"


class Table:
    """One of the table formats.

    Args:
        name: as given to ``--format``.
        title: one line for ``boilover formats``.
        example: a short invented example.
        claims: how sure the format is of a head.
        sheets: opens a file.
    """

    def __init__(
        self,
        name: str,
        title: str,
        example: str,
        claims: Callable[[Head], float],
        sheets: Callable[[Path, ReadOptions], list[Sheet]],
    ) -> None:
        self.name, self.title, self.example = name, title, example
        self._claims, self._sheets = claims, sheets

    def sniff(self, head: Head) -> float:
        """1 for the magic bytes, up to 0.95 for a header that is understood, less for the file name alone."""
        return self._claims(head)

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """Conversations in order of their first rows.

        Raises:
            ConfigError: the column mapping or the preset does not exist.
            InputError: the file is damaged, or no sheet has a usable header.
        """
        spoken = False
        for conversation in self._conversations(path, options, report):
            spoken = True
            yield conversation
        if not spoken and not report.skipped:
            report.skip(BadRecord("the table has no rows below its header", path=report.path, fix="export it again."))

    def _conversations(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        plans = plans_of(self._sheets(path, options), options, report)
        preset = plans[0].layout.preset
        channel = options.channel or preset.channel or "unknown"
        chats = [plan for plan in plans if _whole_chats(plan, options, report)]
        for plan in chats:
            yield from _chats(plan, options, report, channel)
        messages = [with_text(plan, options, report) for plan in plans if plan not in chats]
        if messages:
            yield from _grouped(messages, options, report, channel)


def _whole_chats(plan: Plan, options: ReadOptions, report: ReadReport) -> bool:
    """Whether a cell holds a whole chat: judged by the first cells, not only by the header."""
    at = plan.layout.positions
    if "role" in at or (field := _chat_field(at)) is None:
        return False
    quiet = ReadReport(report.path)
    cells = (text_of(plan.parser.raw(row, field)) for row in plan.rows(quiet))
    looked = list(islice((cell for cell in cells if cell.strip()), _CHATS_LOOKED_AT))
    chats = sum(len(cell_drafts(cell, options, quiet, start=None)) > 1 for cell in looked)
    return chats > 0 and chats * 2 >= len(looked)


def _chat_field(at: Mapping[str, int]) -> str | None:
    return next((field for field in ("transcript", "text") if field in at), None)


def _chats(plan: Plan, options: ReadOptions, report: ReadReport, channel: str) -> Iterator[Conversation]:
    """One conversation a row."""
    field = _chat_field(plan.layout.positions) or "text"
    report.note("Every row holds a whole conversation in one cell.")
    for row in plan.rows(report):
        start: datetime | None = None
        if "ts" in plan.layout.positions or "date" in plan.layout.positions:
            with suppress(BadRecord):
                start = plan.parser.time(row)
        drafts = cell_drafts(text_of(plan.parser.raw(row, field)), options, report, start=start)
        if not drafts:
            fix = "write one message a line, such as 客服：… or Agent: …"
            report.skip(BadRecord("a cell holds no readable chat", path=report.path, line=row.number, fix=fix))
            continue
        drafts[0] = plan.parser.filled(drafts[0], row)
        key = plan.parser.key(row)
        made = digest(str(row.number), drafts[0].sent_at.isoformat(), *(d.text for d in drafts))
        yield build(key.removeprefix(_BY_ID) if key.startswith(_BY_ID) else made, drafts, channel, report)


def _grouped(plans: list[Plan], options: ReadOptions, report: ReadReport, channel: str) -> Iterator[Conversation]:
    quiet = ReadReport(report.path)
    cheap = all(plan.sheet.cheap for plan in plans)
    if cheap and contiguous(_ids(plans, quiet)):
        for key, together in groupby(_drafts(plans, report), key=lambda pair: pair[0]):
            yield build(key.removeprefix(_BY_ID), (draft for _, draft in together), channel, report)
        return
    with Spill(options.spill_directory) as spill:
        for key, draft in _drafts(plans, report):
            spill.put(key, draft.to_json(), order=draft.order())
        for key, values in spill.groups():
            drafts = (Draft.from_json(value) for value in values)
            if key.startswith(_BY_ID):
                yield build(key.removeprefix(_BY_ID), drafts, channel, report)
            else:
                yield from _sessions(key, drafts, options, report, channel)


def _ids(plans: list[Plan], report: ReadReport) -> Iterator[str | None]:
    """The conversation of every row; ``None`` where it has no id and so needs sorting by time."""
    for plan in plans:
        for row in plan.rows(report):
            key = plan.parser.key(row)
            yield key if key.startswith(_BY_ID) else None


def _drafts(plans: list[Plan], report: ReadReport) -> Iterator[tuple[str, Draft]]:
    for plan in plans:
        for row in plan.rows(report):
            try:
                for draft in plan.parser.drafts(row):
                    yield plan.parser.key(row), draft
            except BadRecord as error:
                report.skip(error)


def _sessions(
    key: str, drafts: Iterable[Draft], options: ReadOptions, report: ReadReport, channel: str
) -> Iterator[Conversation]:
    """Conversations of one customer (or of the whole table) that has no conversation ids."""
    by = {"customer_id": "customer", "customer": "customer", "pair": "sender and receiver"}.get(key.split(":", 1)[0])
    hours = options.session_gap.total_seconds() / 3600
    grouped = f"grouped by {by} and" if by else "taken as one chat and"
    report.note(f"Rows without a conversation id were {grouped} cut where nothing was said for {hours:g} h.")
    for run in runs(drafts, options.session_gap):
        first = run[0]
        made = digest(key, first.sent_at.isoformat(), first.sender, first.text)
        yield build(made, run, channel, report)


def _claims_text(extension: str, delimiters: str) -> Callable[[Head], float]:
    def claims(head: Head) -> float:
        named = head.name.lower().endswith(extension)
        if head.text is None:
            return 0.2 if named else 0.0
        lines = head.text.split("\n")[:60]
        if not any(line.strip() for line in lines) or head.text.lstrip()[:1] in ("{", "<"):
            return 0.1 if named else 0.0
        delimiter = declared_delimiter(lines[0]) or sniff_delimiter(lines)
        if delimiter not in delimiters:
            return 0.45 if named else 0.0
        known = _knowsfind_header(lines, delimiter)
        return (0.95 if known else 0.55) if named else (0.8 if known else 0.0)

    return claims


def _knowsfind_header(lines: list[str], delimiter: str) -> bool:
    rows = list(islice(text_rows(lines, delimiter), HEADER_ROWS))
    with suppress(ConfigError, UnknownName):
        return find_header(rows, ReadOptions()) is not None
    return False


def _claims_magic(extension: str, *magics: bytes) -> Callable[[Head], float]:
    def claims(head: Head) -> float:
        named = head.name.lower().endswith(extension)
        if head.data.startswith(magics) and (named or magics[0] != _ZIP or b"xl/" in head.data):
            return 0.97
        return 0.2 if named else 0.0

    return claims


_ZIP = b"PK\x03\x04"
_EXAMPLE = (
    "conversation_id,time,role,sender,text\n"
    "c-101,2026-05-01 10:00:05,customer,李女士,我的退款三天了还没到\n"
    "c-101,2026-05-01 10:00:41,agent,小美,您好，我帮您查一下"
)

FORMATS.add(
    "csv",
    Table(
        "csv",
        "Table with , ; or | between cells (.csv), any encoding",
        _EXAMPLE,
        _claims_text(".csv", ",;|"),
        text_sheets,
    ),
)
FORMATS.add(
    "tsv",
    Table(
        "tsv",
        "Table with tabs between cells (.tsv), any encoding",
        _EXAMPLE.replace(",", "\t"),
        _claims_text(".tsv", "\t"),
        lambda path, options: text_sheets(path, options, delimiter="\t"),
    ),
)
FORMATS.add(
    "xlsx",
    Table(
        "xlsx",
        "Excel workbook (.xlsx), all sheets that have a usable header",
        _EXAMPLE,
        _claims_magic(".xlsx", _ZIP),
        lambda path, _options: xlsx_sheets(path),
    ),
)
FORMATS.add(
    "parquet",
    Table(
        "parquet",
        "Parquet file (.parquet) with one message a row",
        _EXAMPLE,
        _claims_magic(".parquet", b"PAR1"),
        lambda path, _options: parquet_sheets(path),
    ),
)

"""One row of a table to messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from pipeline.errors import BadRecord
from pipeline.formats.drafts import EPOCH, Draft
from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.formats.roles import RoleResolver
from pipeline.formats.speakers import speaker_role
from pipeline.formats.table_files import Row
from pipeline.formats.table_presets import Layout
from pipeline.formats.table_times import CLOCK, Cell, TimeReader
from pipeline.records import Role

_MAX_SEQ = 2**63 - 1


def text_of(cell: Cell) -> str:
    """A cell as text: whole numbers without ``.0``, Windows line ends as Unix ones."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.replace("\r\n", "\n") if "\r" in cell else cell
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


class RowParser:
    """Reads the rows of one sheet.

    Args:
        layout: its columns.
        options: the user's roles and agents.
        report: for notes; skips are raised as ``BadRecord`` and left to the caller.
        times: settled on the first rows.
    """

    def __init__(self, layout: Layout, options: ReadOptions, report: ReadReport, times: TimeReader) -> None:
        self._at, self._preset, self._options, self.times = layout.positions, layout.preset, options, times
        self._report, self._resolver = report, RoleResolver(options, report)
        self._known: dict[str, Role | None] = {}
        self._width = len(layout.headers)

    def key(self, row: Row) -> str:
        """The row's conversation: by its id, else by the customer or the two people in it; may be empty."""
        if "conversation_id" in self._at and (stated := self._cell(row, "conversation_id")):
            return f"id:{stated}"
        for field in ("customer_id", "customer"):
            if field in self._at:
                return f"{field}:{self._cell(row, field)}"
        if "receiver" in self._at:
            return "pair:" + "\x1f".join(sorted((self._cell(row, "sender"), self._cell(row, "receiver"))))
        return ""

    def drafts(self, row: Row) -> list[Draft]:
        """The messages of a row: one, or a customer's and an agent's where each has a column.

        Raises:
            BadRecord: the row has no text, an unreadable time or an unknown role word.
        """
        if len(row.cells) > self._width and any(text_of(c).strip() for c in row.cells[self._width :]):
            raise self._bad(
                "a row has more cells than the header", row, fix="put cells that hold the delimiter in quotes."
            )
        if "text" in self._at:
            pairs: list[tuple[str, Role | None]] = [(self._cell(row, "text", strip=False), None)]
        else:
            both = (("customer_text", Role.CUSTOMER), ("agent_text", Role.AGENT))
            pairs = [(words, role) for field, role in both if (words := self._cell(row, field, strip=False)).strip()]
        if not pairs or not any(words.strip() for words, _ in pairs):
            raise self._bad("a row has no text", row)
        sent_at = self.time(row)
        return [self._draft(row, sent_at, words, role) for words, role in pairs]

    def time(self, row: Row) -> datetime:
        """Time of a row; raises ``BadRecord``."""
        try:
            if "ts" in self._at:
                stated = self.raw(row, "ts")
                # Beside a date, a column such as 时间 only has the clock.
                return self.times.read(_joined(self.raw(row, "date"), stated) if _clock_only(stated) else stated)
            if "date" in self._at:
                return self.times.read(_joined(self.raw(row, "date"), self.raw(row, "time")))
        except BadRecord as error:
            raise self._bad(error.problem, row, value=error.value, fix=error.fix) from error
        # No column has times: a minute between rows keeps their order.
        self._report.note("The table has no times; they were invented, one minute apart, from 1970-01-01.")
        return EPOCH + timedelta(minutes=min(row.number, 50_000_000))

    def filled(self, draft: Draft, row: Row) -> Draft:
        """The draft with what the row says of its conversation: channel, locale, team and customer."""
        return replace(
            draft,
            row=row.number,
            channel=self._cell(row, "channel"),
            locale=self._cell(row, "locale"),
            team=self._cell(row, "team"),
            customer_id=self._cell(row, "customer_id"),
        )

    def raw(self, row: Row, field: str) -> Cell:
        """The cell of a field; ``None`` where the row is short or there is no such column."""
        place = self._at.get(field)
        return row.cells[place] if place is not None and place < len(row.cells) else None

    def _cell(self, row: Row, field: str, *, strip: bool = True) -> str:
        text = text_of(self.raw(row, field))
        return text.strip() if strip else text

    def _draft(self, row: Row, sent_at: datetime, words: str, role: Role | None) -> Draft:
        sender = self._cell(row, "sender")
        if role is not None and not sender:
            sender = self._cell(row, "customer" if role is Role.CUSTOMER else "agent")
        role = role or self._role(row, sender)
        if not sender and role in (Role.CUSTOMER, Role.AGENT):
            sender = self._cell(row, "customer" if role is Role.CUSTOMER else "agent")
        return Draft(
            sent_at=sent_at,
            role=role,
            sender=sender,
            text=words,
            seq=_whole(self._cell(row, "seq")),
            message_id=self._cell(row, "message_id"),
            channel=self._cell(row, "channel"),
            locale=self._cell(row, "locale"),
            team=self._cell(row, "team"),
            customer_id=self._cell(row, "customer_id"),
            row=row.number,
        )

    def _role(self, row: Row, sender: str) -> Role | None:
        stated = self._resolver.from_sender(sender) if sender else None
        if stated is not None and (stated is Role.AGENT or sender in self._options.roles):
            return stated
        word = self._cell(row, "role")
        if word:
            role = self._word(word) or self._by_person(row, word)
            if role is None:
                fix = f"map it with --role {word[:24]}=agent (or customer, bot, system)."
                raise self._bad(f'unknown speaker "{word[:40]}"', row, value=word[:40], fix=fix)
            return role
        if "role" in self._at and not sender:
            raise self._bad("a row does not say who wrote it", row, fix="fill in the role or the sender.")
        if sender:
            return stated or self._by_person(row, sender) or self._word(sender) or self._by_mark(sender)
        return None

    def _word(self, word: str) -> Role | None:
        if word not in self._known:
            given = self._resolver.from_word(word) if word in self._options.roles else None
            preset = self._preset.roles.get(word.casefold())
            if len(self._known) > 50_000:
                self._known.clear()
            self._known[word] = given or preset or speaker_role(self._resolver, word)
        return self._known[word]

    def _by_person(self, row: Row, name: str) -> Role | None:
        if name == self._cell(row, "agent"):
            return Role.AGENT
        return Role.CUSTOMER if name in (self._cell(row, "customer_id"), self._cell(row, "customer")) else None

    def _by_mark(self, sender: str) -> Role | None:
        if any(mark in sender for mark in self._preset.agent_senders):
            return Role.AGENT
        if self._preset.customer_senders:
            return Role.CUSTOMER if sender.startswith(self._preset.customer_senders) else Role.AGENT
        return None

    def _bad(self, problem: str, row: Row, *, value: str | None = None, fix: str | None = None) -> BadRecord:
        return BadRecord(problem, path=self._report.path, line=row.number, value=value, fix=fix)


def _whole(text: str) -> int | None:
    digits = text.removesuffix(".0")
    if not digits.isascii() or not digits.removeprefix("-").isdigit() or len(digits) > 19:
        return None
    return int(digits) if abs(int(digits)) <= _MAX_SEQ else None


def _clock_only(cell: Cell) -> bool:
    return isinstance(cell, time) or (isinstance(cell, str) and CLOCK.fullmatch(cell.strip()) is not None)


def _joined(day: Cell, clock: Cell) -> Cell:
    """A date cell and a time cell as one."""
    if isinstance(day, datetime) and isinstance(clock, time):
        return datetime.combine(day.date(), clock, tzinfo=day.tzinfo)
    if isinstance(day, datetime):
        day = day.date()
    if isinstance(day, date) and isinstance(clock, time):
        return datetime.combine(day, clock)
    if isinstance(day, int | float) and isinstance(clock, int | float):
        return float(day) + float(clock)
    shown = day.isoformat() if isinstance(day, date) else text_of(day)
    return f"{shown} {text_of(clock)}".strip()

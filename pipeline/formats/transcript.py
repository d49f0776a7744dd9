"""Plain transcripts: one speaker and one text a line, in the many layouts that desks paste around.

Untimed lines only count as messages where their label names a role or is repeated; everything
else continues the message before it. A first look at the beginning of the file settles the labels.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from pipeline.errors import BadRecord
from pipeline.formats.drafts import EPOCH, Draft, build
from pipeline.formats.encoding import open_lines
from pipeline.formats.format import FORMATS, Head, ReadOptions, ReadReport
from pipeline.formats.roles import RoleResolver
from pipeline.formats.speakers import speaker_role, split_by_role
from pipeline.formats.table_times import TimeReader, combine
from pipeline.formats.transcript_lines import Kind, Line, read_line
from pipeline.identity import digest
from pipeline.records import Conversation, Role

SURVEY_LINES = 5_000
_SPEAKERS = 40
"""Most repeated labels without a role that are taken for speakers."""
_BREAK = re.compile(r"\r\n|\n|\r|<br\s*/?>|\\r\\n|\\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first look at the beginning of a transcript found."""

    speakers: frozenset[str]
    """Labels without a role that speak."""
    groups: bool
    """Blank lines separate conversations."""
    repeated: int
    """Speakers that speak more than once."""
    messages: int
    with_role: int
    lines: int


@dataclass(frozen=True, slots=True)
class Block:
    """One conversation of a transcript; the id is empty where the file states none."""

    conversation_id: str
    drafts: list[Draft]


class Parser:
    """Reads transcripts with the user's options; labels, day order and role words are settled once.

    Args:
        sample: first lines of the input.
        options: roles, agents, zone and date order.
        report: gets notes.
        start: time of the first message where the lines state none; 1970 and a note where not given.
    """

    def __init__(
        self, sample: Iterable[str], options: ReadOptions, report: ReadReport, *, start: datetime | None = None
    ) -> None:
        self._options, self._report, self._start = options, report, start
        self._resolver = RoleResolver(options, report)
        self._times = TimeReader(options, report)
        self._roles: dict[str, Role | None] = {}
        lines = list(sample)
        self._times.decide(line[:40] for line in lines)
        self.survey = self._look(lines)

    def blocks(self, lines: Iterable[str]) -> Iterator[Block]:
        """Conversations in the order of the input, each when its last line is read."""
        state = _State(self._start)
        blank = False
        for raw in lines:
            line = self._known(raw)
            if line.kind is Kind.SEPARATOR or (blank and self.survey.groups and line.kind in _SPOKEN):
                yield from state.flush(self._report)
            if line.kind is Kind.SEPARATOR:
                state.conversation_id = line.conversation_id or state.conversation_id
            elif line.kind is Kind.DATE:
                state.day = line.day
            elif line.kind in _SPOKEN:
                yield from self._speak(state, line)
            else:
                state.more(line.text)
            blank = line.kind is Kind.BLANK
        yield from state.flush(self._report)
        if state.outside:
            self._report.note(f"{state.outside} lines before the first speaker of a conversation were left out.")

    def _speak(self, state: _State, line: Line) -> Iterator[Block]:
        before = state.last
        moment = self._time(state, line)
        if before is not None and moment - before >= self._options.session_gap:
            yield from state.cut(self._report)
        state.drafts.append(Draft(moment, self._role(line.label), line.label, line.text))

    def _time(self, state: _State, line: Line) -> datetime:
        if line.clock is None:
            if state.stamped and state.last is not None:
                return state.last
            self._report.note("Messages without a time got invented times, one minute apart.")
            state.last = self._first(state) if state.last is None else state.last + timedelta(minutes=1)
            return state.last
        day = state.day = line.day or state.day
        if day is None:
            day = state.day = self._first(state).date()
            if self._start is None:
                self._report.note("Times have no date; days were invented, beginning with 1970-01-01.")
        moment = self._times.with_zone(combine(day, line.clock))
        if line.day is None and state.last is not None and moment < state.last - timedelta(hours=12):
            state.day = day + timedelta(days=1)
            moment += timedelta(days=1)
        state.last, state.stamped = moment, True
        return moment

    def _first(self, state: _State) -> datetime:
        if state.day is not None:
            return self._times.with_zone(datetime(state.day.year, state.day.month, state.day.day))  # noqa: DTZ001 - added
        return self._start or EPOCH

    def _known(self, raw: str) -> Line:
        """The line, taken for more text where its untimed label is no speaker."""
        line = read_line(raw, self._times)
        if line.kind is Kind.MESSAGE and line.clock is None and not self._speaks(line):
            return Line(Kind.TEXT, text=raw.rstrip())
        return line

    def _speaks(self, line: Line) -> bool:
        known = self._role(line.label) is not None
        return known or (not line.bracketed and line.label in self.survey.speakers)

    def _role(self, label: str) -> Role | None:
        if label not in self._roles:
            if len(self._roles) > SURVEY_LINES:
                self._roles.clear()
            self._roles[label] = self._resolver.from_sender(label) if self._named(label) else self._by_word(label)
        return self._roles[label]

    def _named(self, label: str) -> bool:
        """Whether the user's word decides; a label that states a role needs no ``--agent``."""
        stated = self._resolver.from_sender(label)
        return stated is not None and (stated is Role.AGENT or self._by_word(label) is None)

    def _by_word(self, label: str) -> Role | None:
        return speaker_role(self._resolver, label)

    def _look(self, lines: list[str]) -> Survey:
        found = [read_line(line, self._times) for line in lines]
        spoken = [x for x in found if x.kind in _SPOKEN]
        plain = Counter(x.label for x in spoken if x.clock is None and not x.bracketed)
        with_role = sum(self._by_word(x.label) in _PEOPLE for x in spoken)
        repeated = {label for label, count in plain.items() if count > 1}
        filled = sum(x.kind not in (Kind.BLANK, Kind.SEPARATOR) for x in found)
        crowded = len(repeated) > _SPEAKERS or (not with_role and sum(plain[x] for x in repeated) < 0.6 * filled)
        given = {*self._options.agents, *self._options.roles}
        speakers = frozenset(given if crowded else repeated | given)
        said = [x for x in spoken if x.clock is not None or x.label in speakers or self._by_word(x.label)]
        often = sum(count > 1 for count in Counter(x.label for x in said).values())
        return Survey(speakers, self._grouped(found), often, len(said), with_role, filled)

    def _grouped(self, found: list[Line]) -> bool:
        """Whether blank lines can only be borders: every group begins with a speaker and has both sides."""
        groups: list[list[Line]] = [[]]
        for line in found:
            if line.kind is Kind.SEPARATOR or line.day is not None:
                return False
            if line.kind is Kind.BLANK:
                groups += [[]] if groups[-1] else []
            else:
                groups[-1].append(line)
        full = [g for g in groups if g]
        return len(full) > 1 and all(
            g[0].kind in _SPOKEN and {Role.AGENT, Role.CUSTOMER} <= {self._by_word(x.label) for x in g if x.label}
            for g in full
        )


_SPOKEN = (Kind.MESSAGE, Kind.HEADER)
_PEOPLE = (Role.CUSTOMER, Role.AGENT, Role.BOT)


class _State:
    """The conversation being read."""

    def __init__(self, start: datetime | None) -> None:
        self._begin = start
        self.outside = 0
        self.day: date | None = None
        self._reset()

    def _reset(self) -> None:
        self.conversation_id = ""
        self.drafts: list[Draft] = []
        self._more: list[str] = []
        self._owner = 0
        self.last: datetime | None = None
        self.stamped = False
        self._part = 0

    def more(self, text: str) -> None:
        """Text that belongs to the message before it."""
        if not self.drafts:
            self.outside += bool(text.strip())
            return
        if self._owner != len(self.drafts):
            self._join()
        self._owner = len(self.drafts)
        self._more.append(text)

    def _join(self) -> None:
        """Add the collected lines to their message."""
        if self._more:
            draft = self.drafts[self._owner - 1]
            lines = [draft.text, *self._more] if draft.text else self._more
            self.drafts[self._owner - 1] = replace(draft, text="\n".join(lines).strip("\n"))
        self._more, self._owner = [], 0

    def flush(self, report: ReadReport) -> Iterator[Block]:
        """The conversation, if anything was said in it, and a fresh start."""
        spoken = bool(self.drafts)
        yield from self.cut(report)
        if spoken or not self.conversation_id:
            self._reset()

    def cut(self, report: ReadReport) -> Iterator[Block]:
        """What was said so far; the conversation goes on as another part."""
        self._join()
        said = [draft for draft in self.drafts if draft.text.strip()]
        for _ in range(len(self.drafts) - len(said)):
            report.skip(BadRecord("a speaker without words", path=report.path))
        if said:
            self._part += 1
            name = self.conversation_id
            yield Block(f"{name}-{self._part}" if name and self._part > 1 else name, said)
        self.drafts = []


def cell_drafts(text: str, options: ReadOptions, report: ReadReport, *, start: datetime | None) -> list[Draft]:
    """Messages of a whole chat that stands in one cell of a table; empty where it is none."""
    lines = _BREAK.split(text)
    if len(lines) == 1:
        lines = split_by_role(text, RoleResolver(options, report))
    parser = Parser(lines, options, report, start=start)
    if parser.survey.messages < 1 or (parser.survey.messages < 2 and not parser.survey.with_role):
        return []
    return [draft for block in parser.blocks(lines) for draft in block.drafts]


class Transcript:
    """``客服：…`` and ``Agent: …``, one message a line."""

    name = "transcript"
    title = "Plain transcript (.txt, .log), one speaker and text a line, with or without times"
    example = "[10:02] 客服小美：您好，请问有什么可以帮您？\n[10:03] 顾客：我的退款三天了还没到。"

    def sniff(self, head: Head) -> float:
        """At most 0.6; 0 where no label names a role and no labels alternate."""
        if head.text is None or head.text.lstrip().startswith("{"):
            return 0.0
        lines = head.text.splitlines()[:400]
        if len(head.data) >= 65_536:
            lines = lines[:-1]
        survey = Parser((x[:400] for x in lines), ReadOptions(), ReadReport(head.name)).survey
        if survey.messages < 2 or survey.messages < 0.2 * survey.lines:
            return 0.0
        if survey.with_role:
            return 0.6 if head.name.lower().endswith((".txt", ".log", ".md", "-")) else 0.5
        return 0.3 if survey.repeated > 1 and survey.messages >= 4 else 0.0

    def read(self, path: Path, options: ReadOptions, report: ReadReport) -> Iterator[Conversation]:
        """Conversations, cut at separators, else where nothing was said for ``options.session_gap``."""
        sample = islice(open_lines(path, options, ReadReport(str(path))), SURVEY_LINES)
        parser = Parser(sample, options, report)
        spoken = 0
        for number, block in enumerate(parser.blocks(open_lines(path, options, report))):
            drafts = block.drafts
            content = digest(str(number), *(x for d in drafts for x in (d.sent_at.isoformat(), d.sender, d.text)))
            yield build(block.conversation_id or content, drafts, options.channel or "unknown", report)
            spoken += 1
        if not spoken:
            fix = "write one message a line, such as 客服：… or Agent: …"
            report.skip(BadRecord("no speaker was found in the transcript", path=str(path), fix=fix))


FORMATS.add(Transcript.name, Transcript())

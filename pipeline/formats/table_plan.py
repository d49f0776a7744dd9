"""Finding the header of a table and settling what its columns, roles and dates mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.formats.roles import RoleResolver
from pipeline.formats.speakers import speaker_role
from pipeline.formats.table_files import Row, Sheet
from pipeline.formats.table_presets import GENERIC, Layout, layout_of, missing_header
from pipeline.formats.table_rows import RowParser, text_of
from pipeline.formats.table_times import TimeReader
from pipeline.records import Role

HEADER_ROWS = 30
"""A header is looked for in so many first rows."""
SAMPLE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """A sheet with its columns, where its data begin, and the parser of its rows."""

    sheet: Sheet
    layout: Layout
    header: Row
    parser: RowParser

    def rows(self, report: ReadReport) -> Iterator[Row]:
        """Its rows of data: below the header, not blank, no repeated header."""
        for row in self.sheet.rows(report):
            if row.number > self.header.number and not _blank(row) and row.cells != self.header.cells:
                yield row


def plans_of(sheets: list[Sheet], options: ReadOptions, report: ReadReport) -> list[Plan]:
    """The sheets that have a usable header, with their columns and time order settled on their first rows.

    Raises:
        ConfigError: the column mapping is wrong.
        InputError: no sheet has a usable header.
    """
    plans: list[Plan] = []
    left_out: list[str] = []
    first: tuple[str, ...] = ()
    for sheet in sheets:
        # What goes wrong in these rows is counted when they are read for good.
        head = list(islice(sheet.rows(ReadReport(report.path)), SAMPLE_ROWS))
        first = first or next((_texts(row) for row in head if not _blank(row)), ())
        found = find_header(head, options)
        if found is None:
            left_out += [sheet.name] if head else []
        else:
            plans.append(_plan(sheet, found, head, options, report))
    if not plans:
        raise missing_header(first, options, report.path)
    for name in left_out:
        report.note(f'Sheet "{name[:40]}" has no usable header and was left out.')
    if plans[0].layout.preset.name != GENERIC:
        report.note(f"Columns were read as the preset {plans[0].layout.preset.name}.")
    return plans


def find_header(rows: list[Row], options: ReadOptions) -> tuple[Row, Layout] | None:
    """The first of the best header rows: titles and blank rows may stand above it."""
    found = [(row, layout) for row in rows[:HEADER_ROWS] if (layout := layout_of(_texts(row), options))]
    return max(found, key=lambda pair: len(pair[1].positions), default=None)


def _plan(sheet: Sheet, found: tuple[Row, Layout], head: list[Row], options: ReadOptions, report: ReadReport) -> Plan:
    header, layout = found
    times = TimeReader(options, report, layout.preset.times)
    data = [row for row in head if row.number > header.number and not _blank(row)]
    layout = _with_role_column(layout, data, options, report)
    parser = RowParser(layout, options, report, times)
    times.decide(parser.raw(row, field) for row in data for field in ("ts", "date"))
    return Plan(sheet, layout, header, parser)


def _with_role_column(layout: Layout, data: list[Row], options: ReadOptions, report: ReadReport) -> Layout:
    """A sender column with words for customers and for agents is the role column; a role column without any holds names."""
    at = layout.positions
    if "role" not in at and "sender" in at:
        roles = _roles_in(at["sender"], layout, data, options, report)
        mixed = {Role.CUSTOMER, Role.AGENT} <= set(roles) and roles.count(None) * 3 <= len(roles)
        return replace(layout, positions={**at, "role": at["sender"]}) if mixed else layout
    people = {"sender", "customer", "customer_id", "agent"}  # beside these, names in the role column tell who speaks
    if "role" in at and not people & at.keys() and "role" not in options.columns:
        roles = _roles_in(at["role"], layout, data, options, report)
        if len(roles) > 1 and not any(roles):
            names = {"sender" if field == "role" else field: place for field, place in at.items()}
            return replace(layout, positions=names)
    return layout


def _roles_in(
    place: int, layout: Layout, data: list[Row], options: ReadOptions, report: ReadReport
) -> list[Role | None]:
    """What each different word of a column says of the role."""
    resolver = RoleResolver(replace(options, agents=()), report)
    words = {text_of(row.cells[place]).strip() for row in data if place < len(row.cells)} - {""}
    return [layout.preset.roles.get(word.casefold()) or speaker_role(resolver, word) for word in sorted(words)]


def with_text(plan: Plan, options: ReadOptions, report: ReadReport) -> Plan:
    """A column that may hold chats but holds single messages is the text column."""
    at = dict(plan.layout.positions)
    if "text" in at or "transcript" not in at:
        return plan
    at["text"] = at.pop("transcript")
    layout = replace(plan.layout, positions=at)
    return replace(plan, layout=layout, parser=RowParser(layout, options, report, plan.parser.times))


def _texts(row: Row) -> tuple[str, ...]:
    return tuple(text_of(cell).strip() for cell in row.cells)


def _blank(row: Row) -> bool:
    return not any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in row.cells)

"""Rows of XLSX and Parquet files, read in bounded memory; ``table_delimited`` has those of text files."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from pipeline.errors import BadRecord, InputError
from pipeline.formats.format import ReadReport
from pipeline.formats.table_times import Cell

MAX_UNPACKED = 2 << 30
MAX_UNPACKED_STRINGS = 512 << 20
MAX_RATIO = 200
_SMALL_MEMBER = 64 << 20
_OLE = b"\xd0\xcf\x11\xe0"
_BATCH = 512


class Row(NamedTuple):
    """One row: its 1-based number in the file (line where a record begins) and its cells."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table inside a file. ``rows`` may be called again to read it anew; the report gets its skips."""

    name: str
    rows: Callable[[ReadReport], Iterator[Row]]
    cheap: bool
    """Whether reading twice costs little next to what follows."""


def xlsx_sheets(path: Path) -> list[Sheet]:
    """The worksheets of a workbook.

    Raises:
        InputError: no workbook, an old or encrypted one, damaged, or one that would unpack to too much.
    """
    _guard(path)
    with _workbook(path) as book:
        names = [sheet.title for sheet in book.worksheets]
    if not names:
        raise InputError("the workbook has no sheet", path=str(path), fix="save it again as .xlsx.")
    return [Sheet(name, _sheet_reader(path, index), cheap=False) for index, name in enumerate(names)]


def _guard(path: Path) -> None:
    """Look at what a zip says it unpacks to before anything is unpacked (zipfile reads no more than that)."""
    with path.open("rb") as stream:
        if stream.read(4) == _OLE:
            problem = "this is an old .xls workbook or one with a password"
            raise InputError(problem, path=str(path), fix="open it and save it as .xlsx without a password.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path, error) from error
    bomb = any(m.file_size > _SMALL_MEMBER and m.file_size > MAX_RATIO * max(m.compress_size, 1) for m in members)
    strings = any(m.filename.endswith("sharedStrings.xml") and m.file_size > MAX_UNPACKED_STRINGS for m in members)
    if bomb or strings or sum(m.file_size for m in members) > MAX_UNPACKED:
        problem = "the workbook would unpack to far more than it should"
        raise InputError(problem, path=str(path), fix="save the rows as CSV, or split the workbook.")


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    """An open workbook, whatever its file is called: given a name, openpyxl refuses all that do not end in .xlsx."""
    with path.open("rb") as stream:
        book = _loaded(stream, path)
        try:
            yield book
        finally:
            book.close()


def _loaded(stream: BinaryIO, path: Path) -> Any:
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # a damaged archive fails in any way that XML, zip and zlib can
        raise _damaged(path, error) from error


def _sheet_reader(path: Path, index: int) -> Callable[[ReadReport], Iterator[Row]]:
    def rows(report: ReadReport) -> Iterator[Row]:
        with _workbook(path) as book:
            sheet = book.worksheets[index]
            sheet.reset_dimensions()  # some writers state a wrong one
            yield from _sheet_rows(sheet.iter_rows(values_only=True), report)

    return rows


def _sheet_rows(values: Iterator[tuple[Any, ...]], report: ReadReport) -> Iterator[Row]:
    number = 0
    while True:
        batch: list[tuple[Any, ...]] = []
        end: Exception | None = None
        try:
            # Filters for warnings are global: they must not stay set while a consumer runs.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                batch.extend(islice(values, _BATCH))
        except Exception as error:  # noqa: BLE001 - XML, zip and zlib each fail in their own ways
            end = error
        for cells in batch:
            number += 1
            yield Row(number, tuple(_excel_cell(cell) for cell in cells))
        if end is not None:
            report.skip(BadRecord("a sheet is damaged from here on", path=report.path, line=number + 1, fix=_RESAVE))
        if end is not None or len(batch) < _BATCH:
            return


_RESAVE = "save the workbook again, or export it as CSV."


def _excel_cell(cell: Any) -> Cell:
    if isinstance(cell, str):
        return _unescaped(cell) if "_x" in cell else cell
    if cell is None or isinstance(cell, int | float | datetime | date | time):
        return cell
    return str(cell) if not isinstance(cell, timedelta) else _clock(cell)


def _clock(since_midnight: timedelta) -> time:
    return (datetime(2000, 1, 1) + since_midnight % timedelta(days=1)).time()  # noqa: DTZ001 - a clock has no zone


def _unescaped(text: str) -> str:
    from openpyxl.utils.escape import unescape

    return str(unescape(text)).replace("\r\n", "\n")


def parquet_sheets(path: Path) -> list[Sheet]:
    """The one table of a Parquet file; its column names are the first row.

    Raises:
        InputError: damaged, or no Parquet.
    """
    _open_parquet(path).close()
    return [Sheet("", lambda report: _parquet_rows(path, report), cheap=True)]


def _open_parquet(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(path, error) from error


def _parquet_rows(path: Path, report: ReadReport) -> Iterator[Row]:
    import pyarrow as pa

    number = 1
    with _open_parquet(path) as file:
        yield Row(1, tuple(file.schema_arrow.names))
        try:
            for batch in file.iter_batches(batch_size=_BATCH):
                for cells in zip(*(_column(c) for c in batch.columns), strict=True):
                    number += 1
                    yield Row(number, cells)
        except (pa.ArrowException, OSError, ValueError) as error:
            problem = f"the rest of the file is damaged ({type(error).__name__})"
            report.skip(BadRecord(problem, path=report.path, line=number + 1, fix="write the file again."))


def _column(column: Any) -> list[Cell]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()]
    plain = str | int | float | datetime | date | time
    return [v if v is None or isinstance(v, plain) else str(v) for v in column.to_pylist()]


def _damaged(path: Path, error: Exception) -> InputError:
    problem = f"the file is damaged or no table of this kind ({type(error).__name__})"
    return InputError(problem, path=str(path), fix="save or export it again.")

"""Final files from finished parts, by streaming: no part is held beside another."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from serve.audit import tables
from serve.audit.files import SUFFIX, replacing, sync_file, sync_folder
from serve.audit.parts import ALERTS, COMPRESSION, CONVERSATIONS, MESSAGES, SCORED, Part
from serve.audit.riskiest import Ranked, best_of
from serve.audit.totals import Totals

ROW_GROUP = 32_768
"""Rows of one row group, at most; small parts are put together up to this."""


def write_outputs(out: Path, parts: Sequence[Part]) -> None:
    """Write both tables and both JSONL files; each appears under its name when it is whole."""
    _join_tables(out / MESSAGES, parts, tables.MESSAGES)
    _join_tables(out / CONVERSATIONS, parts, tables.CONVERSATIONS)
    _join_lines(out / SCORED, parts)
    _join_lines(out / ALERTS, parts)


def sum_up(parts: Iterable[Part], *, shown: int) -> tuple[Totals, list[Ranked]]:
    """Totals of all parts and the riskiest conversations of them."""
    totals = Totals()
    best: list[Ranked] = []
    for part in parts:
        totals.merge(part.totals())
        best = best_of([*best, *part.riskiest()], shown)
    return totals, best


def _join_lines(path: Path, parts: Iterable[Part]) -> None:
    with replacing(path) as target:
        for part in parts:
            with (part.folder / path.name).open("rb") as stream:
                shutil.copyfileobj(stream, target, 1 << 20)


def _join_tables(path: Path, parts: Iterable[Part], schema: Any) -> None:
    import pyarrow.parquet as pq

    draft = path.with_name(path.name + SUFFIX)
    with pq.ParquetWriter(draft, schema, compression=COMPRESSION) as writer:
        for group in _row_groups(path.name, parts):
            writer.write_table(group, row_group_size=ROW_GROUP)
    sync_file(draft)
    draft.replace(path)
    sync_folder(path.parent)


def _row_groups(name: str, parts: Iterable[Part]) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    held: list[Any] = []
    for part in parts:
        with pq.ParquetFile(part.folder / name) as stream:
            for batch in stream.iter_batches(batch_size=ROW_GROUP):
                table = pa.Table.from_batches([batch])
                if held and sum(t.num_rows for t in held) + table.num_rows > ROW_GROUP:
                    yield pa.concat_tables(held)
                    held = []
                held.append(table)
    if held:
        yield pa.concat_tables(held)

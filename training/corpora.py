"""Corpora as ``datasets`` objects: public ones by the mapping table, our own chats by the codebook.

Every dataset has the columns ``text`` (prepared as at run time), ``language``, ``corpus``,
``row`` (id within the corpus), ``conversation`` (empty for public rows) and ``targets``
(float32, see ``training.targets``; NaN where the row says nothing).
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TextIO, TypeVar

import datasets
import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import BadRecord, InputError
from pipeline.models.scorer import POLARITIES, FloatArray
from pipeline.records import Conversation
from pipeline.serialise import conversation_from_json
from pipeline.text.normalise import normalise
from pipeline.text.redact import redact
from training.targets import Layout

MAX_CHARACTERS = 600
"""Longer public texts are cut here: the encoder reads at most 128 tokens of them anyway."""
Row = Mapping[str, Any]
"""A line of a corpus file as it stands there."""
T = TypeVar("T")
_NO_PART_OF_A_TEXT = re.compile(r"@\w+|\s+")


class LabelMap(BaseModel):
    """Which labels of a corpus mean what for one head."""

    model_config = ConfigDict(extra="forbid")

    positive: list[str] = []
    neutral: list[str] = []
    negative: list[str] = []
    ambiguous: list[str] = []
    rest: Literal["negative"] | None = None


class CorpusEntry(BaseModel):
    """One line of the mapping table (``configs/train/corpora.yaml`` explains the fields)."""

    model_config = ConfigDict(extra="forbid")

    name: str
    path: str
    language: Literal["zh", "en", "mixed"]
    licence: str
    shipped: bool
    split: Literal["train", "dev"] = "train"
    of: str | None = None
    """Of a development part: the entry with the training rows of the same set."""
    sample: int | None = Field(default=None, ge=1)
    text: list[str]
    label: str | None = None
    separator: str | None = None
    flags: list[str] = []
    flag: str = "1"
    targets: dict[str, LabelMap] = {}
    constant: dict[str, float] = {}
    numbers: dict[str, str] = {}
    """Head to the column that holds its number, in the units of the corpus."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Which rows a training run draws of each file of its table."""

    seed: int
    shares: Sequence[float] = (1.0,)
    """One draw each, see ``public_dataset``."""


def load_table(path: Path) -> list[CorpusEntry]:
    """The mapping table; raises pydantic's ``ValidationError`` on unknown keys."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [CorpusEntry.model_validate(row) for row in rows]


def public_dataset(
    entry: CorpusEntry,
    folder: Path,
    layout: Layout,
    *,
    seed: int,
    share: float = 1.0,
    without: Collection[str] = frozenset(),
) -> datasets.Dataset:
    """Rows of one public file with their targets.

    Args:
        entry: the file's line in the mapping table.
        folder: where the corpora lie.
        layout: target layout.
        seed: for the draw of rows.
        share: of the rows that the entry asks for, in (0, 1].
        without: keys of texts (``text_key``) that are left out before the draw.

    Raises:
        InputError: the file is missing or lacks a column.
    """
    path = folder / entry.path
    records = []
    try:
        rows = [row for row in read_rows(path) if not without or text_key(_text(entry, row)) not in without]
        labelled = [
            (_text(entry, row), _public_targets(entry, row, layout), row) for row in _drawn(entry, rows, seed, share)
        ]
    except KeyError as error:
        raise InputError(f"a corpus file has no column {error}", path=str(path)) from error
    for number, (text, targets, row) in enumerate(labelled):
        if not np.isnan(targets).all() and text.strip():
            text = normalise(redact(text).text).text
            records.append(_record(text, entry.language, entry.name, str(row.get("id", number)), "", targets))
    return _dataset(records, layout)


def texts_of(entry: CorpusEntry, folder: Path, draws: Draws | None = None) -> set[str]:
    """Keys of the texts (``text_key``) of a file: of all rows, or of those that a training run draws; raises as ``public_dataset``."""
    path = folder / entry.path
    rows = list(read_rows(path))
    if draws is not None:
        rows = [row for share in draws.shares for row in _drawn(entry, rows, draws.seed, share)]
    try:
        return {text_key(_text(entry, row)) for row in rows}
    except KeyError as error:
        raise InputError(f"a corpus file has no column {error}", path=str(path)) from error


def text_key(text: str) -> str:
    """What two texts share that are the same but for case, width, blanks and the users they name."""
    return _NO_PART_OF_A_TEXT.sub("", unicodedata.normalize("NFKC", text).lower())


def some(items: Sequence[T], count: int, *, seed: int) -> list[T]:
    """So many of the items, drawn by the seed, in their order; all where there are fewer."""
    if count >= len(items):
        return list(items)
    return [items[i] for i in sorted(np.random.default_rng(seed).choice(len(items), count, replace=False))]


def load_chats(folder: Path) -> list[Conversation]:
    """Annotated chats of every ``*.jsonl`` in a folder, in the order of file names; raises as ``read_chats``."""
    return [chat for path in sorted(folder.glob("*.jsonl")) for chat in read_chats(path)]


def read_chats(path: Path) -> list[Conversation]:
    """Chats of one file.

    Raises:
        InputError: the file cannot be read, or a line is not a conversation; names file and line.
    """
    chats = []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    chats.append(conversation_from_json(json.loads(line)))
                except (BadRecord, ValueError) as error:
                    raise InputError(f"not an annotated chat: {error}", path=str(path), line=number) from error
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=str(path)) from error
    return chats


def chat_language(chat: Conversation) -> str:
    """Corpus language of an annotated chat: that of its locale, ``mixed`` where customer or agent use both scripts."""
    texts = " ".join(m.text for m in chat.messages)
    han = sum("\u4e00" <= c <= "\u9fff" for c in texts)
    latin = sum(c.isascii() and c.isalpha() for c in texts)
    share = han / max(1, han + latin / 4)  # an English word has about four letters more than a Chinese one
    return "zh" if share > 0.85 else "en" if share < 0.1 else "mixed"


def checksum(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as handle:
        digest = sha256()
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def open_corpus(path: Path) -> TextIO:
    """A corpus file for reading, packed with gzip or not.

    Raises:
        InputError: the file is missing.
    """
    if not path.is_file():
        raise InputError("a corpus file is missing", path=str(path), fix="give the corpora folder with --corpora.")
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def read_rows(path: Path) -> Iterator[Row]:
    """Lines of a ``.csv``, ``.tsv`` or ``.jsonl``, or items of a ``.json`` list; packed with gzip or not; raises as ``open_corpus``."""
    plain = path.name.removesuffix(".gz")
    with open_corpus(path) as handle:
        if plain.endswith(".jsonl"):
            yield from (json.loads(line) for line in handle)
        elif plain.endswith(".json"):
            yield from json.load(handle)
        else:
            yield from csv.DictReader(handle, delimiter="\t" if plain.endswith(".tsv") else ",")


def _drawn(entry: CorpusEntry, rows: Sequence[Row], seed: int, share: float) -> list[Row]:
    return some(rows, math.ceil(share * min(entry.sample or len(rows), len(rows))), seed=seed)


def _text(entry: CorpusEntry, row: Row) -> str:
    return "\n".join(str(row[column]) for column in entry.text)[:MAX_CHARACTERS]


def _labels(entry: CorpusEntry, row: Row) -> set[str]:
    if entry.flags:
        return {name for name in entry.flags if row[name] == entry.flag}
    if entry.label is None:
        return set()
    value = row[entry.label]
    if isinstance(value, list):
        return {str(v) for v in value}
    return set(str(value).split(entry.separator)) if entry.separator else {str(value)}


def _public_targets(entry: CorpusEntry, row: Row, layout: Layout) -> FloatArray:
    vector = layout.empty()
    labels = _labels(entry, row)
    for head, mapping in entry.targets.items():
        value = _polarity(mapping, labels) if head == "polarity" else _binary(mapping, labels)
        if value is not None:
            vector[layout.part(head)] = value
    for head, constant in entry.constant.items():
        vector[layout.part(head)] = constant
    for head, column in entry.numbers.items():
        vector[layout.part(head)] = float(row[column])
    return vector


def _binary(mapping: LabelMap, labels: set[str]) -> float | None:
    if labels & set(mapping.positive):
        return 1.0
    if labels & set(mapping.ambiguous):
        return None
    if mapping.rest == "negative" or labels & set(mapping.negative):
        return 0.0
    return None


def _polarity(mapping: LabelMap, labels: set[str]) -> float | None:
    tones = [i for i, tone in enumerate(POLARITIES) if labels & set(getattr(mapping, tone))]
    return float(tones[0]) if len(tones) == 1 else None


def _record(text: str, language: str, corpus: str, row: str, conversation: str, targets: FloatArray) -> dict[str, Any]:
    return {
        "text": text,
        "language": language,
        "corpus": corpus,
        "row": row,
        "conversation": conversation,
        "targets": targets,
    }


def _dataset(records: list[dict[str, Any]], layout: Layout) -> datasets.Dataset:
    features = datasets.Features(
        {
            **{name: datasets.Value("string") for name in ("text", "language", "corpus", "row", "conversation")},
            "targets": datasets.Sequence(datasets.Value("float32"), length=layout.size),
        }
    )
    return datasets.Dataset.from_list(records, features=features)

"""Our labels on messages of public corpora: kept here by corpus and row, joined with the texts where the corpora lie.

No text of those corpora is in the repository. ``configs/train/real.yaml`` says where each corpus keeps its rows, and whether its
licence lets shipped weights learn from them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from pipeline.errors import InputError
from pipeline.records import Conversation, Message, Role
from pipeline.serialise import annotation_from_json
from training.corpora import MAX_CHARACTERS, open_corpus, read_rows

_START = datetime(2026, 1, 1, tzinfo=UTC)
_APART = timedelta(minutes=3)
"""The corpora state no usable times: messages of a dialogue are put this far apart."""


class RealCorpus(BaseModel):
    """Where a labelled corpus keeps its texts."""

    model_config = ConfigDict(extra="forbid")

    paths: list[str]
    kind: Literal["rows", "stc", "uss"]
    language: Literal["zh", "en"]
    licence: str
    shipped: bool
    id: list[str] = ["id"]
    """Columns that name a row, joined by ``@``."""
    text: list[str] = ["text"]
    """Columns joined by ``join``."""
    join: str = " "
    cut: dict[str, int] = {}
    """Longest value of a column."""


@dataclass(frozen=True, slots=True)
class RealChat:
    """Labelled turns of a public corpus as an annotated conversation."""

    chat: Conversation
    corpus: str
    is_whole: bool
    """A whole dialogue; else one message on its own, whose conversation labels mean nothing."""


def load_real_table(path: Path) -> dict[str, RealCorpus]:
    """The corpora of ``configs/train/real.yaml`` by name."""
    return {name: RealCorpus.model_validate(row) for name, row in yaml.safe_load(path.read_text("utf-8")).items()}


def load_real(labels: Path, table: Mapping[str, RealCorpus], corpora: Path, *, shipped: bool) -> list[RealChat]:
    """Labelled messages and dialogues with their texts.

    Args:
        labels: folder of ``messages.jsonl`` and ``dialogues.jsonl``.
        table: where the texts are.
        corpora: folder of the corpora.
        shipped: only corpora that shipped weights may learn from.

    Raises:
        InputError: a corpus file is missing, or lacks a row that has labels.
    """
    wanted = {name: corpus for name, corpus in table.items() if corpus.shipped or not shipped}
    texts = {name: dict(_turns(corpus, corpora)) for name, corpus in wanted.items()}
    messages, dialogues = _lines(labels / "messages.jsonl"), _lines(labels / "dialogues.jsonl")
    return [
        *(_message(row, texts[row["corpus"]]) for row in messages if row["corpus"] in wanted),
        *(_dialogue(row, texts[row["corpus"]]) for row in dialogues if row["corpus"] in wanted),
    ]


def labelled_rows(labels: Path, corpora: Collection[str]) -> frozenset[str]:
    """Rows of corpora, or dialogues of which any turn, that have labels in the folder."""
    rows = chain(_lines(labels / "messages.jsonl"), _lines(labels / "dialogues.jsonl"))
    return frozenset(row["row"].partition("@")[0] for row in rows if row["corpus"] in corpora)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


Turns = Sequence[tuple[Role, str]]


def messages_of(turns: Turns) -> tuple[Message, ...]:
    """Turns of a public corpus as messages, named by their place from 0."""
    return tuple(
        Message(str(number), _START + number * _APART, role, "", text) for number, (role, text) in enumerate(turns)
    )


def stc_turns(row: Mapping[str, Any]) -> Turns:
    """Turns of a dialogue of STC-3."""
    return [
        (
            Role.CUSTOMER if turn["sender"] == "customer" else Role.AGENT,
            "\n".join(turn["utterances"])[:MAX_CHARACTERS],
        )
        for turn in row["turns"]
    ]


def _message(row: Mapping[str, Any], texts: Mapping[str, Turns]) -> RealChat:
    at, _, turn = row["row"].rpartition("@")
    known = texts.get(row["row"])
    if known is None and turn.isdigit():
        whole = texts.get(at)
        known = None if whole is None else whole[int(turn) : int(turn) + 1]
    if not known:
        raise _missing(row)
    labels = {key: row[key] for key in ("anger", "frustration", "polarity", "signals")}
    conversation = {"categories": [], "stage": "complaint", "escalated": False, "escalation_at": None}
    conversation |= {"outcome": "pending", "csat": 3}
    chat = _conversation(row, known, {"0": labels}, conversation)
    return RealChat(replace(chat, conversation_id=f"{row['corpus']}/{row['row']}"), row["corpus"], is_whole=False)


def _dialogue(row: Mapping[str, Any], texts: Mapping[str, Turns]) -> RealChat:
    known = texts.get(row["row"])
    if known is None or len(known) < len(row["turns"]):
        raise _missing(row)
    chat = _conversation(row, known, row["turns"], row["conversation"])
    return RealChat(replace(chat, conversation_id=f"{row['corpus']}/{row['row']}"), row["corpus"], is_whole=True)


def _missing(row: Mapping[str, Any]) -> InputError:
    return InputError(f"corpus {row['corpus']} has no row {row['row']}", fix="use the corpora that the labels name.")


def _conversation(
    row: Mapping[str, Any], turns: Turns, labels: Mapping[str, Any], conversation: Mapping[str, Any]
) -> Conversation:
    messages = tuple(message for message in messages_of(turns) if message.message_id in labels)
    annotation = annotation_from_json({"conversation": conversation, "messages": labels})
    return Conversation(row["row"], messages, labels=annotation)


def _turns(corpus: RealCorpus, folder: Path) -> Iterator[tuple[str, Turns]]:
    for name in corpus.paths:
        path = folder / name
        yield from {"rows": _rows, "stc": _stc, "uss": _uss}[corpus.kind](corpus, path)


def _rows(corpus: RealCorpus, path: Path) -> Iterator[tuple[str, Turns]]:
    for row in read_rows(path):
        parts = [row[column][: corpus.cut.get(column, MAX_CHARACTERS)] for column in corpus.text]
        name = "@".join(row[column] for column in corpus.id)
        name = name.replace("<CONV>", "").replace("<TURN>", "@")  # MultiDoGO's own marks
        yield name, [(Role.CUSTOMER, corpus.join.join(parts))]


def _stc(corpus: RealCorpus, path: Path) -> Iterator[tuple[str, Turns]]:
    del corpus
    yield from ((row["id"], stc_turns(row)) for row in read_rows(path))


def _uss(corpus: RealCorpus, path: Path) -> Iterator[tuple[str, Turns]]:
    """Dialogues by their number in the file; the line that rates the whole dialogue is no turn."""
    del corpus
    dialogues: dict[int, list[tuple[Role, str]]] = defaultdict(list)
    with open_corpus(path) as stream:
        blocks = [block for block in stream.read().split("\n\n") if block.strip()]
    for number, block in enumerate(blocks):
        for line in block.splitlines():
            cells = line.split("\t")
            if len(cells) > 1 and cells[1] != "OVERALL":
                role = Role.CUSTOMER if cells[0] == "USER" else Role.AGENT
                dialogues[number].append((role, cells[1][:MAX_CHARACTERS]))
    yield from ((str(number), turns) for number, turns in dialogues.items())

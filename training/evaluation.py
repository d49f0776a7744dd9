"""Scores annotated chats with a model folder and measures the result, by language; public sets by AUC of the broad heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.models.scorer import BROAD, Scorer
from pipeline.records import Conversation
from pipeline.resources import resource
from pipeline.run import Pipeline, Quote
from training.corpora import CorpusEntry, chat_language, load_chats, public_dataset, read_chats, texts_of
from training.dialogues import SpanLabels, load_spans
from training.measures import Judged, Mark, auc, by_language, measure
from training.splits import load_splits
from training.targets import Layout

SHOWN = (
    "anger.qwk",
    "anger.qwk.low",
    "anger.qwk.high",
    "anger.auc2",
    "frustration.qwk",
    "polarity.macro_f1",
    "signals.micro_f1",
    "signals.macro_f1",
    "signals.recall_grave",
    "signals.token_f1",
    "acts.micro_f1",
    "acts.macro_f1",
    "category.top1",
    "complaint.macro_f1",
    "stage.accuracy",
    "outcome.accuracy",
    "csat.spearman",
    "escalation.f1",
    "escalation.at_exact",
    "forecast.auc",
    "forecast.recall@fa5",
    "forecast.ece",
    "forecast.lead@fa5",
    "conversations",
    "customer_messages",
)
"""Measures of the printed table; the JSON has all."""
COUNTS = frozenset({"conversations", "customer_messages"})
LANGUAGES = ("zh", "en", "mixed")


def annotated(files: Sequence[Path], part: str) -> list[Conversation]:
    """Annotated chats of files, or of a part of ``data/conversations`` where no files are given.

    Args:
        files: canonical JSONL; chats without labels are left out.
        part: ``train``, ``dev``, ``test`` or ``all``.

    Raises:
        InputError: there are none.
    """
    if files:
        chats = [chat for path in files for chat in read_chats(path)]
    else:
        folder = resource("data", "conversations")
        splits = load_splits(folder)
        chats = [c for c in load_chats(folder) if part in ("all", splits.part(c.conversation_id))]
    chats = [c for c in chats if c.labels is not None]
    if not chats:
        raise InputError("no annotated chats", fix="give canonical JSONL with labels.")
    return chats


def marked_words(files: Sequence[Path]) -> SpanLabels:
    """Marked words of the folder ``spans`` beside each file, or of ``data/conversations`` where no files are given."""
    folders = {path.parent for path in files} or {resource("data", "conversations")}
    return {key: marks for folder in sorted(folders) for key, marks in load_spans(folder / "spans").items()}


def judge(pipeline: Pipeline, chats: Sequence[Conversation], spans: SpanLabels | None = None) -> list[Judged]:
    """Score annotated chats; ``spans`` are marked words, without which words are not measured."""
    assessed = pipeline.run_batch(chats, quote=Quote.ORIGINAL)
    marks: dict[str, dict[str, Sequence[Mark]]] = {}
    for (conversation_id, message_id), found in (spans or {}).items():
        marks.setdefault(conversation_id, {})[message_id] = found
    return [
        Judged(chat, done.assessment, marks.get(chat.conversation_id, {}))
        for chat, done in zip(chats, assessed, strict=True)
    ]


def figures(judged: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Measures by language of the chat, and over all."""
    groups = by_language(judged, chat_language)
    return {name: measure(group) for name, group in sorted(groups.items())}


@dataclass(frozen=True, slots=True)
class BroadRows:
    """Rows of a public development part that say something about a broad head, and what the model says of them."""

    entry: CorpusEntry
    head: str
    texts: tuple[str, ...]
    """Prepared as at run time."""
    truth: NDArray[np.bool_]
    said: NDArray[np.float64]
    """In [0, 1], of the same rows."""

    @property
    def auc(self) -> float:
        """Area under the receiver operating characteristic, to four places."""
        return round(auc(self.truth, self.said), 4)


def broad_rows(
    scorer: Scorer, table: Sequence[CorpusEntry], corpora: Path, layout: Layout, *, seed: int = 0
) -> Iterator[BroadRows]:
    """The broad heads on the development parts of public sets, without the texts that stand in the training file as well."""
    by_name = {entry.name: entry for entry in table}
    for entry in table:
        if entry.split != "dev":
            continue
        seen = set() if entry.of is None else texts_of(by_name[entry.of], corpora)
        rows = public_dataset(entry, corpora, layout, seed=seed, without=seen)
        texts, targets = list(rows["text"]), np.array(rows["targets"], np.float32)
        scores = scorer.score(texts)
        for head in BROAD:
            wanted = targets[:, layout.part(head)][:, 0]
            known = np.flatnonzero(~np.isnan(wanted))
            if known.size:
                said = np.array([getattr(scores[i], head) for i in known], float)
                yield BroadRows(entry, head, tuple(texts[i] for i in known), wanted[known] > 0, said)


def public_figures(
    scorer: Scorer, table: Sequence[CorpusEntry], corpora: Path, layout: Layout, *, seed: int = 0
) -> dict[str, float]:
    """AUC of the broad heads on the development parts of public sets, by ``set.head``; see ``broad_rows``."""
    found = broad_rows(scorer, table, corpora, layout, seed=seed)
    return {f"{rows.entry.name}.{rows.head}.auc": rows.auc for rows in found}


def as_markdown(by_name: Mapping[str, Mapping[str, float]]) -> str:
    """A Markdown table: a measure a line, a group a column."""
    names = [name for name in (*LANGUAGES, "all", "public") if name in by_name]
    rows = [figure for figure in SHOWN if any(figure in by_name[n] for n in names)]
    rows += [figure for n in names for figure in by_name[n] if n == "public"]
    lines = ["| measure | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    lines += [f"| {row} | " + " | ".join(_cell(row, by_name[n].get(row)) for n in names) + " |" for row in rows]
    return "\n".join(lines)


def as_table(by_name: Mapping[str, Mapping[str, float]]) -> str:
    """A text table: a measure a line, a language a column."""
    names = [name for name in (*LANGUAGES, "all") if name in by_name]
    lines = [f"{'measure':22}" + "".join(f"{name:>9}" for name in names)]
    for figure in SHOWN:
        cells = [_cell(figure, by_name[name].get(figure)) for name in names]
        lines.append(f"{figure:22}" + "".join(f"{cell:>9}" for cell in cells))
    return "\n".join(lines)


def _cell(figure: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if figure in COUNTS else f"{value:.3f}"

"""A model on public sets that no weights were trained on, by the table ``configs/train/untrained.yaml``.

Texts on their own are read as a customer's only message, as ``boilover score --lines`` reads them. Dialogues are read by their kind:

- ``maia``: each sentence of the customer is a message, since each has its own emotion; an agent's turn is one message.
- ``derailment``: nobody says who wrote which comment and no side is a customer. The comments are taken to alternate between two people;
  the conversation is read with the first as the customer and with the second as the customer, and at each comment the higher risk counts.
- ``stc``: as the dialogues that are trained on, see ``training.real``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from sklearn.metrics import accuracy_score, f1_score

from pipeline.models.scorer import POLARITIES
from pipeline.records import Assessment, Conversation, MessageResult, Polarity, Role
from pipeline.run import Pipeline
from training.corpora import CorpusEntry, Draws, Row, public_dataset, read_rows, some, texts_of
from training.intervals import Column, Measure, interval
from training.measures import auc, spearman
from training.real import Turns, labelled_rows, messages_of, stc_turns
from training.targets import Layout

SAMPLE = 1000
"""Rows of a set; of conversations a fifth as many."""
_FRUSTRATED, _ANGRY = 5, 6
"""Emotions of MAIA, by their place in its ``labels.txt``."""
_RATED = range(8)
_SHARES = (25, 50, 75, 100)
"""Percent of the comments before the one that derails."""
_NEGATIVE, _NEUTRAL, _POSITIVE = (
    POLARITIES.index(p.value) for p in (Polarity.NEGATIVE, Polarity.NEUTRAL, Polarity.POSITIVE)
)
Floats = NDArray[np.float64]
LEGEND = {
    "anger_any.auc": "angry against the rest",
    "anger.pearson": "with the intensity that people gave",
    "negative.accuracy": "negative against the rest",
    "negative.macro_f1": "negative against the rest",
    "polarity.accuracy": "negative or positive; `neutral` counts as wrong",
    "polarity.accuracy_of_two": "negative or positive, whichever is likelier",
    "polarity.neutral": "share read as `neutral`",
    "frustration.auc": "customer sentences of frustration or anger against the rest",
    "anger.auc": "customer sentences of anger against the rest",
    "csat.spearman": "with the mean satisfaction that people gave",
    **{f"risk.auc@{share}": f"conversations that derail, after {share} % of the comments before" for share in _SHARES},
}
"""What each measure says."""


class RowSet(CorpusEntry):
    """Texts on their own."""

    split: Literal["train", "dev"] = "dev"
    shipped: bool = False
    besides: str | None = None
    """Entry of the training table whose drawn rows are left out."""


class DialogueSet(BaseModel):
    """Whole conversations."""

    model_config = ConfigDict(extra="forbid")

    name: str
    kind: Literal["maia", "derailment", "stc"]
    paths: list[str]
    language: Literal["zh", "en"]
    licence: str
    labelled: list[str] = []
    """Corpora of our labels whose rows are left out."""


class UntrainedTable(BaseModel):
    """The table of sets."""

    model_config = ConfigDict(extra="forbid")

    rows: list[RowSet] = []
    dialogues: list[DialogueSet] = []


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one set."""

    corpus: str
    language: str
    measure: str
    """A key of ``LEGEND``."""
    value: float
    low: float
    """95 % interval: over texts, over conversations."""
    high: float
    count: int
    """Texts, sentences or conversations measured."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """What a figure is taken of."""

    measure: str
    take: Measure
    columns: tuple[Column, ...]
    groups: Column | None = None
    """Conversation of each row, where a conversation has several."""

    def figure(self, corpus: str, language: str, draws: int, seed: int) -> Figure:
        value = self.take(*self.columns)
        low, high = interval(self.take, *self.columns, draws=draws, seed=seed, groups=self.groups)
        value, low, high = (round(float(number), 4) for number in (value, low, high))
        return Figure(corpus, language, self.measure, value, low, high, len(self.columns[0]))


@dataclass(frozen=True, slots=True)
class Trained:
    """What the model was trained on, as far as it touches these sets."""

    table: Sequence[CorpusEntry]
    draws: Draws
    labels: Path | None
    """Folder of our labels on rows of public corpora, where it was trained on them."""


def load_untrained(path: Path) -> UntrainedTable:
    """The table; raises pydantic's ``ValidationError`` on unknown keys."""
    return UntrainedTable.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def untrained_figures(
    pipeline: Pipeline,
    sets: UntrainedTable,
    corpora: Path,
    trained: Trained,
    *,
    sample: int = SAMPLE,
    draws: int = 1000,
    seed: int = 0,
) -> list[Figure]:
    """Measures of every set, in the order of the table; those that are not defined in so few rows are left out.

    Args:
        pipeline: with the model.
        sets: what to measure on.
        corpora: folder of the corpora.
        trained: what is left out.
        sample: rows drawn of each set; a fifth as many conversations.
        draws: bootstrap draws of the intervals.
        seed: of sample and bootstrap.

    Raises:
        InputError: a file is missing or lacks a column.
    """
    found: list[tuple[RowSet | DialogueSet, _Columns]] = []
    for one in sets.rows:
        found += [(one, taken) for taken in _of_rows(pipeline, one, corpora, trained, sample, seed)]
    for dialogues in sets.dialogues:
        left_out = frozenset() if trained.labels is None else labelled_rows(trained.labels, dialogues.labelled)
        rows = [row for path in dialogues.paths for row in read_rows(corpora / path) if row.get("id") not in left_out]
        drawn = some(rows, max(1, sample // 5), seed=seed)
        found += [(dialogues, taken) for taken in _KINDS[dialogues.kind](pipeline, drawn)]
    figures = [taken.figure(one.name, one.language, draws, seed) for one, taken in found]
    return [figure for figure in figures if not math.isnan(figure.value)]


def _of_rows(
    pipeline: Pipeline, one: RowSet, corpora: Path, trained: Trained, sample: int, seed: int
) -> Iterator[_Columns]:
    layout = Layout(pipeline.scorer.categories)
    seen: set[str] = set()
    if one.besides is not None:
        seen = texts_of(next(e for e in trained.table if e.name == one.besides), corpora, trained.draws)
    drawn = one.model_copy(update={"sample": sample})
    rows = public_dataset(drawn, corpora, layout, seed=seed, without=seen)
    targets = np.array(rows["targets"], float)
    results = _alone(pipeline, rows["text"])
    for head in (*one.targets, *one.numbers):
        wanted = targets[:, layout.part(head)][:, 0]
        known = np.flatnonzero(~np.isnan(wanted))
        yield from _HEADS[head](wanted[known], [results[i] for i in known])


def _alone(pipeline: Pipeline, texts: Sequence[str]) -> list[MessageResult]:
    """Each text as the only message of a customer."""
    chats = [_chat(str(i), [(Role.CUSTOMER, text)]) for i, text in enumerate(texts)]
    return [done.assessment.messages[0] for done in pipeline.run_batch(chats, full=True)]


def _chat(name: str, turns: Turns) -> Conversation:
    return Conversation(name, messages_of(turns))


def _anger_any(wanted: Floats, results: Sequence[MessageResult]) -> Iterator[_Columns]:
    said = np.array([_probability(r, "anger_any") for r in results])
    yield _Columns("anger_any.auc", auc, (wanted > 0, said))


def _anger(wanted: Floats, results: Sequence[MessageResult]) -> Iterator[_Columns]:
    yield _Columns("anger.pearson", _pearson, (wanted, np.array([r.anger for r in results], float)))


def _polarity(wanted: Floats, results: Sequence[MessageResult]) -> Iterator[_Columns]:
    """Negative against the rest where the set knows neutral texts; else negative against positive."""
    said = np.array([POLARITIES.index(r.polarity.value) for r in results if r.polarity is not None])
    if (wanted == _NEUTRAL).any():
        columns = (wanted == _NEGATIVE, said == _NEGATIVE)
        yield _Columns("negative.accuracy", accuracy_score, columns)
        yield _Columns("negative.macro_f1", _macro_f1, columns)
        return
    leaning = np.array([_probability(r, Polarity.NEGATIVE) - _probability(r, Polarity.POSITIVE) for r in results])
    yield _Columns("polarity.accuracy", accuracy_score, (wanted, said))
    yield _Columns("polarity.accuracy_of_two", accuracy_score, (wanted, np.where(leaning > 0, _NEGATIVE, _POSITIVE)))
    yield _Columns("polarity.neutral", np.mean, (said == _NEUTRAL,))


def _probability(result: MessageResult, name: str) -> float:
    """Of a head by its name; 0 where there was nothing to score."""
    return (result.scores or {}).get(name, 0.0)


def _pearson(wanted: Floats, said: Floats) -> float:
    return float(np.corrcoef(wanted, said)[0, 1]) if np.ptp(wanted) and np.ptp(said) else np.nan


def _macro_f1(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    return float(f1_score(truth, said, average="macro"))


_HEADS: Mapping[str, Callable[[Floats, Sequence[MessageResult]], Iterator[_Columns]]] = {
    "anger_any": _anger_any,
    "anger": _anger,
    "polarity": _polarity,
}


def _maia(pipeline: Pipeline, rows: Sequence[Row]) -> Iterator[_Columns]:
    read = [_sentences(row) for row in rows]
    assessed = _assess(pipeline, [turns for turns, _ in read])
    triples = [
        (number, emotion, result)
        for number, ((_, emotions), done) in enumerate(zip(read, assessed, strict=True))
        for emotion, result in zip(emotions, done.messages, strict=True)
        if emotion in _RATED
    ]
    groups, emotions = np.array([(number, emotion) for number, emotion, _ in triples]).T
    for head, meant in (("frustration", (_FRUSTRATED, _ANGRY)), ("anger", (_ANGRY,))):
        said = np.array([getattr(result, head) for *_, result in triples], float)
        yield _Columns(f"{head}.auc", auc, (np.isin(emotions, meant), said), groups)


def _sentences(row: Row) -> tuple[Turns, list[int | None]]:
    """Messages in English, and the emotion of each; ``None`` for agents."""
    turns: list[tuple[Role, str]] = []
    emotions: list[int | None] = []
    for turn in row["turns"]:
        if turn["floor"] == "inbound":
            turns += [(Role.CUSTOMER, sentence) for sentence in turn["text_mt"]]
            emotions += turn["Emotion"]
        else:
            turns.append((Role.AGENT, " ".join(turn["text_src"])))
            emotions.append(None)
    return turns, emotions


def _derailment(pipeline: Pipeline, rows: Sequence[Row]) -> Iterator[_Columns]:
    truth = np.array([bool(row["derails"]) for row in rows])
    sides = (Role.CUSTOMER, Role.AGENT), (Role.AGENT, Role.CUSTOMER)
    risks = [
        [[m.risk for m in done.messages] for done in _assess(pipeline, [_alternating(row, roles) for row in rows])]
        for roles in sides
    ]
    highest = [np.maximum(one, other) for one, other in zip(*risks, strict=True)]
    for share in _SHARES:
        said = np.array([risk[math.ceil(share / 100 * len(risk)) - 1] for risk in highest])
        yield _Columns(f"risk.auc@{share}", auc, (truth, said))


def _alternating(row: Row, roles: tuple[Role, Role]) -> Turns:
    return [(roles[number % 2], text) for number, text in enumerate(row["context"])]


def _stc(pipeline: Pipeline, rows: Sequence[Row]) -> Iterator[_Columns]:
    said = np.array([done.conversation.csat for done in _assess(pipeline, [stc_turns(row) for row in rows])])
    yield _Columns("csat.spearman", spearman, (np.array([np.mean(row["S"]) for row in rows]), said))


_KINDS: Mapping[str, Callable[[Pipeline, Sequence[Row]], Iterator[_Columns]]] = {
    "maia": _maia,
    "derailment": _derailment,
    "stc": _stc,
}


def _assess(pipeline: Pipeline, dialogues: Sequence[Turns]) -> list[Assessment]:
    chats = (_chat(str(number), turns) for number, turns in enumerate(dialogues))
    return [done.assessment for done in pipeline.run_batch(chats)]


def as_markdown(found: Sequence[Figure]) -> str:
    """A Markdown table, a measure of a set a line."""
    lines = [f"| {' | '.join((*_HEADER, 'what'))} |", "| --- " * (len(_HEADER) + 1) + "|"]
    lines += [f"| {' | '.join((*_cells(one), LEGEND[one.measure]))} |" for one in found]
    return "\n".join(lines)


def as_table(found: Sequence[Figure]) -> str:
    """The same as text."""
    rows = [_HEADER, *map(_cells, found)]
    return "\n".join(f"{row[0]:24}{row[1]:10}{row[2]:26}{row[3]:>7}{row[4]:>18}{row[5]:>7}" for row in rows)


_HEADER = ("set", "language", "measure", "value", "95 %", "of")


def _cells(one: Figure) -> tuple[str, ...]:
    spread = f"{one.low:.3f} … {one.high:.3f}"
    return one.corpus, one.language, one.measure, f"{one.value:.3f}", spread, str(one.count)

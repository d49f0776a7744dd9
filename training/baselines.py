"""Plain baselines of the broad heads: character n-grams and a logistic regression, trained on the rows that the model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline as Steps
from sklearn.pipeline import make_pipeline

from pipeline.models.scorer import BROAD, Scorer
from training.corpora import CorpusEntry, public_dataset
from training.evaluation import BroadRows, broad_rows
from training.intervals import interval
from training.measures import auc
from training.targets import Layout

Floats = NDArray[np.float64]
PENALTY = 3.0
"""Inverse strength: of 1, 3 and 10 the best on the development parts, which favours the baseline."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """AUC of the model and of the baseline on the same rows."""

    corpus: str
    head: str
    rows: int
    model: float
    baseline: float
    low: float | None = None
    """Of the difference: 95 % interval over rows; ``None`` for means."""
    high: float | None = None

    @property
    def difference(self) -> float:
        """Above 0 where the model is better."""
        return round(self.model - self.baseline, 4)


def compare_baselines(
    scorer: Scorer,
    table: Sequence[CorpusEntry],
    corpora: Path,
    layout: Layout,
    *,
    trained_seed: int,
    draws: int = 1000,
    seed: int = 0,
) -> list[Comparison]:
    """Model and baseline on every development part that names its training rows.

    Args:
        scorer: the model.
        table: public corpora.
        corpora: their folder.
        layout: target layout.
        trained_seed: of the training run, which drew the rows.
        draws: bootstrap draws.
        seed: of the bootstrap and of the draw of development rows.

    Raises:
        InputError: a file is missing or lacks a column.
    """
    by_name = {entry.name: entry for entry in table}
    found = []
    for rows in broad_rows(scorer, table, corpora, layout, seed=seed):
        if rows.entry.of is not None:
            trained = public_dataset(by_name[rows.entry.of], corpora, layout, seed=trained_seed)
            wanted = np.array(trained["targets"], np.float32)[:, layout.part(rows.head)][:, 0]
            known, texts = np.flatnonzero(~np.isnan(wanted)), list(trained["text"])
            fitted = fit_baseline([texts[i] for i in known], wanted[known] > 0)
            found.append(_compared(rows, fitted.predict_proba(rows.texts)[:, 1], draws, seed))
    return found


def _compared(rows: BroadRows, said: Floats, draws: int, seed: int) -> Comparison:
    low, high = interval(_difference, rows.truth, rows.said, said, draws=draws, seed=seed)
    baseline = round(auc(rows.truth, said), 4)
    return Comparison(rows.entry.name, rows.head, len(rows.texts), rows.auc, baseline, round(low, 4), round(high, 4))


def _difference(truth: NDArray[np.bool_], model: Floats, baseline: Floats) -> float:
    return auc(truth, model) - auc(truth, baseline)


def fit_baseline(texts: Sequence[str], truth: NDArray[np.bool_]) -> Steps:
    """TF-IDF of character n-grams (1 to 4, within words) and a logistic regression."""
    return make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), min_df=2, sublinear_tf=True),
        LogisticRegression(solver="liblinear", C=PENALTY),
    ).fit(texts, truth)


def without_development(table: Sequence[CorpusEntry]) -> list[str]:
    """Sets that the broad heads learn from and that have no development part: they cannot be measured."""
    measured = {entry.of for entry in table if entry.split == "dev"}
    return [e.name for e in table if e.split == "train" and e.name not in measured and set(e.targets) & set(BROAD)]


def with_means(found: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons, then their means by head and over all; every set weighs the same."""
    groups = {head: [one for one in found if one.head == head] for head in BROAD} | {"all": list(found)}
    return [*found, *(_mean(head, group) for head, group in groups.items() if group)]


def as_markdown(found: Sequence[Comparison], unmeasured: Sequence[str]) -> str:
    """A Markdown table with means, and which sets cannot be measured."""
    lines = [f"| {' | '.join(_HEADER)} |", "| --- " * len(_HEADER) + "|"]
    lines += [f"| {' | '.join(_cells(one))} |" for one in with_means(found)]
    return "\n".join([*lines, "", _note(unmeasured)])


def as_table(found: Sequence[Comparison], unmeasured: Sequence[str]) -> str:
    """The same as text."""
    rows = [_HEADER, *map(_cells, with_means(found))]
    lines = [f"{row[0]:26}{row[1]:15}" + "".join(f"{cell:>11}" for cell in row[2:5]) + f"{row[5]:>26}" for row in rows]
    return "\n".join([*lines, _note(unmeasured)])


_HEADER = ("set", "head", "rows", "model", "TF-IDF", "difference")


def _mean(head: str, group: Sequence[Comparison]) -> Comparison:
    model, baseline = (float(np.mean([getattr(one, side) for one in group])) for side in ("model", "baseline"))
    return Comparison("mean", head, sum(one.rows for one in group), round(model, 4), round(baseline, 4))


def _cells(one: Comparison) -> tuple[str, ...]:
    spread = "" if one.low is None else f" ({one.low:+.3f} … {one.high:+.3f})"
    numbers = (f"{one.model:.3f}", f"{one.baseline:.3f}", f"{one.difference:+.3f}{spread}")
    return (one.corpus, one.head, str(one.rows), *numbers)


def _note(unmeasured: Sequence[str]) -> str:
    return f"Not measurable, no development part: {', '.join(unmeasured)}." if unmeasured else "Every set is measured."

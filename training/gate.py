"""The gate before the champion: floors, no language and no complaint category worse than the present champion, size, speed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from pipeline.config_file import load_yaml
from pipeline.models.onnx import OnnxScorer
from pipeline.models.scorer import Scorer
from pipeline.records import Conversation
from pipeline.resources import resource
from pipeline.run import build, prepare_all
from training.categories import ByCategory, compare_categories
from training.compare import Difference, compare
from training.corpora import chat_language
from training.deploy import size_of
from training.evaluation import figures, judge
from training.measures import Judged

ROUNDS, TIMED = 7, 40
"""Rounds of timing, and texts in each."""
LANGUAGES = ("zh", "en", "mixed")
Figures = Mapping[str, Mapping[str, float]]


class Gate(BaseModel):
    """``configs/train/gate.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    floors: dict[str, dict[str, float]] = {}
    """Least values by group and measure."""
    ceilings: dict[str, dict[str, float]] = {}
    """Greatest values by group and measure."""
    compared: tuple[str, ...] = ()
    """Measures of ``training.compare`` in which no language may fall behind the champion."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.99
    by_category: tuple[str, ...] = ()
    """Measures of ``training.compare.category_measures`` in which no complaint category may fall behind the champion."""
    category_confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.998
    least_chats: Annotated[int, Field(ge=1)] = 10
    """Complaint categories with fewer chats are not compared, but named."""
    draws: Annotated[int, Field(ge=100)] = 2000
    size_mb: Annotated[float, Field(gt=0)] = 45
    """Of the folder, in millions of bytes."""
    slowdown: Annotated[float, Field(gt=0)] = 1.25
    """Greatest time a text relative to the champion's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found."""

    failures: tuple[str, ...]
    """One line a failed check: which, and by how much."""
    checks: int
    """How many were made."""
    figures: dict[str, dict[str, float]]
    """Of the candidate, by language."""
    left_out: Mapping[str, int]
    """Chats of each complaint category that has too few to be compared."""

    @property
    def is_open(self) -> bool:
        """Every check was passed."""
        return not self.failures


def load_gate(path: Path | None = None) -> Gate:
    """The gate's settings; the shipped file where no path is given.

    Raises:
        ConfigError: the file is missing, no YAML, or a value in it is wrong.
    """
    return load_yaml(Gate, path or resource("configs", "train", "gate.yaml"))


def examine(candidate: Path, champion: Path, chats: Sequence[Conversation], gate: Gate) -> Verdict:
    """Put a model through the gate.

    Args:
        candidate: model folder that wants to be champion.
        champion: model folder of the present one.
        chats: annotated development chats.
        gate: what is demanded.

    Raises:
        ModelError: a model is missing or damaged.
    """
    judged, against = (judge(build(model=folder), chats) for folder in (candidate, champion))
    found = figures(judged)
    ratio = slowdown(OnnxScorer(candidate), OnnxScorer(champion), texts_of(chats, limit=TIMED))
    differences = compare(judged, against, chat_language, draws=gate.draws, confidence=gate.confidence)
    languages = {group: differences[group] for group in LANGUAGES if group in differences}
    categories = _by_category(judged, against, gate)
    checks = [
        *bounds(found, gate),
        *fallen(_lost(languages, gate.compared), gate.confidence),
        *fallen(_lost(categories.differences, gate.by_category), gate.category_confidence),
        _at_most("size of the folder", size_of(candidate) / 1e6, gate.size_mb, "MB"),
        _at_most("time a message over the champion's", ratio, gate.slowdown, "times"),
    ]
    return Verdict(tuple(line for line in checks if line is not None), len(checks), found, categories.left_out)


def _by_category(judged: Sequence[Judged], against: Sequence[Judged], gate: Gate) -> ByCategory:
    if not gate.by_category:
        return ByCategory({}, {})
    return compare_categories(
        judged, against, least=gate.least_chats, draws=gate.draws, confidence=gate.category_confidence
    )


def _lost(
    differences: Mapping[str, Mapping[str, Difference]], compared: Sequence[str]
) -> dict[str, dict[str, tuple[float, float]]]:
    """Difference and upper end of its interval of the compared measures, by group."""
    return {
        group: {name: (d.difference, d.high) for name, d in by_measure.items() if name in compared}
        for group, by_measure in differences.items()
    }


def bounds(found: Figures, gate: Gate) -> Iterator[str | None]:
    """Checks of floors and ceilings; a measure that the chats do not give is a failure, a group without chats is none."""
    for group, floors in gate.floors.items():
        if group in found:
            for name, floor in floors.items():
                yield _floor(f"{group} {name}", found[group].get(name), floor)
    for group, ceilings in gate.ceilings.items():
        if group in found:
            for name, ceiling in ceilings.items():
                value = found[group].get(name)
                yield _unknown(f"{group} {name}") if value is None else _at_most(f"{group} {name}", value, ceiling)


def fallen(lost: Mapping[str, Mapping[str, tuple[float, float]]], confidence: float) -> Iterator[str | None]:
    """Checks against the champion: difference and upper end of its interval by language or category, and measure."""
    for group, by_measure in lost.items():
        for name, (difference, high) in by_measure.items():
            fell = f"{group} {name}: {difference:+.3f} against the champion, {100 * confidence:g}% interval ends at {high:+.3f}"
            yield fell if high < 0 else None


def _floor(what: str, value: float | None, floor: float) -> str | None:
    if value is None:
        return _unknown(what)
    return f"{what}: {value:.3f} is {floor - value:.3f} below the floor {floor:g}" if value < floor else None


def _unknown(what: str) -> str:
    return f"{what}: the chats do not give this measure"


def _at_most(what: str, value: float, limit: float, unit: str = "") -> str | None:
    over = f"{what}: {value:.3f} is {value - limit:.3f} over the limit {limit:g} {unit}".rstrip()
    return over if value > limit else None


def texts_of(chats: Sequence[Conversation], *, limit: int) -> list[str]:
    """Texts as the model reads them, at even distances through the chats."""
    every = [p.model_text.text for chat in chats for p in prepare_all(chat) if p.model_text.text]
    return every[:: max(1, len(every) // limit)][:limit]


def slowdown(candidate: Scorer, champion: Scorer, texts: Sequence[str]) -> float:
    """Time a text of the first scorer over that of the second, one text at a time, in turns; the median of the rounds."""
    for scorer in (candidate, champion):
        scorer.score(texts[:5])
    return float(np.median([_seconds(candidate, texts) / _seconds(champion, texts) for _ in range(ROUNDS)]))


def _seconds(scorer: Scorer, texts: Sequence[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        scorer.score([text])
    return time.perf_counter() - began

"""What a run leaves to look at beside its numbers: confusions, reliability of the risk, the worst errors (texts redacted)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.records import CustomerLabels, MessageResult
from pipeline.run import prepare_all, stored_id
from pipeline.serialise import Json, dump_line
from training.corpora import chat_language
from training.measures import CUTS, Judged, by_language, free_risks

Floats = NDArray[np.float64]
LEVELS = 4
SAMPLES = 200
"""Errors that are kept."""
BINS = 10


def write_proof(judged: Sequence[Judged], folder: Path) -> None:
    """Write ``confusion.json`` and ``.png``, ``reliability.json`` and ``.png``, ``errors.jsonl``.

    Args:
        judged: scored development chats.
        folder: made where missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    groups = by_language(judged, chat_language)
    matrices = {
        head: {name: confusion(group, head) for name, group in groups.items()} for head in ("anger", "frustration")
    }
    tables = {head: {name: matrix.tolist() for name, matrix in by.items()} for head, by in matrices.items()}
    (folder / "confusion.json").write_text(json.dumps(tables, indent=1) + "\n", encoding="utf-8")
    _confusion_plot({head: by["all"] for head, by in matrices.items()}).savefig(folder / "confusion.png", dpi=120)
    bins = reliability(judged)
    rows = [{"risk": b.risk, "share": b.share, "weight": b.weight} for b in bins]
    (folder / "reliability.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    _reliability_plot(bins).savefig(folder / "reliability.png", dpi=120)
    with (folder / "errors.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(dump_line(row) + "\n" for row in errors(judged))


def confusion(judged: Sequence[Judged], head: str) -> NDArray[np.int64]:
    """Counts of customer messages, shape (4, 4): annotated level down, level said across."""
    counts = np.zeros((LEVELS, LEVELS), np.int64)
    for one in judged:
        for label, result in one.customers():
            counts[getattr(label, head), _level(result, head)] += 1
    return counts


@dataclass(frozen=True, slots=True)
class Bin:
    """Event-free prefixes of like risk."""

    risk: float
    """Mean risk."""
    share: float
    """Share that did escalate."""
    weight: float
    """Share of all prefixes; each chat weighs the same."""


def reliability(judged: Sequence[Judged], *, bins: int = BINS) -> list[Bin]:
    """Said and true shares of escalations over event-free prefixes, in equal steps of the risk; empty steps are left out."""
    found = [(risks, one.labels.conversation.escalated) for one in judged if (risks := free_risks(one)).size]
    if not found:
        return []
    risk = np.concatenate([risks for risks, _ in found])
    truth = np.concatenate([np.full(risks.size, escalated, float) for risks, escalated in found])
    weight = np.concatenate([np.full(risks.size, 1 / risks.size / len(found)) for risks, _ in found])
    which = np.minimum((risk * bins).astype(int), bins - 1)
    inside = [which == step for step in range(bins)]
    return [_bin(risk[i], truth[i], weight[i]) for i in inside if i.any()]


def _bin(risk: Floats, truth: Floats, weight: Floats) -> Bin:
    return Bin(
        risk=float(np.average(risk, weights=weight)),
        share=float(np.average(truth, weights=weight)),
        weight=float(weight.sum()),
    )


def errors(judged: Sequence[Judged], *, limit: int = SAMPLES) -> list[Json]:
    """Customer messages whose anger or frustration is read most wrongly, the worst first; their texts are redacted."""
    rows = [row for one in judged for row in _misread(one)]
    return sorted(rows, key=lambda row: -row["gap"])[:limit]


def _misread(judged: Judged) -> Iterator[Json]:
    chat = judged.conversation
    texts = {p.message.message_id: p.redacted.text for p in prepare_all(chat)}
    for label, result in judged.customers():
        gap = _gap(label, result)
        if gap > 1:
            yield {
                "conversation_id": stored_id(chat.conversation_id),
                "message_id": result.message_id,
                "language": chat_language(chat),
                "text": texts[result.message_id],
                "anger": [label.anger, result.anger],
                "frustration": [label.frustration, result.frustration],
                "signals": [sorted(s.value for s in label.signals), sorted(str(s.name) for s in result.signals)],
                "gap": round(gap, 4),
            }


def _gap(label: CustomerLabels, result: MessageResult) -> float:
    """Levels between what was wanted and what was said, of the worse head."""
    return max(abs(float(getattr(label, head)) - 3 * float(getattr(result, head))) for head in ("anger", "frustration"))


def _level(result: MessageResult, head: str) -> int:
    return int(np.digitize(getattr(result, head), CUTS))


def _confusion_plot(matrices: Mapping[str, NDArray[np.int64]]) -> Figure:
    figure = Figure(figsize=(8, 4), layout="constrained")
    for axes, (head, counts) in zip(figure.subplots(1, len(matrices)), matrices.items(), strict=True):
        axes.imshow(counts / np.maximum(1, counts.sum(axis=1, keepdims=True)), vmin=0, vmax=1, cmap="Blues")
        for (row, column), count in np.ndenumerate(counts):
            axes.text(column, row, str(count), ha="center", va="center")
        axes.set(title=head, xlabel="said", ylabel="annotated", xticks=range(LEVELS), yticks=range(LEVELS))
    return figure


def _reliability_plot(bins: Sequence[Bin]) -> Figure:
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot((0, 1), (0, 1), color="grey", linewidth=1)
    axes.scatter([b.risk for b in bins], [b.share for b in bins], s=[20 + 600 * b.weight for b in bins])
    axes.set(
        xlabel="risk said", ylabel="share that escalates", xlim=(0, 1), ylim=(0, 1), title="risk before an escalation"
    )
    return figure

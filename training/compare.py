"""Two models on the same annotated chats: paired bootstrap over conversations (Efron and Tibshirani 1993).

Every measure is written as a function of how often each chat is drawn, so that a thousand draws of hundreds of chats take a second;
with each chat drawn once it gives what ``training.measures`` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from pipeline.errors import InputError
from pipeline.models.scorer import POLARITIES
from pipeline.records import AgentLabels, Conversation
from training.measures import CUTS, GRAVE, Judged, by_language, free_customer_risks

DRAWS = 1000
PREFIXES = 5
"""The forecast's AUC is the mean over the first so many customer messages."""
Floats = NDArray[np.float64]
Measure = Callable[[Floats], Floats]
"""How often each chat is drawn, shape (draws, chats), to values, shape (draws,); NaN where a draw cannot give one."""
Measures = Callable[[Sequence[Judged]], Iterator[tuple[str, Measure]]]
"""Named measures of some chats."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure of two models, and the interval of the first minus the second."""

    model: float
    against: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """The first minus the second."""
        return self.model - self.against

    @property
    def is_certain(self) -> bool:
        """The interval leaves out zero."""
        return self.low > 0 or self.high < 0


def compare(
    model: Sequence[Judged],
    against: Sequence[Judged],
    group: Callable[[Conversation], str],
    *,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
    measures: Measures | None = None,
) -> dict[str, dict[str, Difference]]:
    """Measures of two models by group of chats, and over all.

    Args:
        model: chats as the first model reads them.
        against: the same chats, in the same order, as the second reads them.
        group: of a chat, such as its language.
        draws: bootstrap draws, of conversations with replacement; the same for both models.
        confidence: of the intervals.
        seed: of the draws.
        measures: what to compare; ``main_measures`` where not given.

    Raises:
        InputError: the chats differ.
    """
    names = [[(j.conversation.source, j.conversation.conversation_id) for j in side] for side in (model, against)]
    if names[0] != names[1]:
        raise InputError("two models can only be compared on the same chats")
    first, second = by_language(model, group), by_language(against, group)
    of = measures or main_measures
    return {
        name: _differences(first[name], second[name], of, draws=draws, confidence=confidence, seed=seed)
        for name in sorted(first)
    }


def _differences(
    model: Sequence[Judged], against: Sequence[Judged], measures: Measures, *, draws: int, confidence: float, seed: int
) -> dict[str, Difference]:
    drawn = drawn_chats(len(model), draws, seed)
    once = np.ones((1, len(model)))
    tail = (1 - confidence) / 2
    found: dict[str, Difference] = {}
    second = dict(measures(against))
    for name, of in measures(model):
        said, other = float(of(once)[0]), float(second[name](once)[0])
        spread = of(drawn) - second[name](drawn)
        spread = spread[np.isfinite(spread)]
        if np.isfinite(said) and np.isfinite(other) and spread.size:
            low, high = np.quantile(spread, (tail, 1 - tail))
            found[name] = Difference(*(round(float(v), 4) for v in (said, other, low, high)))
    return found


def drawn_chats(chats: int, draws: int, seed: int) -> Floats:
    """How often each chat is drawn in a bootstrap over conversations, with replacement; shape (draws, chats)."""
    return np.random.default_rng(seed).multinomial(chats, np.full(chats, 1 / chats), size=draws).astype(float)


def main_measures(judged: Sequence[Judged]) -> Iterator[tuple[str, Measure]]:
    """The measures that models are compared by, of these chats; named as in ``training.measures``."""
    for head in ("anger", "frustration"):
        yield f"{head}.qwk", _of_counts(_confusions(judged, _levels(head), 4), _kappas)
    truth, scores, chat = _pooled(judged)
    yield "anger.auc2", _Auc(truth, scores, chat).of
    yield "polarity.macro_f1", _of_counts(_confusions(judged, _polarities, 3), _macro_f1s)
    yield "signals.micro_f1", _of_counts(_hits(judged, _signals), _micro_f1s)
    yield "signals.recall_grave", _of_counts(_hits(judged, _grave), lambda sums: _share(sums[:, 0], sums[:, 1]))
    yield "acts.micro_f1", _of_counts(_hits(judged, _acts), _micro_f1s)
    yield "category.top1", _rate(judged, _top_category)
    yield "complaint.macro_f1", _of_counts(_confusions(judged, _complaints, 2), _macro_f1s)
    yield "stage.accuracy", _rate(judged, lambda j: j.labels.conversation.stage == j.assessment.conversation.stage)
    yield (
        "outcome.accuracy",
        _rate(judged, lambda j: j.labels.conversation.outcome == j.assessment.conversation.outcome),
    )
    yield "csat.spearman", _csat(judged)
    yield "escalation.f1", _of_counts(_hits(judged, _escalations), _micro_f1s)
    yield "escalation.at_exact", _rate(judged, _right_place)
    yield "forecast.auc", _forecast(judged)


def category_measures(judged: Sequence[Judged]) -> Iterator[tuple[str, Measure]]:
    """What is compared within a complaint category: whether its main category is named first, and whether an escalation is told."""
    yield "category.top1", _rate(judged, _top_category)
    yield (
        "escalation.accuracy",
        _rate(judged, lambda j: j.labels.conversation.escalated == j.assessment.conversation.escalated),
    )


Pairs = Callable[[Judged], Sequence[tuple[int, int]]]
Sets = Callable[[Judged], Sequence[tuple[frozenset[str], frozenset[str]]]]


def _levels(head: str) -> Pairs:
    def pairs(judged: Judged) -> Sequence[tuple[int, int]]:
        return [(getattr(w, head), int(np.digitize(getattr(s, head), CUTS))) for w, s in judged.customers()]

    return pairs


def _polarities(judged: Judged) -> Sequence[tuple[int, int]]:
    return [
        (POLARITIES.index(wanted.polarity.value), POLARITIES.index(said.polarity.value))
        for wanted, said in judged.customers()
        if said.polarity is not None
    ]


def _complaints(judged: Judged) -> Sequence[tuple[int, int]]:
    return [(int(bool(judged.labels.conversation.categories)), int(bool(judged.assessment.conversation.categories)))]


def _signals(judged: Judged) -> Sequence[tuple[frozenset[str], frozenset[str]]]:
    return [
        (frozenset(s.value for s in wanted.signals), frozenset(str(s.name) for s in said.signals))
        for wanted, said in judged.customers()
    ]


def _grave(judged: Judged) -> Sequence[tuple[frozenset[str], frozenset[str]]]:
    return [(wanted & GRAVE, said & GRAVE) for wanted, said in _signals(judged)]


def _acts(judged: Judged) -> Sequence[tuple[frozenset[str], frozenset[str]]]:
    return [
        (frozenset(a.value for a in label.acts), frozenset(str(a.name) for a in result.acts))
        for result in judged.assessment.messages
        if isinstance(label := judged.labels.messages.get(result.message_id), AgentLabels)
    ]


def _escalations(judged: Judged) -> Sequence[tuple[frozenset[str], frozenset[str]]]:
    yes, no = frozenset({"yes"}), frozenset[str]()
    return [
        (yes if judged.labels.conversation.escalated else no, yes if judged.assessment.conversation.escalated else no)
    ]


def _top_category(judged: Judged) -> bool | None:
    wanted, said = judged.labels.conversation.categories, judged.assessment.conversation.categories
    return bool(said) and said[0].name == wanted[0] if wanted else None


def _right_place(judged: Judged) -> bool | None:
    wanted, said = judged.labels.conversation, judged.assessment.conversation
    return wanted.escalation_at == said.escalation_at if wanted.escalated else None


def _of_counts(counts: Floats, measure: Callable[[Floats], Floats]) -> Measure:
    """A measure of summed counts; ``counts`` has shape (chats, numbers)."""
    return lambda drawn: measure(drawn @ counts)


def _confusions(judged: Sequence[Judged], pairs: Pairs, classes: int) -> Floats:
    """Shape (chats, classes * classes)."""
    counts = np.zeros((len(judged), classes * classes))
    for row, one in zip(counts, judged, strict=True):
        for wanted, said in pairs(one):
            row[wanted * classes + said] += 1
    return counts


def _hits(judged: Sequence[Judged], sets: Sets) -> Floats:
    """Names hit, wanted and said; shape (chats, 3)."""
    rows = [[(len(w & s), len(w), len(s)) for w, s in sets(one)] for one in judged]
    return np.array([np.sum(row, axis=0) if row else np.zeros(3) for row in rows], float)


def _rate(judged: Sequence[Judged], right: Callable[[Judged], bool | None]) -> Measure:
    """Share of the chats that are right, of those where the question can be asked."""
    answers = [right(one) for one in judged]
    counts = np.array([(bool(a), a is not None) for a in answers], float)
    return _of_counts(counts, lambda sums: _share(sums[:, 0], sums[:, 1]))


def _share(part: Floats, whole: Floats) -> Floats:
    shares: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares


def _micro_f1s(sums: Floats) -> Floats:
    f1: Floats = 2 * sums[:, 0] / np.maximum(1, sums[:, 1] + sums[:, 2])
    return f1


def _macro_f1s(sums: Floats) -> Floats:
    """Mean F1 over the classes that are annotated or said."""
    classes = int(sums.shape[1] ** 0.5)
    seen = sums.reshape(-1, classes, classes)
    total = seen.sum(axis=1) + seen.sum(axis=2)
    f1 = 2 * np.diagonal(seen, axis1=1, axis2=2) / np.maximum(1, total)
    result: Floats = f1.sum(axis=1) / np.maximum(1, (total > 0).sum(axis=1))
    return result


def _kappas(sums: Floats) -> Floats:
    classes = int(sums.shape[1] ** 0.5)
    seen = sums.reshape(-1, classes, classes)
    cost = np.subtract.outer(np.arange(classes), np.arange(classes)) ** 2
    chance = (
        seen.sum(axis=2)[:, :, None]
        * seen.sum(axis=1)[:, None, :]
        / np.maximum(1, seen.sum(axis=(1, 2)))[:, None, None]
    )
    expected = (cost * chance).sum(axis=(1, 2))
    kappas: Floats = 1 - np.divide((cost * seen).sum(axis=(1, 2)), expected, out=np.ones(len(sums)), where=expected > 0)
    return kappas


class _Auc:
    """Area under the curve of scores whose rows belong to chats that are drawn so and so often; ties count half.

    Args:
        truth: shape (rows,).
        scores: shape (rows,).
        chat: which chat each row belongs to, shape (rows,).
    """

    def __init__(self, truth: NDArray[np.bool_], scores: Floats, chat: NDArray[np.int64]) -> None:
        order = np.argsort(scores, kind="stable")
        self._truth, self._chat = truth[order], chat[order]
        self._starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)

    def of(self, drawn: Floats) -> Floats:
        """One value a draw."""
        return np.array([self._one(row[self._chat]) for row in drawn])

    def _one(self, weight: Floats) -> float:
        if not weight.size:
            return np.nan
        hot = np.add.reduceat(weight * self._truth, self._starts)
        calm = np.add.reduceat(weight * ~self._truth, self._starts)
        pairs = hot.sum() * calm.sum()
        below = np.cumsum(calm) - calm / 2
        return float((hot * below).sum() / pairs) if pairs else np.nan


def _pooled(judged: Sequence[Judged]) -> tuple[NDArray[np.bool_], Floats, NDArray[np.int64]]:
    rows = [(w.anger >= 2, s.anger, at) for at, one in enumerate(judged) for w, s in one.customers()]
    truth, scores, chat = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(truth, bool), np.array(scores, float), np.array(chat, np.int64)


def _csat(judged: Sequence[Judged]) -> Measure:
    pairs = [(one.labels.conversation.csat, one.assessment.conversation.csat) for one in judged]
    wanted, said = np.array(pairs, float).reshape(-1, 2).T

    def spearman(row: Floats) -> float:
        pick = np.repeat(np.arange(len(row)), row.astype(int))
        left, right = rankdata(wanted[pick]), rankdata(said[pick])
        return float(np.corrcoef(left, right)[0, 1]) if np.ptp(left) and np.ptp(right) else np.nan

    return lambda drawn: np.array([spearman(row) for row in drawn])


def _forecast(judged: Sequence[Judged]) -> Measure:
    """As ``forecast.auc``: of each number of customer messages, chats that had so many before the event or the end."""
    risks = [free_customer_risks(one) for one in judged]
    escalates = [one.labels.conversation.escalation_at is not None for one in judged]
    curves = []
    for k in range(1, PREFIXES + 1):
        chat = np.array([i for i, r in enumerate(risks) if len(r) >= k and (escalates[i] or len(r) > k)], np.int64)
        curves.append(
            _Auc(np.array([escalates[i] for i in chat], bool), np.array([risks[i][k - 1] for i in chat]), chat)
        )

    def mean(drawn: Floats) -> Floats:
        values = np.array([curve.of(drawn) for curve in curves])
        known = np.isfinite(values)
        return _share(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0).astype(float))

    return mean


def as_comparison(found: Mapping[str, Mapping[str, Difference]]) -> str:
    """A text table a language: both models, the difference, its interval; ``*`` where the interval leaves out zero."""
    lines = []
    for group, by_measure in found.items():
        lines.append(f"{group:22}{'model':>9}{'against':>9}{'change':>9}   interval")
        for name, d in by_measure.items():
            mark = "  *" if d.is_certain else ""
            lines.append(
                f"{name:22}{d.model:9.3f}{d.against:9.3f}{d.difference:+9.3f}   {d.low:+.3f} … {d.high:+.3f}{mark}"
            )
        lines.append("")
    return "\n".join(lines[:-1])


def as_numbers(found: Mapping[str, Mapping[str, Difference]]) -> dict[str, dict[str, dict[str, float]]]:
    """For JSON."""
    return {
        group: {
            name: {
                "model": d.model,
                "against": d.against,
                "difference": round(d.difference, 4),
                "low": d.low,
                "high": d.high,
            }
            for name, d in by_measure.items()
        }
        for group, by_measure in found.items()
    }

"""Measures of scored conversations against annotated ones, by the names that the project reports.

Levels: Spearman, quadratic-weighted kappa (Cohen 1968) with a bootstrap interval over conversations, AUC of level >= 2.
Sets: micro- and macro-F1. Words of signals: F1 over words where a span is marked (as of extractive question answering, Rajpurkar et al.
2016, pooled). Escalation: F1 and place. Forecast: AUC after the k-th customer message, recall and lead at fixed shares of
false alarms, calibration error over event-free prefixes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import f1_score, roc_auc_score

from pipeline.records import (
    AgentLabels,
    Annotation,
    Assessment,
    Conversation,
    CustomerLabels,
    MessageResult,
    Role,
    SignalName,
)
from pipeline.text.words import words
from training.calibrate import kappa

CUTS = (1 / 6, 1 / 2, 5 / 6)
GRAVE = frozenset({SignalName.SAFETY_RISK, SignalName.LEGAL_THREAT, SignalName.REGULATOR_THREAT})
FALSE_ALARMS = {"fa5": 0.95, "fa1": 0.99}
BINS = 5
Sets = Sequence[tuple[frozenset[str], frozenset[str]]]
Mark = tuple[str, int, int]
"""Signal, start and end (code points of the text as written) of words that carry it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An annotated conversation and what scoring said of it."""

    conversation: Conversation
    assessment: Assessment
    """Quotes the text as written."""
    marked: Mapping[str, Sequence[Mark]] = field(default_factory=dict)
    """Words that an annotator marked, by message id; a message without marks says nothing of its words."""

    @property
    def labels(self) -> Annotation:
        """The annotation; the conversation must have one."""
        assert self.conversation.labels is not None
        return self.conversation.labels

    def customers(self) -> list[tuple[CustomerLabels, MessageResult]]:
        """Labels and results of customer messages, in order."""
        labels = self.labels.messages
        return [
            (label, result)
            for result in self.assessment.messages
            if isinstance(label := labels.get(result.message_id), CustomerLabels)
        ]


def measure(judged: Sequence[Judged]) -> dict[str, float]:
    """All measures; one that the data cannot give (one class only) is left out."""
    figures: dict[str, float] = {}
    for name in ("anger", "frustration"):
        figures |= _levels(judged, name)
    figures |= _messages(judged)
    figures |= _conversations(judged)
    figures |= _escalations(judged)
    figures |= forecasts(judged)
    figures["conversations"] = len(judged)
    figures["customer_messages"] = sum(len(j.customers()) for j in judged)
    return {name: round(float(value), 4) for name, value in figures.items() if np.isfinite(value)}


def micro_f1(pairs: Sequence[tuple[frozenset[object], frozenset[object]]]) -> tuple[float, float, float]:
    """Precision, recall and F1 over all (wanted, said) sets."""
    hits = sum(len(wanted & said) for wanted, said in pairs)
    wanted_count, said_count = sum(len(w) for w, _ in pairs), sum(len(s) for _, s in pairs)
    precision = hits / said_count if said_count else 0.0
    recall = hits / wanted_count if wanted_count else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _levels(judged: Sequence[Judged], name: str) -> dict[str, float]:
    per_chat = [
        (
            np.array([getattr(label, name) for label, _ in j.customers()], np.int64),
            np.array([getattr(result, name) for _, result in j.customers()], float),
        )
        for j in judged
    ]
    levels, scores = np.concatenate([p[0] for p in per_chat]), np.concatenate([p[1] for p in per_chat])
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(300):
        pick = rng.integers(len(per_chat), size=len(per_chat))
        drawn = np.concatenate([per_chat[i][0] for i in pick]), np.concatenate([per_chat[i][1] for i in pick])
        draws.append(kappa(drawn[0], np.digitize(drawn[1], CUTS)))
    return {
        f"{name}.spearman": spearman(levels, scores),
        f"{name}.qwk": kappa(levels, np.digitize(scores, CUTS)),
        f"{name}.qwk.low": float(np.quantile(draws, 0.025)),
        f"{name}.qwk.high": float(np.quantile(draws, 0.975)),
        f"{name}.auc2": auc(levels >= 2, scores),
    }


def _messages(judged: Sequence[Judged]) -> dict[str, float]:
    customers = [pair for j in judged for pair in j.customers()]
    signals = [
        (frozenset(s.value for s in label.signals), frozenset(s.name.value for s in result.signals))
        for label, result in customers
    ]
    acts = [
        (frozenset(a.value for a in label.acts), frozenset(a.name for a in result.acts))
        for j in judged
        for result in j.assessment.messages
        if isinstance(label := j.labels.messages.get(result.message_id), AgentLabels)
    ]
    return {
        "polarity.macro_f1": float(
            f1_score([label.polarity for label, _ in customers], [r.polarity for _, r in customers], average="macro")
        ),
        **_set_figures("signals", signals),
        "signals.recall_grave": micro_f1([(w & GRAVE, s & GRAVE) for w, s in signals])[1],
        "signals.token_f1": token_f1(judged),
        **_set_figures("acts", acts),
    }


def _set_figures(name: str, pairs: Sets) -> dict[str, float]:
    every: set[str] = set().union(*(wanted for wanted, _ in pairs))
    each = [micro_f1([(w & {label}, s & {label}) for w, s in pairs])[2] for label in sorted(every)]
    return {f"{name}.micro_f1": micro_f1(pairs)[2], f"{name}.macro_f1": float(np.mean(each)) if each else np.nan}


def token_f1(judged: Sequence[Judged]) -> float:
    """F1 over words of the spans that carry a signal, 0..1; NaN where no marked signal is also said.

    Words are those of ``pipeline.text.words``; a span has each word that it touches. Pooled over the pairs of message and signal
    that an annotator marked and the model says, so that a missed or invented signal counts in the F1 over names alone. A signal
    that is said without words misses all marked ones.
    """
    pairs = [pair for one in judged for _, result in one.customers() for pair in _marked_words(one, result)]
    return micro_f1(pairs)[2] if pairs else np.nan


def _marked_words(judged: Judged, result: MessageResult) -> list[tuple[frozenset[int], frozenset[int]]]:
    """Places of the marked words and of those said, a pair for each signal that is both marked and said."""
    marks = judged.marked.get(result.message_id, ())
    if not marks:
        return []
    ranges = words(next(m.text for m in judged.conversation.messages if m.message_id == result.message_id))

    def touched(spans: Iterable[tuple[int, int]]) -> frozenset[int]:
        return frozenset(
            i for low, high in spans for i, (start, end) in enumerate(ranges) if start < high and low < end
        )

    pairs = []
    for signal in result.signals:
        wanted = touched((start, end) for name, start, end in marks if name == signal.name)
        said = () if signal.start is None or signal.end is None else ((signal.start, signal.end),)
        if wanted:  # a mark of emoji alone holds no word
            pairs.append((wanted, touched(said)))
    return pairs


def _conversations(judged: Sequence[Judged]) -> dict[str, float]:
    wholes = [(j.labels.conversation, j.assessment.conversation) for j in judged]
    sets = [(frozenset(w.categories), frozenset(c.name for c in said.categories)) for w, said in wholes]
    first = [bool(s.categories) and s.categories[0].name == w.categories[0] for w, s in wholes if w.categories]
    complaint = [bool(w) for w, _ in sets], [bool(s) for _, s in sets]
    return {
        "category.top1": float(np.mean(first)) if first else np.nan,
        "category.micro_f1": micro_f1(sets)[2],
        "complaint.macro_f1": float(f1_score(*complaint, average="macro")),
        "stage.accuracy": float(np.mean([w.stage == s.stage for w, s in wholes])),
        "outcome.accuracy": float(np.mean([w.outcome == s.outcome for w, s in wholes])),
        "csat.spearman": spearman([w.csat for w, _ in wholes], [s.csat for _, s in wholes]),
    }


def _escalations(judged: Sequence[Judged]) -> dict[str, float]:
    wholes = [(j.labels.conversation, j.assessment.conversation) for j in judged]
    yes, no = frozenset({"1"}), frozenset[str]()
    precision, recall, f1 = micro_f1([(yes if w.escalated else no, yes if s.escalated else no) for w, s in wholes])
    placed = [w.escalation_at == s.escalation_at for w, s in wholes if w.escalated]
    return {
        "escalation.precision": precision,
        "escalation.recall": recall,
        "escalation.f1": f1,
        "escalation.at_exact": float(np.mean(placed)) if placed else np.nan,
    }


@dataclass(frozen=True, slots=True)
class _Path:
    """Risks before the event: whether each was at a customer message, and its value."""

    escalates: bool
    customer: NDArray[np.bool_]
    risk: NDArray[np.float64]


def _path(judged: Judged) -> _Path:
    event = judged.labels.conversation.escalation_at
    customer, risk = [], []
    for result in judged.assessment.messages:
        if result.message_id == event:
            break
        if result.role is not Role.SYSTEM:
            customer.append(result.role is Role.CUSTOMER)
            risk.append(result.risk)
    return _Path(event is not None, np.array(customer, bool), np.array(risk, float))


def free_risks(judged: Judged) -> NDArray[np.float64]:
    """Risks after each message before the escalation event, system lines left out; shape (messages,)."""
    return _path(judged).risk


def free_customer_risks(judged: Judged) -> NDArray[np.float64]:
    """Risks after each customer message before the escalation event; shape (messages,)."""
    path = _path(judged)
    return path.risk[path.customer]


def forecasts(judged: Sequence[Judged]) -> dict[str, float]:
    """Measures of the risk before the escalation event; NaN, or left out, where the chats cannot give them."""
    paths = [_path(j) for j in judged]
    aucs = [auc for k in range(1, 6) if np.isfinite(auc := _auc_after(paths, k))]
    figures = {
        "forecast.auc": float(np.mean(aucs)) if aucs else np.nan,
        "escalation.first_message": float(sum(p.escalates and not p.customer.any() for p in paths)),
    }
    calm = np.array([p.risk.max() for p in paths if not p.escalates and p.risk.size])
    hot = [p for p in paths if p.escalates and p.customer.any()]
    if calm.size and hot:
        for name, share in FALSE_ALARMS.items():
            threshold = float(np.quantile(calm, share, method="higher"))
            leads = [_lead(p, threshold) for p in hot]
            figures[f"forecast.recall@{name}"] = float(np.mean([lead > 0 for lead in leads]))
            if name == "fa5":
                figures["forecast.lead@fa5"] = float(np.median([lead for lead in leads if lead] or [0]))
    figures["forecast.ece"] = _calibration_error(paths)
    return figures


def _auc_after(paths: Iterable[_Path], k: int) -> float:
    truth, risk = [], []
    for path in paths:
        risks = path.risk[path.customer]
        if len(risks) >= k and (path.escalates or len(risks) > k):
            truth.append(path.escalates)
            risk.append(risks[k - 1])
    return auc(np.array(truth, bool), np.array(risk))


def _lead(path: _Path, threshold: float) -> int:
    """Customer messages from the first alarm to the event; 0 where there is no alarm."""
    over = np.flatnonzero(path.risk > threshold)
    return 1 + int(path.customer[over[0] + 1 :].sum()) if over.size else 0


def _calibration_error(paths: Sequence[_Path]) -> float:
    filled = [p for p in paths if p.risk.size]
    if not filled:
        return np.nan
    truth = np.concatenate([np.full(p.risk.size, p.escalates, float) for p in filled])
    risk = np.concatenate([p.risk for p in filled])
    weight = np.concatenate([np.full(p.risk.size, 1 / p.risk.size) for p in filled])
    order = np.argsort(risk, kind="stable")
    truth, risk, weight = truth[order], risk[order], weight[order] / weight.sum()
    which = np.minimum((np.cumsum(weight) * BINS).astype(int), BINS - 1)
    error = 0.0
    for bin_ in range(BINS):
        inside = which == bin_
        if inside.any():
            gap = np.average(truth[inside], weights=weight[inside]) - np.average(risk[inside], weights=weight[inside])
            error += abs(gap) * weight[inside].sum()
    return error


def spearman(left: Sequence[float] | NDArray[np.generic], right: Sequence[float] | NDArray[np.generic]) -> float:
    """Rank correlation; NaN where one side never varies."""
    if len(set(left)) < 2 or len(set(right)) < 2:
        return np.nan
    return float(spearmanr(left, right).statistic)


def auc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Area under the receiver operating characteristic; NaN where the truth never varies."""
    return float(roc_auc_score(truth, scores)) if 0 < truth.sum() < len(truth) else np.nan


def by_language(judged: Sequence[Judged], language: Callable[[Conversation], str]) -> Mapping[str, list[Judged]]:
    """The judged conversations by language, and ``all``."""
    groups: dict[str, list[Judged]] = {"all": list(judged)}
    for one in judged:
        groups.setdefault(language(one.conversation), []).append(one)
    return groups

"""A desk's share of escalating chats: counted where chats are annotated, else estimated from what the model says of them.

The estimate is that of Saerens et al. 2002, "Adjusting the Outputs of a Classifier to New a Priori Probabilities": a classifier that
is calibrated on reference chats meets chats of another share; expectation maximisation finds the share under which its own
probabilities agree with it. The classifier reads two things of a finished chat: whether an escalation event was found, and how high
the risk was before it. It is fitted here on annotated reference chats, so that events which the model misses or invents are allowed for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from pipeline.errors import InputError
from pipeline.records import Assessment, Conversation, Role

Floats = NDArray[np.float64]
DRAWS = 300
HALVINGS = 24
STRENGTH = 1.0
"""Inverse regularisation of the classifier: mild, so that a few perfectly told reference chats give no certainty."""
LEAST = 10
"""Reference chats of each kind that the classifier needs."""
_EDGE = 1e-3


@dataclass(frozen=True, slots=True)
class BaseRate:
    """A share of escalating chats with its interval."""

    rate: float
    low: float
    high: float
    """Ends of the 95 % interval."""
    chats: int
    how: str
    """What it rests on, in words."""


def counted(chats: Sequence[Conversation]) -> BaseRate:
    """The share of annotated chats, with Wilson's interval (Wilson 1927)."""
    hits, n, z = sum(c.labels is not None and c.labels.conversation.escalated for c in chats), len(chats), 1.96
    share = hits / n
    middle, half = share + z * z / (2 * n), z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return BaseRate(_inside(share, n), max(0.0, low), min(1.0, high), n, "counted from their labels")


def estimated(
    desk: Floats, reference: Floats, escalated: NDArray[np.bool_], *, draws: int = DRAWS, seed: int = 0
) -> BaseRate:
    """The share of chats without labels; the interval is a bootstrap over the desk's and the reference chats.

    Args:
        desk: evidence of the desk's chats, shape (chats, 2), see ``evidence``.
        reference: evidence of annotated chats, shape (reference chats, 2).
        escalated: whether each of those escalates.
        draws: bootstrap draws.
        seed: of the draws.

    Raises:
        InputError: too few reference chats of one kind.
    """
    if min(escalated.sum(), (~escalated).sum()) < LEAST:
        raise InputError(
            f"the reference needs at least {LEAST} annotated chats that escalate and {LEAST} that do not",
            fix="give more with --reference.",
        )
    rng = np.random.default_rng(seed)
    kinds = np.flatnonzero(escalated), np.flatnonzero(~escalated)
    rates = []
    for _ in range(draws):
        known = np.concatenate([rng.choice(kind, len(kind)) for kind in kinds])
        rates.append(_share(desk[rng.integers(len(desk), size=len(desk))], reference[known], escalated[known]))
    low, high = np.quantile(rates, (0.025, 0.975)).tolist()
    rate = _share(desk, reference, escalated)
    how = "estimated without labels, by expectation maximisation on the model's events and risks"
    return BaseRate(_inside(rate, len(desk)), low, high, len(desk), how)


def evidence(assessments: Sequence[Assessment]) -> Floats:
    """What the model says of finished chats, shape (chats, 2): an event was found (0 or 1); log-odds of the highest risk before it."""
    return np.array([_evidence(one) for one in assessments], float).reshape(-1, 2)


def _evidence(assessment: Assessment) -> tuple[float, float]:
    whole = assessment.conversation
    peak = 0.0
    for result in assessment.messages:
        if result.message_id == whole.escalation_at:
            break
        if result.role is not Role.SYSTEM:
            peak = max(peak, result.risk)
    peak = float(np.clip(peak, _EDGE, 1 - _EDGE))
    return float(whole.escalated), float(np.log(peak / (1 - peak)))


def _share(desk: Floats, reference: Floats, escalated: NDArray[np.bool_]) -> float:
    center, scale = reference.mean(axis=0), np.maximum(reference.std(axis=0), _EDGE)
    model = LogisticRegression(C=STRENGTH).fit((reference - center) / scale, escalated)
    said = model.predict_proba((desk - center) / scale)[:, 1]
    return prior_shift(said, float(escalated.mean()))


def prior_shift(said: Floats, prior: float) -> float:
    """The share under which probabilities agree with it: where the expectation maximisation of Saerens et al. settles.

    Their steps climb the likelihood of the share, which has one peak; here it is found by halving an interval, in far fewer steps.

    Args:
        said: probability of each chat, from a classifier calibrated at ``prior``; shape (chats,).
        prior: share of the chats that it was calibrated on, above 0 and below 1.
    """
    ratio = said / np.maximum(1 - said, 1e-12) * (1 - prior) / prior

    def rises(rate: float) -> bool:
        return float(np.mean((ratio - 1) / (1 - rate + rate * ratio))) > 0

    low, high = 1e-6, 1 - 1e-6
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rises(middle) else (low, middle)
    return (low + high) / 2


def _inside(rate: float, chats: int) -> float:
    """A share that a configuration takes: never quite 0 or 1 (half a chat at the least)."""
    edge = 0.5 / max(1, chats)
    return float(np.clip(rate, edge, 1 - edge))

"""The conversation head's contract: scores in their context, risk, and estimates about the whole chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.models.scorer import FloatArray, TextScores
from pipeline.records import Outcome, Role, Stage


@dataclass(frozen=True, slots=True)
class Outlook:
    """Estimates about the conversation so far."""

    complaint: float
    """Probability that there is a complaint; 0.5 is the operating point."""
    categories: FloatArray
    """Shape (number of categories,), in [0, 1], 0.5 the operating point."""
    stage: Stage
    outcome: Outcome
    csat: float
    """Expected satisfaction, 1 to 5."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message means after those before it."""

    hidden: bytes
    """What the head remembers, of constant size."""
    scores: TextScores | None
    """The message's scores in their context; ``None`` where it has no text to score."""
    risk: float
    """Calibrated probability that a first escalation event follows."""


class ConversationHead(Protocol):
    """Follows a conversation message by message. Causal: it knows messages 1..k only."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the complaint categories, in the order of ``Outlook.categories`` and of the scorer."""

    def hear(
        self, hidden: bytes, role: Role, moment: tuple[float, float, float, float], scores: TextScores | None
    ) -> Heard:
        """One message further.

        Args:
            hidden: from the message before; empty at the first.
            role: who wrote it: customer, agent or bot.
            moment: when it came, see ``pipeline.stages.moment``.
            scores: of the message on its own.
        """

    def outlook(self, hidden: bytes, embedding: NDArray[np.float32], peaks: Sequence[float]) -> Outlook:
        """Categories, stage, outcome and satisfaction.

        Args:
            hidden: from the last message.
            embedding: mean embedding of the customer's messages, shape (width,); shape (0,) where there is none.
            peaks: highest score of each category among the customer's messages; empty where there is no message.
        """

    def contributions(self, features: FloatArray) -> Sequence[tuple[str, float]]:
        """(feature name, share in log-odds) of what speaks for an escalation, largest first; only positive shares.

        Args:
            features: float32, shape (len(feature_names(categories)),), from ``pipeline.stages.features.features``.
        """

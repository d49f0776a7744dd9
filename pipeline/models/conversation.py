"""The conversation head's contract: risk and end-of-chat estimates from tracked features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.models.scorer import FloatArray
from pipeline.records import Outcome, Stage


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


class ConversationHead(Protocol):
    """Reads the features of a tracked conversation. Causal: features hold messages 1..k only."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the complaint categories, in the order of ``Outlook.categories`` and of the scorer."""

    def risk(self, features: FloatArray) -> float:
        """Calibrated probability that a first escalation event follows.

        Args:
            features: float32, shape (len(feature_names(categories)),), from ``pipeline.stages.features.features``.
        """

    def contributions(self, features: FloatArray) -> Sequence[tuple[str, float]]:
        """(feature name, share in log-odds) of the risk, largest first; only positive shares."""

    def outlook(self, features: FloatArray, embedding: FloatArray) -> Outlook:
        """Categories, stage, outcome and satisfaction.

        Args:
            features: as for ``risk``.
            embedding: float32, mean embedding of the customer's messages, shape (width,); shape (0,) where there is none.
        """

"""Layout of the target vector: one float a target, NaN where a row says nothing about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.models.scorer import ACTS, POLARITIES, SIGNALS, FloatArray
from pipeline.records import AgentLabels, ConversationLabels, CustomerLabels

SINGLE = ("anger", "frustration", "polarity", "complaint", "anger_any", "offensive_any")
"""Targets with one number: two levels 0..3, a class index, three probabilities."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each head's targets stand in the vector."""

    categories: tuple[str, ...]

    @property
    def size(self) -> int:
        """Length of a target vector."""
        return len(SINGLE) + len(SIGNALS) + len(ACTS) + len(self.categories)

    def part(self, head: str) -> slice:
        """Slice of a head, e.g. ``"signals"``."""
        if head in SINGLE:
            at = SINGLE.index(head)
            return slice(at, at + 1)
        start = len(SINGLE)
        for name, size in (("signals", len(SIGNALS)), ("acts", len(ACTS)), ("categories", len(self.categories))):
            if head == name:
                return slice(start, start + size)
            start += size
        raise KeyError(head)

    def empty(self) -> FloatArray:
        """A vector without targets."""
        return np.full(self.size, np.nan, np.float32)

    def customer(self, labels: CustomerLabels, whole: ConversationLabels) -> FloatArray:
        """Targets of a customer message. Its conversation's categories serve as weak labels of the message."""
        vector = self.empty()
        vector[self.part("anger")] = labels.anger
        vector[self.part("frustration")] = labels.frustration
        vector[self.part("polarity")] = POLARITIES.index(labels.polarity.value)
        vector[self.part("signals")] = _marks(SIGNALS, [s.value for s in labels.signals])
        vector[self.part("complaint")] = float(bool(whole.categories))
        vector[self.part("categories")] = _marks(self.categories, whole.categories)
        abusive = "abuse" in labels.signals
        # The broad heads know no level between: a cold tone is left open.
        if labels.anger != 1:
            vector[self.part("anger_any")] = float(labels.anger >= 2)
        if abusive or labels.anger < 2:
            vector[self.part("offensive_any")] = float(abusive)
        return vector

    def agent(self, labels: AgentLabels) -> FloatArray:
        """Targets of an agent message."""
        vector = self.empty()
        vector[self.part("acts")] = _marks(ACTS, [a.value for a in labels.acts])
        return vector


def _marks(order: Sequence[str], names: Sequence[str]) -> FloatArray:
    return np.array([float(name in names) for name in order], np.float32)

"""Losses of the multi-task model; every head learns only from rows that have a target for it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from training.model import LEVELS
from training.targets import Layout

WEIGHTS = {
    "anger": 2.0,
    "frustration": 2.0,
    "polarity": 1.0,
    "signals": 2.0,
    "acts": 1.5,
    "complaint": 0.3,
    "categories": 0.7,
    "anger_any": 1.0,
    "offensive_any": 1.0,
}
"""Share of each head in the loss. Complaint and categories are labelled by conversation, so weigh less a message."""


def multi_task_loss(
    logits: Mapping[str, Tensor], targets: Tensor, layout: Layout, weights: Mapping[str, float] = WEIGHTS
) -> Tensor:
    """Weighted sum of the heads' losses.

    Args:
        logits: by head, shape (batch, outputs); heads that are not there are left out.
        targets: shape (batch, layout.size), NaN where there is none.
        layout: where each head's targets stand.
        weights: of the heads.
    """
    total = torch.zeros((), dtype=torch.float32)
    for head, weight in weights.items():
        if head not in logits:
            continue
        wanted = targets[:, layout.part(head)]
        said = logits[head].float()
        if head in {"anger", "frustration"}:
            loss = _ordinal(said, wanted)
        elif head == "polarity":
            loss = _classes(said, wanted)
        else:
            loss = _binary(said, wanted)
        total = total + weight * loss
    return total


def _ordinal(logits: Tensor, levels: Tensor) -> Tensor:
    """Cumulative link: one binary question a threshold (Cheng et al. 2008, "A neural network approach to ordinal regression")."""
    thresholds = torch.arange(1, LEVELS + 1, device=levels.device)
    passed = torch.where(levels.isnan(), levels, (levels >= thresholds).float())
    return _binary(logits, passed.expand(-1, LEVELS))


def _classes(logits: Tensor, classes: Tensor) -> Tensor:
    known = ~classes[:, 0].isnan()
    if not known.any():
        return logits.sum() * 0.0
    return functional.cross_entropy(logits[known], classes[known, 0].long())


def _binary(logits: Tensor, wanted: Tensor) -> Tensor:
    known = ~wanted.isnan()
    if not known.any():
        return logits.sum() * 0.0
    # Mean over rows, sum over labels would let wide heads drown narrow ones; mean over all known cells does not.
    return functional.binary_cross_entropy_with_logits(logits[known], wanted[known])

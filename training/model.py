"""The multi-task network: a BERT encoder with one small head a task.

Signals are read by label-wise attention over the tokens (Mullenbach et al. 2018, "Explainable
Prediction of Medical Codes from Clinical Text", arXiv:1802.05695), so that each signal can
show the words that carry it; every other task reads the mean-pooled encoder state.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel

LEVELS = 3
"""Thresholds of an ordinal head: level >= 1, >= 2, >= 3."""


@dataclass(frozen=True, slots=True)
class HeadSizes:
    """How many outputs each task has."""

    signals: int
    acts: int
    categories: int


class LabelAttention(nn.Module):
    """One attention over the tokens for each label, beside a linear reading of the mean."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(labels, width) * 0.02)
        self.value = nn.Parameter(torch.randn(labels, width) * 0.02)
        self.mean = nn.Linear(width, labels)

    def weights(self, states: Tensor, mask: Tensor) -> Tensor:
        """Attention of each label over the tokens, shape (batch, tokens, labels), of states (batch, tokens, width)."""
        keys = states @ self.query.T / math.sqrt(states.shape[-1])
        return keys.float().masked_fill(~mask[:, :, None], -1e4).softmax(dim=1)

    def forward(self, states: Tensor, pooled: Tensor, mask: Tensor) -> Tensor:
        """Logits, shape (batch, labels), of states (batch, tokens, width) and their mean (batch, width)."""
        weights = self.weights(states, mask).to(states.dtype)
        carried = (weights * (states @ self.value.T)).sum(dim=1)
        logits: Tensor = carried + self.mean(pooled)
        return logits


class MultiTaskModel(nn.Module):
    """Encoder and heads. ``forward`` gives logits by head name (see ``HEADS``)."""

    def __init__(self, encoder: nn.Module, sizes: HeadSizes, *, dropout: float = 0.1) -> None:
        super().__init__()
        width = int(encoder.config.hidden_size)  # type: ignore[union-attr,arg-type]
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.signals = LabelAttention(width, sizes.signals)
        outputs = {
            "anger": LEVELS,
            "frustration": LEVELS,
            "polarity": 3,
            "acts": sizes.acts,
            "complaint": 1,
            "categories": sizes.categories,
            "anger_any": 1,
            "offensive_any": 1,
        }
        self.heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in outputs.items()})

    def encode(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Token states (batch, tokens, width) and their mean over real tokens (batch, width)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask[:, :, None].to(states.dtype)
        return states, (states * weights).sum(1) / weights.sum(1)

    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Logits by head.

        Args:
            ids: token ids, int64, shape (batch, tokens).
            mask: 1 for real tokens, 0 for padding, same shape.
        """
        return self.read(*self.encode(ids, mask), mask)

    def read(self, states: Tensor, pooled: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Logits by head from what ``encode`` gave."""
        dropped = self.dropout(pooled)
        logits = {name: head(dropped) for name, head in self.heads.items()}
        logits["signals"] = self.signals(states, dropped, mask.bool())
        return logits


def load_base(folder: Path, layers: Sequence[int], sizes: HeadSizes) -> MultiTaskModel:
    """A fresh model on the named layers of a base encoder, in float32.

    Args:
        folder: a BERT checkpoint as ``AutoModel`` reads it.
        layers: indices of the encoder layers to keep, e.g. every second one.
        sizes: outputs of the heads.
    """
    # The plain form of attention: on CPUs the fused one is slower backwards in bfloat16.
    encoder = AutoModel.from_pretrained(
        folder, add_pooling_layer=False, dtype=torch.float32, attn_implementation="eager"
    )
    encoder.encoder.layer = nn.ModuleList([encoder.encoder.layer[index] for index in layers])
    encoder.config.num_hidden_layers = len(layers)
    return MultiTaskModel(encoder, sizes)

"""What the inputs of each linear layer range over: measured once at export, so that int8 steps belong to the model, not to a text.

Source: Krishnamoorthi 2018, "Quantizing deep convolutional networks for efficient inference" (static post-training quantisation). The ends are
the lowest and highest values seen: outliers of a BERT encoder carry meaning, and cutting off even a ten-thousandth of the values moved the embeddings twice as far.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from training.fit import pad
from training.model import MultiTaskModel

NAMES = {
    "attention.self.query": "qkv",
    "attention.output.dense": "out",
    "intermediate.dense": "up",
    "output.dense": "down",
}
"""Linear layers of an encoder layer and the names that the graph gives them."""


def measure(model: MultiTaskModel, ids: Sequence[Sequence[int]]) -> dict[str, tuple[float, float]]:
    """Ranges by the graph's names (``encoder.encoder.layer.0.qkv`` …), from the texts given.

    Args:
        model: in evaluation mode.
        ids: token ids of some hundred texts of the kind that the model will read.
    """
    seen: dict[str, list[tuple[float, float]]] = {}
    hooks = []
    for name, module in model.named_modules():
        layer, kind = _split(name)
        if kind in NAMES:
            hooks.append(module.register_forward_pre_hook(_keeper(seen.setdefault(f"{layer}.{NAMES[kind]}", []))))
    with torch.inference_mode():
        for one in ids:  # unpadded, as at run time
            model.encode(*pad([one]))
    for hook in hooks:
        hook.remove()
    return {name: (min(low for low, _ in ends), max(high for _, high in ends)) for name, ends in seen.items()}


def _split(name: str) -> tuple[str, str]:
    """``encoder.encoder.layer.3.output.dense`` to its layer and its kind; no kind where it is not of a layer."""
    parts = name.split(".")
    return ".".join(parts[:4]), ".".join(parts[4:]) if parts[:3] == ["encoder", "encoder", "layer"] else ""


def _keeper(kept: list[tuple[float, float]]) -> Callable[[nn.Module, Any], None]:
    def keep(module: nn.Module, inputs: Any) -> None:
        del module
        kept.append((float(inputs[0].min()), float(inputs[0].max())))

    return keep

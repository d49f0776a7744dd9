"""Writes the folder that the runtime reads: int8 graph, tokenizer, conversation head, manifest, card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pipeline.models.bundle import MANIFEST, FileEntry, Manifest, OperatingPoints, file_entry
from pipeline.models.linear_head import HeadParameters
from pipeline.models.scorer import ACTS, SIGNALS
from training.graph import build_graph, save_graph
from training.model import MultiTaskModel

READ_TOKENS = 256
"""Longest input at run time; trained on shorter ones, but positions up to here are sound."""


def export(
    model: MultiTaskModel,
    folder: Path,
    *,
    name: str,
    version: str,
    tokenizer: Path,
    points: OperatingPoints,
    head: HeadParameters,
    categories: tuple[str, ...],
) -> Manifest:
    """Write a model folder.

    Args:
        model: trained weights.
        folder: made where missing; files of a model that stood there are replaced.
        name: of the model.
        version: of the model.
        tokenizer: ``tokenizer.json`` of the base encoder.
        points: operating points of the heads.
        head: conversation head.
        categories: in the order of the model's head.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_graph(graph_of(model, quantised=True), folder / "model.onnx")
    words = Tokenizer.from_file(str(tokenizer))
    words.no_padding()
    words.no_truncation()
    (folder / "tokenizer.json").write_text(words.to_str(), encoding="utf-8")
    (folder / "head.json").write_text(_rounded(head).model_dump_json(), encoding="utf-8")
    manifest = Manifest(
        name=name,
        version=version,
        width=int(model.encoder.config.hidden_size),  # type: ignore[union-attr,arg-type]
        max_tokens=READ_TOKENS,
        categories=categories,
        signals=SIGNALS,
        acts=ACTS,
        operating_points=points,
        files=_files(folder, ("model.onnx", "tokenizer.json", "head.json")),
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def graph_of(model: MultiTaskModel, *, quantised: bool) -> onnx.ModelProto:
    """The model's ONNX graph."""
    config = model.encoder.config
    return build_graph(
        weights_of(model),
        heads=int(config.num_attention_heads),  # type: ignore[union-attr,arg-type]
        epsilon=float(config.layer_norm_eps),  # type: ignore[union-attr,arg-type]
        max_tokens=READ_TOKENS,
        quantised=quantised,
    )


def weights_of(model: MultiTaskModel) -> Mapping[str, NDArray[np.float32]]:
    """The state dict as float32 arrays."""
    return {name: tensor.detach().float().numpy() for name, tensor in model.state_dict().items()}


def _files(folder: Path, names: tuple[str, ...]) -> dict[str, FileEntry]:
    return {name: file_entry(folder / name) for name in names}


def _rounded(head: HeadParameters) -> HeadParameters:
    """The head with six significant digits a number: readable, and a third of the size."""
    return HeadParameters.model_validate(_shorter(head.model_dump(mode="json")))


def _shorter(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _shorter(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shorter(item) for item in value]
    return value

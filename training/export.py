"""Writes the folder that the runtime reads: int8 graph, tokenizer, conversation head, manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from pipeline.models.bundle import MANIFEST, FileEntry, Manifest, OperatingPoints, file_entry
from pipeline.models.context import WHOLE, HeadFile
from pipeline.models.scorer import ACTS, SIGNALS
from training.graph import Ranges, build_graph, save_graph
from training.joint import ChatModel
from training.model import MultiTaskModel

READ_TOKENS = 256
"""Longest input at run time; trained on shorter ones, but positions up to here are sound."""


def export(
    model: ChatModel,
    folder: Path,
    *,
    name: str,
    version: str,
    tokenizer: Path,
    ranges: Ranges,
    correction: NDArray[np.float32],
    points: OperatingPoints,
    head: HeadFile,
    categories: tuple[str, ...],
) -> Manifest:
    """Write a model folder.

    Args:
        model: trained weights.
        folder: made where missing; files of a model that stood there are replaced.
        name: of the model.
        version: of the model.
        tokenizer: ``tokenizer.json`` of the base encoder.
        ranges: of the activations, from ``training.ranges.measure``.
        correction: from ``correction_of``.
        points: operating points of messages on their own.
        head: operating points in context, and the drivers.
        categories: in the order of the model's head.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_graph(graph_of(model.messages, ranges, correction), folder / "model.onnx")
    words = Tokenizer.from_file(str(tokenizer))
    words.no_padding()
    words.no_truncation()
    (folder / "tokenizer.json").write_text(words.to_str(), encoding="utf-8")
    np.savez(folder / "context.npz", **context_arrays(model.context))  # type: ignore[arg-type]
    (folder / "head.json").write_text(_rounded(head).model_dump_json(), encoding="utf-8")
    manifest = Manifest(
        name=name,
        version=version,
        width=int(model.messages.encoder.config.hidden_size),  # type: ignore[union-attr,arg-type]
        max_tokens=READ_TOKENS,
        categories=categories,
        signals=SIGNALS,
        acts=ACTS,
        operating_points=points,
        files=_files(folder, ("model.onnx", "tokenizer.json", "context.npz", "head.json")),
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return manifest


def context_arrays(head: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Weights of a ``training.context.ContextHead`` as ``pipeline.models.context`` reads them."""
    state = {name: tensor.detach().float().numpy() for name, tensor in head.state_dict().items()}
    arrays = {name: values for name, values in state.items() if not name.startswith("whole.")}
    for kind in ("weight", "bias"):
        arrays[f"whole.{kind}"] = np.concatenate([state[f"whole.{part}.{kind}"] for part in WHOLE])
    return arrays


def graph_of(
    model: MultiTaskModel, ranges: Ranges | None, correction: NDArray[np.float32] | None = None
) -> onnx.ModelProto:
    """The model's ONNX graph: int8 with the given ranges of its activations, float32 without.

    Args:
        model: trained weights.
        ranges: from ``training.ranges.measure``.
        correction: see ``correction_of``.
    """
    config = model.encoder.config
    return build_graph(
        weights_of(model),
        heads=int(config.num_attention_heads),  # type: ignore[union-attr,arg-type]
        epsilon=float(config.layer_norm_eps),  # type: ignore[union-attr,arg-type]
        max_tokens=READ_TOKENS,
        ranges=ranges,
        correction=correction,
    )


def correction_of(model: MultiTaskModel, ranges: Ranges, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """How far rounding moves the embedding on average, with the sign that undoes it, shape (width,).

    Source: Nagel et al. 2019, "Data-Free Quantization through Weight Equalization and Bias Correction", at the last layer only.

    Args:
        model: trained weights.
        ranges: of its activations.
        ids: token ids of some hundred texts.
    """
    means = []
    for known in (None, ranges):
        session = ort.InferenceSession(graph_of(model, known).SerializeToString(), providers=["CPUExecutionProvider"])
        found = [session.run(["embedding"], {"ids": np.array([one], np.int64)})[0][0] for one in ids]
        means.append(np.mean(found, axis=0))
    correction: NDArray[np.float32] = (means[0] - means[1]).astype(np.float32)
    return correction


def weights_of(model: MultiTaskModel) -> Mapping[str, NDArray[np.float32]]:
    """The state dict as float32 arrays."""
    return {name: tensor.detach().float().numpy() for name, tensor in model.state_dict().items()}


def _files(folder: Path, names: tuple[str, ...]) -> dict[str, FileEntry]:
    return {name: file_entry(folder / name) for name in names}


def _rounded(head: HeadFile) -> HeadFile:
    """The head with six significant digits a number: readable, and a third of the size."""
    return HeadFile.model_validate(_shorter(head.model_dump(mode="json")))


def _shorter(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _shorter(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shorter(item) for item in value]
    return value

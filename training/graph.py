"""The ONNX graph that is shipped, written node by node from the trained weights.

Texts of the same length a run, unpadded: input ``ids`` (texts, tokens). Activations are quantised with scales that were
measured at export (``training.ranges``), so that a score never depends on a text's company. Weights are
int8 with one scale an output channel, the word table int8 with one scale a row. Written by hand because an exported graph spends a
third of its time on shape arithmetic at such short inputs.

Operators of ``com.microsoft`` are ONNX Runtime's:
``MatMulIntegerToFloat``, ``MultiHeadAttention``, ``Gelu``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = Mapping[str, NDArray[np.float32]]
Ranges = Mapping[str, tuple[float, float]]
MS = "com.microsoft"

LOGITS = ("anger", "frustration", "polarity", "acts", "complaint", "categories", "anger_any", "offensive_any")
"""Heads that read the pooled state, in the order of the ``logits`` output; the signals follow."""


class GraphBuilder:
    """Collects nodes and constants of a graph.

    Args:
        ranges: lowest and highest input of each linear layer by name; ``None`` keeps everything in float32.
    """

    def __init__(self, ranges: Ranges | None) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._ranges = ranges
        self._count = 0

    def constant(self, array: NDArray[np.generic], name: str) -> str:
        """Store a constant and return its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: object) -> list[str]:
        """Append a node and return the names of its outputs."""
        self._count += 1
        names = [f"{kind}_{self._count}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names

    def linear(self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32], name: str) -> str:
        """``x @ weight.T + bias`` for a torch weight of shape (outputs, inputs)."""
        matrix = weight.T
        bias_name = self.constant(bias, f"{name}.bias")
        if self._ranges is None:
            (product,) = self.node("MatMul", x, self.constant(matrix, f"{name}.weight"))
            return self.node("Add", product, bias_name)[0]
        scale, zero = steps_of(*self._ranges[name])
        input_scale, input_zero = self.constant(scale, f"{name}.in.scale"), self.constant(zero, f"{name}.in.zero")
        (whole,) = self.node("QuantizeLinear", x, input_scale, input_zero)
        values, scales = quantise(matrix, axis=0)
        parts = (
            self.constant(values, f"{name}.int8"),
            input_scale,
            self.constant(scales, f"{name}.scale"),
            input_zero,
            self.constant(np.zeros(scales.shape, np.int8), f"{name}.zero"),
        )
        return self.node("MatMulIntegerToFloat", whole, *parts, bias_name, domain=MS)[0]

    def word_rows(self, ids: str, table: NDArray[np.float32]) -> str:
        """Rows of the word table."""
        if self._ranges is None:
            return self.node("Gather", self.constant(table, "words"), ids)[0]
        values, scale = quantise(table, axis=1)
        (rows,) = self.node("Gather", self.constant(values, "words.int8"), ids)
        (floats,) = self.node("Cast", rows, to=TensorProto.FLOAT)
        (scales,) = self.node("Gather", self.constant(scale[:, None], "words.scale"), ids)
        return self.node("Mul", floats, scales)[0]


PEAK = 64
"""Largest magnitude of a weight: with all seven bits, products of unsigned activations and signed weights
saturate on processors that have AVX2 but no VNNI, and scores would differ between machines."""


FINEST = 1e-6
"""Least step of an activation: a layer whose input is always 0 has some step too."""


def quantise(matrix: NDArray[np.float32], *, axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric values of -64..64 and one scale along the other axis.

    Args:
        matrix: shape (a, b).
        axis: the axis that a scale runs over: 0 gives b scales, 1 gives a.
    """
    peak = np.abs(matrix).max(axis=axis, keepdims=True)
    scale = (peak / PEAK).astype(np.float32)
    scale = np.where(scale > 0, scale, np.float32(1.0))  # also where a peak is too small to be divided
    values = np.clip(np.rint(matrix / scale), -PEAK, PEAK).astype(np.int8)
    return values, scale.squeeze(axis)


def steps_of(low: float, high: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Scale and zero point that spread 256 steps over a range, which is widened to hold 0."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32(max((high - low) / 255, FINEST))
    return np.asarray(scale, np.float32), np.asarray(np.clip(np.rint(-low / scale), 0, 255), np.uint8)


def build_graph(
    weights: Weights,
    *,
    heads: int,
    epsilon: float,
    max_tokens: int,
    ranges: Ranges | None,
    correction: NDArray[np.float32] | None = None,
) -> onnx.ModelProto:
    """The whole model.

    Args:
        weights: the state dict of ``MultiTaskModel``, as float32 arrays.
        heads: attention heads of the encoder.
        epsilon: of the layer normalisations.
        max_tokens: longest input.
        ranges: lowest and highest input of each linear layer, by the names of ``linear_names``, for int8 products;
            ``None`` for float32 (for comparison).
        correction: what int8 products take from the last layer's states on average, shape (width,); given back there.

    Returns:
        Inputs: ``ids`` int64 (texts, tokens). Outputs: ``logits`` (texts, sum of ``LOGITS`` sizes + signals),
        ``embedding`` (texts, width), ``evidence`` (texts, tokens, signals): each token's share in a signal's attention.
    """
    graph = GraphBuilder(ranges)
    state = _embeddings(graph, weights, epsilon, max_tokens)
    depth = 1 + max(int(name.split(".")[3]) for name in weights if name.startswith("encoder.encoder.layer."))
    if correction is not None:
        last = f"encoder.encoder.layer.{depth - 1}.output.LayerNorm.bias"
        weights = {**weights, last: weights[last] + correction}
    for index in range(depth):
        state = _layer(graph, weights, f"encoder.encoder.layer.{index}", state, heads, epsilon)
    _heads(graph, weights, state)
    outputs = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", None]),
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["texts", None]),
        helper.make_tensor_value_info("evidence", TensorProto.FLOAT, ["texts", "tokens", None]),
    ]
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "boilover", [ids], outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(MS, 1)],
        producer_name="boilover",
    )
    model.ir_version = 9
    return model


def save_graph(model: onnx.ModelProto, path: Path) -> None:
    """Write the model as one file."""
    onnx.save(model, str(path))


def _embeddings(graph: GraphBuilder, weights: Weights, epsilon: float, max_tokens: int) -> str:
    prefix = "encoder.embeddings"
    positions = weights[f"{prefix}.position_embeddings.weight"][:max_tokens]
    places = positions + weights[f"{prefix}.token_type_embeddings.weight"][0]  # every token is of type 0
    words = graph.word_rows("ids", weights[f"{prefix}.word_embeddings.weight"])
    (shape,) = graph.node("Shape", "ids", start=1, end=2)
    zero, axis = graph.constant(np.array([0]), "zero"), graph.constant(np.array([0]), "axis0")
    (used,) = graph.node("Slice", graph.constant(places, "places"), zero, shape, axis)
    (total,) = graph.node("Add", words, used)
    return _norm(graph, weights, f"{prefix}.LayerNorm", total, epsilon)


def _norm(graph: GraphBuilder, weights: Weights, name: str, x: str, epsilon: float) -> str:
    gamma = graph.constant(weights[f"{name}.weight"], f"{name}.gamma")
    beta = graph.constant(weights[f"{name}.bias"], f"{name}.beta")
    return graph.node("LayerNormalization", x, gamma, beta, axis=-1, epsilon=epsilon)[0]


def _layer(graph: GraphBuilder, weights: Weights, name: str, x: str, heads: int, epsilon: float) -> str:
    def part(kind: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return weights[f"{name}.{kind}.weight"], weights[f"{name}.{kind}.bias"]

    projections = [part(f"attention.self.{kind}") for kind in ("query", "key", "value")]
    joined = graph.linear(
        x, np.concatenate([w for w, _ in projections]), np.concatenate([b for _, b in projections]), f"{name}.qkv"
    )
    width = projections[0][0].shape[0]
    thirds = graph.constant(np.array([width] * 3), f"{name}.thirds")
    query, key, value = graph.node("Split", joined, thirds, axis=-1, outputs=3)
    (mixed,) = graph.node("MultiHeadAttention", query, key, value, domain=MS, num_heads=heads)
    attended = graph.linear(mixed, *part("attention.output.dense"), f"{name}.out")
    x = _skip_norm(graph, weights, f"{name}.attention.output.LayerNorm", x, attended, epsilon)
    wide = graph.linear(x, *part("intermediate.dense"), f"{name}.up")
    (active,) = graph.node("Gelu", wide, domain=MS)
    narrow = graph.linear(active, *part("output.dense"), f"{name}.down")
    return _skip_norm(graph, weights, f"{name}.output.LayerNorm", x, narrow, epsilon)


def _skip_norm(graph: GraphBuilder, weights: Weights, name: str, x: str, added: str, epsilon: float) -> str:
    # Two operators: the fused SkipLayerNormalization takes five times as long on inputs this short.
    (total,) = graph.node("Add", x, added)
    return _norm(graph, weights, name, total, epsilon)


def _heads(graph: GraphBuilder, weights: Weights, states: str) -> None:
    width = weights["signals.query"].shape[1]
    graph.nodes.append(helper.make_node("ReduceMean", [states], ["embedding"], axes=[1], keepdims=0))
    names = [f"heads.{head}" for head in LOGITS] + ["signals.mean"]
    matrix = np.concatenate([weights[f"{name}.weight"] for name in names]).T
    bias = np.concatenate([weights[f"{name}.bias"] for name in names])
    (pooled,) = graph.node("Gemm", "embedding", graph.constant(matrix, "heads"), graph.constant(bias, "heads.bias"))
    query = weights["signals.query"].T / np.float32(np.sqrt(width))
    (keys,) = graph.node("MatMul", states, graph.constant(query, "signals.query"))
    graph.nodes.append(helper.make_node("Softmax", [keys], ["evidence"], axis=1))
    (values,) = graph.node("MatMul", states, graph.constant(weights["signals.value"].T, "signals.value"))
    (shares,) = graph.node("Mul", "evidence", values)
    axis = graph.constant(np.array([1]), "axis1")
    (carried,) = graph.node("ReduceSum", shares, axis, keepdims=0)
    (others,) = graph.node("Slice", pooled, "zero", graph.constant(np.array([-query.shape[1]]), "signals.start"), axis)
    (own,) = graph.node("Slice", pooled, "signals.start", graph.constant(np.array([2**31]), "end"), axis)
    (signals,) = graph.node("Add", own, carried)
    graph.nodes.append(helper.make_node("Concat", [others, signals], ["logits"], axis=1))

"""The hand-written graph against torch, and its int8 form against both."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from training.export import graph_of
from training.fit import pad
from training.graph import LOGITS, PEAK, quantise, steps_of
from training.model import HeadSizes, MultiTaskModel, load_base
from training.ranges import measure

LENGTHS = (2, 3, 7, 40, 200, 256)


@pytest.fixture(scope="module")
def model(base: Path) -> MultiTaskModel:
    torch.manual_seed(2)
    model = load_base(base, [0, 1], HeadSizes(signals=5, acts=4, categories=3)).eval()
    with torch.no_grad():  # a fresh model's norms and biases are ones and noughts, which would hide a mix-up
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model


def session_of(model: MultiTaskModel, *, quantised: bool) -> ort.InferenceSession:
    ranges = measure(model, [ids_of(length) for length in LENGTHS]) if quantised else None
    return ort.InferenceSession(graph_of(model, ranges).SerializeToString(), providers=["CPUExecutionProvider"])


def outputs(model: MultiTaskModel, ids: list[int], *, quantised: bool) -> tuple[np.ndarray, ...]:
    return tuple(session_of(model, quantised=quantised).run(None, {"ids": np.array([ids], np.int64)}))


def torch_outputs(model: MultiTaskModel, ids: list[int]) -> tuple[np.ndarray, np.ndarray]:
    tokens, mask = pad([ids])
    with torch.inference_mode():
        said = model(tokens, mask)
        pooled = model.encode(tokens, mask)[1]
    return torch.cat([*(said[head] for head in LOGITS), said["signals"]], dim=1).numpy(), pooled.numpy()


def ids_of(length: int) -> list[int]:
    return [2, *np.random.default_rng(length).integers(4, 60, length - 2).tolist(), 3]


@pytest.mark.parametrize("length", LENGTHS)
def test_the_float_graph_equals_torch(model: MultiTaskModel, length: int) -> None:
    wanted, pooled = torch_outputs(model, ids_of(length))
    logits, embedding, evidence = outputs(model, ids_of(length), quantised=False)
    np.testing.assert_allclose(logits, wanted, atol=1e-4)
    np.testing.assert_allclose(embedding, pooled, atol=1e-4)
    assert evidence.shape == (1, length, 5)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_int8_graph_is_close(model: MultiTaskModel, length: int) -> None:
    wanted, _ = torch_outputs(model, ids_of(length))
    logits, _, _ = outputs(model, ids_of(length), quantised=True)
    assert np.abs(logits - wanted).max() < 0.12 * max(1.0, float(np.abs(wanted).max()))
    assert np.corrcoef(logits[0], wanted[0])[0, 1] > 0.99


@pytest.mark.parametrize("quantised", [True, False])
def test_company_changes_nothing(model: MultiTaskModel, quantised: bool) -> None:
    session = session_of(model, quantised=quantised)
    rows = np.random.default_rng(0).integers(4, 60, (9, 12))
    together = session.run(None, {"ids": rows})
    alone = [session.run(None, {"ids": row[None]}) for row in rows]
    for whole, *single in zip(together, *alone, strict=True):
        np.testing.assert_allclose(whole, np.concatenate(single), atol=1e-5)


def test_evidence_is_attention_over_the_tokens(model: MultiTaskModel) -> None:
    _, _, evidence = outputs(model, ids_of(20), quantised=False)
    ids, mask = pad([ids_of(20)])
    with torch.inference_mode():
        states, _ = model.encode(ids, mask)
        wanted = model.signals.weights(states, mask.bool()).numpy()
    np.testing.assert_allclose(evidence, wanted, atol=1e-5)
    np.testing.assert_allclose(evidence.sum(axis=1), 1.0, atol=1e-5)


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_the_steps_of_a_range_hold_zero_exactly(one: float, other: float) -> None:
    scale, zero = steps_of(min(one, other), max(one, other))
    assert scale > 0
    assert 0 <= zero <= 255
    low, high = ((0 - float(zero)) * scale, (255 - float(zero)) * scale)
    assert low <= min(one, other, 0) + scale
    assert high >= max(one, other, 0) - scale


@given(arrays.arrays(np.float32, (6, 5), elements=st.floats(-50, 50, width=32)), st.sampled_from([0, 1]))
def test_quantised_weights_are_within_half_a_step(matrix: np.ndarray, axis: int) -> None:
    values, scale = quantise(matrix, axis=axis)
    assert values.dtype == np.int8
    assert np.abs(values).max() <= PEAK
    back = values * np.expand_dims(scale, axis)
    assert (np.abs(back - matrix) <= np.expand_dims(scale, axis) * 0.501 + 1e-30).all()

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
from training.graph import LOGITS, PEAK, quantise
from training.model import HeadSizes, MultiTaskModel, load_base

LENGTHS = (2, 3, 7, 40, 200, 256)


@pytest.fixture(scope="module")
def model(base: Path) -> MultiTaskModel:
    torch.manual_seed(2)
    model = load_base(base, [0, 1], HeadSizes(signals=5, acts=4, categories=3)).eval()
    with torch.no_grad():  # a fresh model's norms and biases are ones and noughts, which would hide a mix-up
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model


def outputs(model: MultiTaskModel, ids: list[int], *, quantised: bool) -> tuple[np.ndarray, ...]:
    session = ort.InferenceSession(
        graph_of(model, quantised=quantised).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return tuple(session.run(None, {"ids": np.array([ids], np.int64)}))


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
    assert evidence.shape == (length, 5)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_int8_graph_is_close(model: MultiTaskModel, length: int) -> None:
    wanted, _ = torch_outputs(model, ids_of(length))
    logits, _, _ = outputs(model, ids_of(length), quantised=True)
    assert np.abs(logits - wanted).max() < 0.12 * max(1.0, float(np.abs(wanted).max()))
    assert np.corrcoef(logits[0], wanted[0])[0, 1] > 0.99


def test_evidence_adds_up_to_what_attention_gives_a_signal(model: MultiTaskModel) -> None:
    logits, embedding, evidence = outputs(model, ids_of(20), quantised=False)
    linear = embedding @ model.signals.mean.weight.detach().numpy().T + model.signals.mean.bias.detach().numpy()
    np.testing.assert_allclose(evidence.sum(0), (logits[:, -5:] - linear)[0], atol=1e-4)


@given(arrays.arrays(np.float32, (6, 5), elements=st.floats(-50, 50, width=32)), st.sampled_from([0, 1]))
def test_quantised_weights_are_within_half_a_step(matrix: np.ndarray, axis: int) -> None:
    values, scale = quantise(matrix, axis=axis)
    assert values.dtype == np.int8
    assert np.abs(values).max() <= PEAK
    back = values * np.expand_dims(scale, axis)
    assert (np.abs(back - matrix) <= np.expand_dims(scale, axis) * 0.501 + 1e-30).all()

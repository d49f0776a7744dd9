"""The multi-task network."""

from pathlib import Path

import pytest
import torch

from training.fit import pad
from training.graph import LOGITS
from training.model import HeadSizes, LabelAttention, load_base

SIZES = HeadSizes(signals=5, acts=4, categories=3)


def test_it_gives_logits_by_head(base: Path) -> None:
    model = load_base(base, [0, 1], SIZES).eval()
    ids, mask = pad([[2, 5, 6, 3], [2, 3]])
    said = model(ids, mask)
    assert set(said) == {*LOGITS, "signals"}
    assert {head: tuple(v.shape) for head, v in said.items()} == {
        **dict.fromkeys(("anger", "frustration", "polarity", "categories"), (2, 3)),
        **dict.fromkeys(("complaint", "anger_any", "offensive_any"), (2, 1)),
        "acts": (2, 4),
        "signals": (2, 5),
    }


def test_padding_changes_nothing(base: Path) -> None:
    model = load_base(base, [0, 1], SIZES).eval()
    with torch.inference_mode():
        alone = model(*pad([[2, 9, 3]]))
        beside = model(*pad([[2, 9, 3], [2, 7, 8, 9, 10, 11, 12, 3]]))
    for head, values in alone.items():
        assert torch.allclose(values[0], beside[head][0], atol=1e-5), head


def test_only_the_named_layers_are_kept(base: Path) -> None:
    whole, half = load_base(base, [0, 1], SIZES), load_base(base, [1], SIZES)
    assert half.encoder.config.num_hidden_layers == len(half.encoder.encoder.layer) == 1
    kept, named = half.encoder.encoder.layer[0], whole.encoder.encoder.layer[1]
    assert all(torch.equal(a, b) for a, b in zip(kept.parameters(), named.parameters(), strict=True))


def test_a_signal_reads_the_tokens_not_their_padding() -> None:
    torch.manual_seed(1)
    attention = LabelAttention(8, 3)
    states, mask = torch.randn(1, 4, 8), torch.tensor([[True, True, True, False]])
    before = attention(states, states[:, 0], mask)
    states[0, 3] += 100
    assert torch.equal(attention(states, states[:, 0], mask), before)
    states[0, 2] += 1
    assert not torch.equal(attention(states, states[:, 0], mask), before)


def test_a_layer_that_is_not_there_is_an_error(base: Path) -> None:
    with pytest.raises(IndexError):
        load_base(base, [0, 7], SIZES)

"""One training stage: it learns, it repeats itself, and a kill costs nothing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from pipeline.models.scorer import ACTS, SIGNALS
from training import fit as module
from training.fit import Encoded, Progress, StageConfig, encode, fit, pad, predict
from training.model import HeadSizes, MultiTaskModel, load_base
from training.targets import Layout

LAYOUT = Layout(("a", "b"))
CONFIG = StageConfig(epochs=3, batch_size=8, encoder_rate=1e-3, head_rate=5e-2)
AVERAGED = CONFIG.model_copy(update={"average": 0.9})


class Killed(Exception):
    """Stands for a kill between two steps."""


def rows(base: Path) -> Encoded:
    texts = [text for i in range(20) for text in (f"Could you tell me {i}", f"退钱！骗子 {i}")]
    targets = np.full((len(texts), LAYOUT.size), np.nan, np.float32)
    targets[:, LAYOUT.part("anger_any")] = np.tile([0.0, 1.0], 20)[:, None]
    return encode(Tokenizer.from_file(str(base / "tokenizer.json")), texts, targets, max_tokens=16)


def fresh(base: Path, *, seed: int = 0) -> MultiTaskModel:
    torch.manual_seed(seed)
    return load_base(base, [0, 1], HeadSizes(len(SIGNALS), len(ACTS), 2))


def trained(
    base: Path, checkpoint: Path, *, seed: int = 4, report: object = None, config: StageConfig = CONFIG
) -> MultiTaskModel:
    say = report if callable(report) else lambda _: None
    return fit(fresh(base), rows(base), LAYOUT, config, seed=seed, checkpoint=checkpoint, report=say)


def same(a: MultiTaskModel, b: MultiTaskModel) -> bool:
    left, right = a.state_dict(), b.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_it_learns_and_leaves_the_word_table_alone(base: Path, tmp_path: Path) -> None:
    before, seen = fresh(base), list[Progress]()
    model = trained(base, tmp_path / "c", report=seen.append)
    said = predict(model, rows(base).ids)["anger_any"][:, 0]
    assert said[1::2].min() > said[::2].max()
    assert seen[-1].step == seen[-1].steps == 15
    word_table = "encoder.embeddings.word_embeddings.weight"
    assert torch.equal(model.state_dict()[word_table], before.state_dict()[word_table])


def test_the_same_seed_gives_the_same_weights(base: Path, tmp_path: Path) -> None:
    first = trained(base, tmp_path / "a")
    assert same(first, trained(base, tmp_path / "b"))
    assert not same(first, trained(base, tmp_path / "c", seed=5))


@pytest.mark.parametrize("config", [CONFIG, AVERAGED])
@pytest.mark.parametrize("at", [2, 7, 14])
def test_a_killed_run_ends_with_the_same_weights(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, config: StageConfig
) -> None:
    whole = trained(base, tmp_path / "whole", config=config)
    step, count = module._train_step, iter(range(100))

    def killed(*arguments: object) -> float:
        if next(count) == at:
            raise Killed
        return step(*arguments)

    monkeypatch.setattr(module, "_train_step", killed)
    with pytest.raises(Killed):
        trained(base, tmp_path / "checkpoint", config=config)
    monkeypatch.setattr(module, "_train_step", step)
    torch.manual_seed(99)  # another process begins with other random numbers
    assert same(whole, trained(base, tmp_path / "checkpoint", config=config))


def test_a_kill_while_the_checkpoint_is_written_leaves_the_old_one(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(base, tmp_path / "checkpoint")
    before = (tmp_path / "checkpoint").read_bytes()

    def half(_: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise Killed

    monkeypatch.setattr(torch, "save", half)
    model = fresh(base)
    optimizer = module.optimizer_of(model, CONFIG)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)
    with pytest.raises(Killed):
        module._save(tmp_path / "checkpoint", model, optimizer, schedule, 1, None)
    assert (tmp_path / "checkpoint").read_bytes() == before


def test_batches_hold_every_row_once_and_like_lengths_together(base: Path) -> None:
    data = rows(base)
    batches = list(module._batches(data, 8, seed=1))
    assert sorted(i for batch in batches for i in batch) == list(range(40))
    assert batches == list(module._batches(data, 8, seed=1)) != list(module._batches(data, 8, seed=2))
    inner = [max(len(data.ids[i]) for i in b) - min(len(data.ids[i]) for i in b) for b in batches]
    assert np.mean(inner) < 6


def test_predictions_come_in_the_order_of_the_rows_whatever_the_batches(base: Path) -> None:
    model, ids = fresh(base).eval(), rows(base).ids
    one, many = predict(model, ids, batch_size=1), predict(model, ids, batch_size=64)
    assert {name: value.shape for name, value in one.items()} == {name: value.shape for name, value in many.items()}
    for name, values in one.items():
        np.testing.assert_allclose(values, many[name], atol=1e-4)


def test_texts_are_cut_and_padded(base: Path) -> None:
    data = encode(
        Tokenizer.from_file(str(base / "tokenizer.json")),
        ["a" * 50, "a"],
        np.zeros((2, LAYOUT.size), np.float32),
        max_tokens=10,
    )
    ids, mask = pad(data.ids)
    assert ids.shape == mask.shape == (2, 10)
    assert mask.sum(1).tolist() == [10, 3]


def test_rates_rise_then_fall_and_deeper_layers_learn_slower(base: Path) -> None:
    rates = [module._rate(step, 100, 0.1) for step in range(101)]
    assert rates.index(max(rates)) in range(9, 12)
    assert rates[-1] == 0
    optimizer = module.optimizer_of(fresh(base), CONFIG)
    assert len({group["lr"] for group in optimizer.param_groups}) == 4

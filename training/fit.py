"""One fine-tuning stage: batches of like length, warm-up and decay, checkpoints that survive a kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from tokenizers import Tokenizer
from torch import Tensor, nn

from pipeline.models.scorer import FloatArray
from training.losses import multi_task_loss
from training.model import MultiTaskModel
from training.targets import Layout


class StageConfig(BaseModel):
    """Settings of one stage."""

    model_config = ConfigDict(extra="forbid")

    epochs: int = Field(ge=1)
    batch_size: int = Field(default=32, ge=1)
    encoder_rate: float = Field(default=1.2e-4, gt=0)
    head_rate: float = Field(default=2e-3, gt=0)
    layer_decay: float = Field(default=0.95, gt=0, le=1)
    """Learning rate of each layer relative to the one above."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Of what the heads read."""
    encoder_dropout: float = Field(default=0.1, ge=0, lt=1)
    """Within the encoder; on CPUs drawing its random numbers takes a sixth of the time."""
    word_dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of tokens that are read as unknown, in stages of chats."""
    habits: float = Field(default=0.0, ge=0, le=1)
    """Share of chats whose customer writes in another way, see ``training.habits``."""
    freeze_words: bool = True
    """Keep the word table as it is: far less memory and no forgetting of rare words."""
    weights: dict[str, float] = {}
    """Weights of heads in the loss, where they differ from ``training.losses.WEIGHTS``."""
    average: float = Field(default=0.0, ge=0, lt=1)
    """Decay of the moving average of weights that becomes the result; 0 keeps the last weights."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids and targets of a training set."""

    ids: list[list[int]]
    targets: FloatArray
    """Shape (rows, layout.size)."""


def encode(tokenizer: Tokenizer, texts: Sequence[str], targets: FloatArray, *, max_tokens: int) -> Encoded:
    """Token ids of each text, cut at ``max_tokens``."""
    return Encoded([e.ids[:max_tokens] for e in tokenizer.encode_batch(list(texts))], targets)


@dataclass(slots=True)
class Progress:
    """Where a stage stands; shown as a line, logged as a metric."""

    epoch: int
    step: int
    steps: int
    loss: float
    seconds_left: float


def fit(
    model: MultiTaskModel,
    data: Encoded,
    layout: Layout,
    config: StageConfig,
    *,
    seed: int,
    checkpoint: Path,
    report: Callable[[Progress], None],
) -> MultiTaskModel:
    """Train on single messages, in place, and return the model; see ``run_stage`` for what is kept.

    Args:
        model: changed in place.
        data: encoded rows.
        layout: target layout.
        config: settings of the stage.
        seed: for batch order and dropout.
        checkpoint: file to keep; removed by the caller once the stage's result is stored.
        report: called about every 20 steps.
    """

    def loss(rows: Sequence[int]) -> Tensor:
        ids, mask = pad([data.ids[i] for i in rows])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(ids, mask)
        return multi_task_loss(logits, torch.from_numpy(data.targets[list(rows)]), layout)

    def batches(epoch: int) -> list[list[int]]:
        return list(_batches(data, config.batch_size, seed=seed * 1000 + epoch))

    set_dropout(model, config)
    run_stage(
        model, optimizer_of(model, config), batches, loss, config, seed=seed, checkpoint=checkpoint, report=report
    )
    return model


def set_dropout(model: MultiTaskModel, config: StageConfig) -> None:
    """Dropout of the heads and of the encoder."""
    for module in model.encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = config.encoder_dropout
    model.dropout.p = config.dropout


def run_stage(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Callable[[int], list[list[int]]],
    loss: Callable[[Sequence[int]], Tensor],
    config: StageConfig,
    *,
    seed: int,
    checkpoint: Path,
    report: Callable[[Progress], None],
) -> None:
    """Train in place and leave the model in evaluation mode.

    A checkpoint is written after each epoch and every five minutes; when one is there, training goes on from it
    with the same order of batches, as if nothing had happened. Deterministic by seed on one machine.

    Args:
        model: what is trained.
        optimizer: over its parameters.
        batches: the batches of an epoch, from its number; as many in each epoch.
        loss: of a batch.
        config: settings of the stage.
        seed: for dropout.
        checkpoint: file to keep.
        report: called about every 20 steps.
    """
    torch.manual_seed(seed)
    per_epoch = len(batches(0))
    steps = per_epoch * config.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps, config.warmup))
    average = Average(model, config.average) if config.average else None
    done = _resume(checkpoint, model, optimizer, schedule, average)
    started, saved, recent = time.monotonic(), time.monotonic(), []
    model.train()
    for epoch in range(done // per_epoch, config.epochs):
        order = batches(epoch)
        for index, rows in enumerate(order):
            step = epoch * per_epoch + index
            if step < done:
                continue
            recent.append(_train_step(model, loss(rows), optimizer))
            schedule.step()
            if average is not None:
                average.follow(model)
            if step % 20 == 19 or step + 1 == steps:
                pace = (time.monotonic() - started) / (step + 1 - done)
                report(Progress(epoch, step + 1, steps, float(np.mean(recent[-50:])), pace * (steps - step - 1)))
            if time.monotonic() - saved > 300 or index + 1 == len(order):
                _save(checkpoint, model, optimizer, schedule, step + 1, average)
                saved = time.monotonic()
    if average is not None:
        average.give(model)
    model.eval()


class Average:
    """Exponential moving average of the trained weights (Polyak and Juditsky 1992), warmed up over the first steps."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._steps = 0
        self.kept = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}

    def follow(self, model: nn.Module) -> None:
        """Move towards the model's present weights."""
        self._steps += 1
        decay = min(self._decay, self._steps / (self._steps + 10))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name in self.kept:
                    self.kept[name].lerp_(parameter, 1 - decay)

    def give(self, model: nn.Module) -> None:
        """Put the average into the model."""
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name in self.kept:
                    parameter.copy_(self.kept[name])

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"steps": self._steps, "kept": self.kept}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state``."""
        self._steps, self.kept = state["steps"], state["kept"]


def predict(model: MultiTaskModel, ids: Sequence[Sequence[int]], *, batch_size: int = 64) -> dict[str, FloatArray]:
    """Logits by head for each row, plus ``embedding`` (rows, width); in evaluation mode, without gradients."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    parts: dict[str, list[FloatArray]] = {}
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            tokens, mask = pad([ids[i] for i in order[start : start + batch_size]])
            states, pooled = model.encode(tokens, mask)
            logits = {**model.read(states, pooled, mask), "embedding": pooled}
            for head, values in logits.items():
                parts.setdefault(head, []).append(values.float().numpy())
    back = np.argsort(np.array(order, dtype=np.int64), kind="stable")
    return {head: np.concatenate(values)[back] for head, values in parts.items()}


def pad(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, both int64, shape (rows, longest)."""
    longest = max(len(row) for row in rows)
    ids = torch.ones(len(rows), longest, dtype=torch.long)  # 1 is the padding id of the base vocabulary
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


def _train_step(model: nn.Module, loss: Tensor, optimizer: torch.optim.Optimizer) -> float:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _batches(data: Encoded, size: int, *, seed: int) -> Iterator[list[int]]:
    """Batches of like length in random order: pools of 50 batches are sorted, cut and shuffled."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(data.ids))
    batches: list[list[int]] = []
    for start in range(0, len(order), size * 50):
        pool = sorted(order[start : start + size * 50].tolist(), key=lambda i: len(data.ids[i]))
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    for index in rng.permutation(len(batches)):
        yield batches[index]


def optimizer_of(model: nn.Module, config: StageConfig) -> torch.optim.Optimizer:
    """AdamW with the encoder's layers at falling rates and everything else at the head's rate.

    Args:
        model: a ``MultiTaskModel``, alone or as the part ``messages`` of a larger model.
        config: settings of the stage.
    """
    names = [name for name, _ in model.named_parameters()]
    depth = 1 + max(int(name.split("layer.")[1].split(".")[0]) for name in names if ".encoder.layer." in name)
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if "word_embeddings" in name and config.freeze_words:
            parameter.requires_grad_(False)
            continue
        if ".encoder.layer." in name:
            layer = int(name.split("layer.")[1].split(".")[0])
            rate = config.encoder_rate * config.layer_decay ** (depth - 1 - layer)
        elif ".embeddings." in name:
            rate = config.encoder_rate * config.layer_decay**depth
        else:
            rate = config.head_rate
        groups.setdefault(rate, []).append(parameter)
    return torch.optim.AdamW(
        [{"params": parameters, "lr": rate} for rate, parameters in groups.items()],
        weight_decay=config.weight_decay,
        fused=True,
    )


def _rate(step: int, steps: int, warmup: float) -> float:
    """Linear warm-up, then linear decay to zero."""
    begin = max(1, int(steps * warmup))
    return min((step + 1) / begin, max(0.0, (steps - step) / max(1, steps - begin)))


def _save(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    done: int,
    average: Average | None,
) -> None:
    partial = path.with_suffix(".partial")
    torch.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "average": None if average is None else average.state(),
            "done": done,
            "random": torch.get_rng_state(),
        },
        partial,
    )
    partial.replace(path)


def _resume(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR,
    average: Average | None,
) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    if average is not None and state["average"] is not None:
        average.restore(state["average"])
    torch.set_rng_state(state["random"])
    return int(state["done"])

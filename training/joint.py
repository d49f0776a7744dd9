"""Encoder and conversation head trained together on whole chats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.models.context import PEAK
from pipeline.models.operating import CORRECTED_HEADS
from training.context import ContextHead, Heard
from training.dialogues import Dialogue, Step, Whole, batches, prefix_weights
from training.fit import Progress, StageConfig, optimizer_of, pad, run_stage, set_dropout
from training.habits import in_habit
from training.losses import WEIGHTS, multi_task_loss
from training.model import MultiTaskModel
from training.targets import Layout

ALIKE = 24
"""Messages of like length that the encoder reads at a time."""
FADE = 64
"""The running mean of embeddings follows the chat: after this many messages the oldest fade (as ``pipeline.stages.fold``)."""
OWN, SPANS, RISK = 0.5, 0.15, 0.5
"""Weights of the messages' own logits, of the marked words and of the risk, beside 1 for the corrected logits."""
WHOLE = {"complaint": 0.3, "category": 1.0, "stage": 0.4, "outcome": 0.4, "csat": 0.4}
UNKNOWN = 3
"""Token that stands for unknown pieces in the base vocabulary; those of a smaller number are special."""
EARLY = 0.25
"""Weight of what is said of the whole chat before its end."""
MAIN_SHARE = 0.7
"""Of the category target, where a complaint has several."""


class ChatModel(nn.Module):
    """Messages and their conversation."""

    def __init__(self, messages: MultiTaskModel, context: ContextHead) -> None:
        super().__init__()
        self.messages = messages
        self.context = context


@dataclass(frozen=True, slots=True)
class Read:
    """What the encoder says of the messages of some dialogues."""

    rows: Sequence[tuple[int, int, Step]]
    """Place of each message that was read: dialogue, step."""
    logits: Mapping[str, Tensor]
    """By head, shape (rows, outputs)."""
    embeddings: Tensor
    """Shape (rows, width)."""
    spans: Tensor
    """Mean loss of the marked words; 0 where none is marked."""


def read_messages(
    model: ChatModel, dialogues: Sequence[Dialogue], *, autocast: bool, word_dropout: float = 0.0
) -> Read:
    """Encode every message with text, those of like length together.

    Args:
        model: encoder and conversation head.
        dialogues: at least one message among them has text.
        autocast: in bfloat16.
        word_dropout: share of tokens that are read as unknown (Iyyer et al. 2015, "Deep Unordered Composition Rivals
            Syntactic Methods for Text Classification").
    """
    rows = [(i, j, step) for i, d in enumerate(dialogues) for j, step in enumerate(d.steps) if step.ids]
    rows.sort(key=lambda row: len(row[2].ids))
    parts: list[dict[str, Tensor]] = []
    losses: list[Tensor] = []
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):  # one for all: it casts the weights once
        for start in range(0, len(rows), ALIKE):
            steps = [step for _, _, step in rows[start : start + ALIKE]]
            ids, mask = pad([step.ids for step in steps])
            if word_dropout:
                ids = torch.where((torch.rand(ids.shape) < word_dropout) & (ids > UNKNOWN), UNKNOWN, ids)
            states, pooled = model.messages.encode(ids, mask)
            logits = model.messages.read(states, pooled, mask)
            losses += _span_losses(model, states, mask, steps)
            parts.append({**{k: v.float() for k, v in logits.items()}, "embedding": pooled.float()})
    found = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    spans = torch.stack(losses).mean() if losses else torch.zeros(())
    embeddings = found.pop("embedding")
    return Read(rows, found, embeddings, spans)


def _span_losses(model: ChatModel, states: Tensor, mask: Tensor, steps: Sequence[Step]) -> list[Tensor]:
    """Cross-entropy between a signal's attention and its marked tokens, evenly weighted."""
    if not any(step.marked for step in steps):
        return []
    attention = model.messages.signals.weights(states, mask.bool()).clamp_min(1e-6).log()
    return [
        -attention[row, list(tokens), signal].mean() for row, step in enumerate(steps) for signal, tokens in step.marked
    ]


def hear(model: ChatModel, dialogues: Sequence[Dialogue], read: Read) -> Heard:
    """Run the conversation head over what the encoder said."""
    chats, longest = len(dialogues), max(len(d.steps) for d in dialogues)
    own = joined(read.logits)
    embeddings = torch.zeros(chats, longest, read.embeddings.shape[1])
    topics = torch.full((chats, longest, read.logits["categories"].shape[1]), -PEAK)
    logits = torch.zeros(chats, longest, own.shape[1])
    about = torch.zeros(chats, longest, len(dialogues[0].steps[0].about))
    speaks = torch.zeros(chats, longest)
    at = ([i for i, _, _ in read.rows], [j for _, j, _ in read.rows])
    embeddings = embeddings.index_put(_places(at), read.embeddings)
    logits = logits.index_put(_places(at), own)
    topics = topics.index_put(_places(at), read.logits["categories"])
    for i, one in enumerate(dialogues):
        for j, step in enumerate(one.steps):
            about[i, j] = torch.from_numpy(step.about)
            speaks[i, j] = float(step.is_customer and bool(step.ids))
    peaks = torch.where(speaks[..., None] > 0, topics, -PEAK).cummax(dim=1).values
    result: Heard = model.context(embeddings, logits, about, running_means(embeddings, speaks), peaks)
    return result


def _places(at: tuple[list[int], list[int]]) -> tuple[Tensor, Tensor]:
    return torch.tensor(at[0]), torch.tensor(at[1])


def running_means(embeddings: Tensor, speaks: Tensor) -> Tensor:
    """Mean of the customer's embeddings up to each message.

    Args:
        embeddings: shape (chats, messages, width).
        speaks: 1 where the customer wrote, shape (chats, messages).
    """
    means, count = [], torch.zeros(len(speaks), 1)
    mean = torch.zeros_like(embeddings[:, 0])
    for step in range(embeddings.shape[1]):
        now = speaks[:, step : step + 1]
        count = count + now
        share = now / count.clamp(1, FADE)
        mean = mean + share * (embeddings[:, step] - mean)
        means.append(mean)
    return torch.stack(means, dim=1)


def joined(logits: Mapping[str, Tensor]) -> Tensor:
    """Logits of ``CORRECTED_HEADS`` side by side."""
    return torch.cat([logits[head] for head in CORRECTED_HEADS], dim=-1)


def parted(values: Tensor, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of ``joined``."""
    sizes = [like[head].shape[-1] for head in CORRECTED_HEADS]
    return dict(zip(CORRECTED_HEADS, torch.split(values, sizes, dim=-1), strict=True))


def chat_loss(
    model: ChatModel,
    dialogues: Sequence[Dialogue],
    layout: Layout,
    weights: Mapping[str, float] = WEIGHTS,
    *,
    word_dropout: float = 0.0,
) -> Tensor:
    """Loss of a batch of dialogues: messages as such, messages in their context, marked words, risk, whole chats."""
    read = read_messages(model, dialogues, autocast=True, word_dropout=word_dropout)
    heard = hear(model, dialogues, read)
    targets = torch.from_numpy(np.stack([step.targets for _, _, step in read.rows]))
    places = _places(([i for i, _, _ in read.rows], [j for _, j, _ in read.rows]))
    corrected = parted(joined(read.logits) + heard.corrections[places], read.logits)
    total = multi_task_loss(corrected, targets, layout, weights)
    total = total + OWN * multi_task_loss(read.logits, targets, layout, weights)
    total = total + SPANS * read.spans + RISK * _risk_loss(dialogues, heard)
    for name, weight in WHOLE.items():
        total = total + weight * _whole_loss(name, dialogues, heard)
    return total


def _risk_loss(dialogues: Sequence[Dialogue], heard: Heard) -> Tensor:
    weights = np.zeros(tuple(heard.risk.shape), np.float32)
    wanted = np.zeros(tuple(heard.risk.shape), np.float32)
    for i, one in enumerate(dialogues):
        weights[i, : len(one.steps)] = prefix_weights(one)
        wanted[i] = float(one.whole is not None and one.whole.escalates)
    weight = torch.from_numpy(weights)
    losses = functional.binary_cross_entropy_with_logits(heard.risk, torch.from_numpy(wanted), reduction="none")
    return (losses * weight).sum() / weight.sum().clamp_min(1.0)


def _whole_loss(name: str, dialogues: Sequence[Dialogue], heard: Heard) -> Tensor:
    """Loss of one estimate about the chat: 1 at its end, ``EARLY`` spread over the messages before."""
    losses, weights = [], []
    for i, one in enumerate(dialogues):
        if one.whole is None or (name == "category" and one.whole.main < 0):
            continue
        steps = len(one.steps)
        said = heard.whole[name][i, :steps]
        losses.append(_estimate_loss(name, said, one.whole))
        weight = torch.full((steps,), EARLY / steps)
        weight[-1] += 1.0
        weights.append(weight)
    if not losses:
        return heard.whole[name].sum() * 0.0
    return (torch.cat(losses) * torch.cat(weights)).sum() / len(losses)


def _estimate_loss(name: str, said: Tensor, whole: Whole) -> Tensor:
    """Loss after each message, shape (messages,), of estimates of shape (messages, outputs)."""
    if name == "complaint":
        return functional.binary_cross_entropy_with_logits(
            said[:, 0], torch.full((len(said),), float(whole.main >= 0)), reduction="none"
        )
    if name == "csat":
        return functional.smooth_l1_loss(said[:, 0], torch.full((len(said),), whole.csat - 3.0), reduction="none")
    if name == "category":
        share = torch.from_numpy(whole.categories)
        others = share.sum() - 1
        target = share * ((1 - MAIN_SHARE) / others if others > 0 else 0.0)
        target[whole.main] = MAIN_SHARE if others > 0 else 1.0
        return functional.cross_entropy(said, target.expand(len(said), -1), reduction="none")
    index = whole.stage if name == "stage" else whole.outcome
    return functional.cross_entropy(said, torch.full((len(said),), index), reduction="none")


def fit_chats(
    model: ChatModel,
    dialogues: Sequence[Dialogue],
    layout: Layout,
    config: StageConfig,
    *,
    seed: int,
    checkpoint: Path,
    report: Callable[[Progress], None],
) -> ChatModel:
    """Train on dialogues, in place, and return the model; see ``training.fit.run_stage`` for what is kept.

    Args:
        model: changed in place.
        dialogues: chats and messages on their own.
        layout: target layout.
        config: settings; ``batch_size`` counts messages.
        seed: for batch order and dropout.
        checkpoint: file to keep; removed by the caller once the stage's result is stored.
        report: called about every 20 steps.
    """

    def loss(rows: Sequence[int]) -> Tensor:
        return chat_loss(
            model,
            [in_habit(dialogues[i], config.habits) for i in rows],
            layout,
            {**WEIGHTS, **config.weights},
            word_dropout=config.word_dropout,
        )

    def batches_of(epoch: int) -> list[list[int]]:
        found = batches(dialogues, config.batch_size, seed=seed * 1000 + epoch)
        steps = max(1, round(sum(len(d.steps) for d in dialogues) / config.batch_size))
        return (found * 2)[:steps]  # epochs of one length, so that a resumed run knows where it stands

    set_dropout(model.messages, config)
    run_stage(
        model,
        optimizer_of(model, config),
        batches_of,
        loss,
        config,
        seed=seed,
        checkpoint=checkpoint,
        report=report,
    )
    return model


@dataclass(frozen=True, slots=True)
class Said:
    """What a trained model says of one dialogue."""

    own: dict[str, np.ndarray]
    """Logits of the messages on their own by head, shape (messages with text, outputs)."""
    corrected: dict[str, np.ndarray]
    """Logits of ``CORRECTED_HEADS`` in context, likewise."""
    targets: np.ndarray
    """Shape (messages with text, layout.size)."""
    risk: np.ndarray
    """Log-odds after each step, shape (steps,)."""
    whole: dict[str, np.ndarray]
    """Logits at the end by name, shape (outputs,)."""


def predict_chats(model: ChatModel, dialogues: Sequence[Dialogue], *, at_once: int = 8) -> list[Said]:
    """What the model says of each dialogue; in evaluation mode, without gradients, in float32."""
    model.eval()
    found: list[Said] = []
    with torch.inference_mode():
        for start in range(0, len(dialogues), at_once):
            some = dialogues[start : start + at_once]
            read = read_messages(model, some, autocast=False)
            heard = hear(model, some, read)
            for i, one in enumerate(some):
                found.append(_said(i, one, read, heard))
    return found


def _said(i: int, one: Dialogue, read: Read, heard: Heard) -> Said:
    mine = sorted((j, row) for row, (chat, j, _) in enumerate(read.rows) if chat == i)
    rows, steps = [row for _, row in mine], [j for j, _ in mine]
    own = {head: values[rows] for head, values in read.logits.items()}
    shifted = parted(joined(own) + heard.corrections[i, steps], own)
    return Said(
        own={head: values.numpy() for head, values in own.items()},
        corrected={head: values.numpy() for head, values in shifted.items()},
        targets=np.stack([one.steps[j].targets for j in steps]) if steps else np.zeros((0, 0), np.float32),
        risk=heard.risk[i, : len(one.steps)].numpy(),
        whole={name: values[i, len(one.steps) - 1].numpy() for name, values in heard.whole.items()},
    )

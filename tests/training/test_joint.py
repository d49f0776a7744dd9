"""Encoder and conversation head on whole chats: causal, whatever the company, and without what was not labelled."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from toy_run import Run

from training.dialogues import Dialogue, batches, prefix_weights, single
from training.joint import chat_loss, hear, predict_chats, read_messages, running_means
from training.train import dialogues_of


@pytest.fixture(scope="module")
def dialogues(run: Run) -> list[Dialogue]:
    tokenizer = Tokenizer.from_file(str(run.place.base / "tokenizer.json"))
    return dialogues_of(run.place, run.place.part("dev"), tokenizer)


def test_later_messages_change_nothing_that_was_said(run: Run, dialogues: list[Dialogue]) -> None:
    whole = dialogues[0]
    part = replace(whole, steps=whole.steps[:4])
    (long,), (short,) = (predict_chats(run.trained.model, [one]) for one in (whole, part))
    np.testing.assert_allclose(long.risk[:4], short.risk, atol=1e-5)
    np.testing.assert_allclose(
        long.corrected["anger"][: len(short.corrected["anger"])], short.corrected["anger"], atol=1e-5
    )


def test_other_chats_in_the_batch_change_nothing(run: Run, dialogues: list[Dialogue]) -> None:
    together = predict_chats(run.trained.model, dialogues[:5], at_once=5)
    for one, said in zip(dialogues[:5], together, strict=True):
        (alone,) = predict_chats(run.trained.model, [one])
        np.testing.assert_allclose(said.risk, alone.risk, atol=1e-4)
        for name, values in said.whole.items():
            np.testing.assert_allclose(values, alone.whole[name], atol=1e-4)


def test_a_message_on_its_own_teaches_nothing_about_chats(run: Run, dialogues: list[Dialogue]) -> None:
    step = next(s for s in dialogues[0].steps if s.ids and s.is_customer)
    alone = single("x", "en", step.ids, step.targets)
    model = run.trained.model.train()
    model.zero_grad(set_to_none=True)
    chat_loss(model, [alone], run.place.layout).backward()  # type: ignore[no-untyped-call]
    model.eval()
    assert prefix_weights(alone).sum() == 0
    for name, parameter in model.context.named_parameters():
        if name.startswith(("risk", "whole")):
            assert parameter.grad is None or not parameter.grad.any(), name
    assert model.context.shift.weight.grad is not None
    model.zero_grad(set_to_none=True)


def test_marked_words_draw_the_attention(run: Run, dialogues: list[Dialogue]) -> None:
    marked = [one for one in dialogues if any(step.marked for step in one.steps)]
    assert marked
    with torch.inference_mode():
        assert float(read_messages(run.trained.model, marked[:2], autocast=False).spans) > 0
    bare = [replace(one, steps=tuple(replace(s, marked=()) for s in one.steps)) for one in marked[:2]]
    assert float(read_messages(run.trained.model, bare, autocast=False).spans) == 0


def test_means_are_of_the_customers_messages_so_far() -> None:
    embeddings = torch.tensor([[[1.0], [9.0], [3.0], [5.0]]])
    speaks = torch.tensor([[1.0, 0.0, 1.0, 1.0]])
    assert running_means(embeddings, speaks)[0, :, 0].tolist() == pytest.approx([1, 1, 2, 3])


def test_batches_hold_every_dialogue_once(dialogues: list[Dialogue]) -> None:
    found = batches(dialogues, 20, seed=1)
    assert sorted(i for batch in found for i in batch) == list(range(len(dialogues)))
    assert found == batches(dialogues, 20, seed=1) != batches(dialogues, 20, seed=2)
    assert all(len(batch) == 1 or sum(len(dialogues[i].steps) for i in batch) <= 20 for batch in found)


def test_the_head_reads_roles_and_times(run: Run, dialogues: list[Dialogue]) -> None:
    one = dialogues[0]
    late = replace(one, steps=tuple(replace(s, about=s.about + np.float32(0.5)) for s in one.steps))
    with torch.inference_mode():
        risks = [
            hear(run.trained.model, [d], read_messages(run.trained.model, [d], autocast=False)).risk
            for d in (one, late)
        ]
    assert not torch.allclose(*risks)


def test_words_are_dropped_at_random_and_special_tokens_never(run: Run, dialogues: list[Dialogue]) -> None:
    model = run.trained.model.eval()
    with torch.inference_mode():
        plain, same = (read_messages(model, dialogues[:1], autocast=False, word_dropout=share) for share in (0.0, 0.0))
        torch.manual_seed(0)
        dropped = read_messages(model, dialogues[:1], autocast=False, word_dropout=0.5)
    assert torch.equal(plain.embeddings, same.embeddings)
    assert not torch.allclose(plain.embeddings, dropped.embeddings, atol=1e-3)
    assert [row[:2] for row in plain.rows] == [row[:2] for row in dropped.rows]

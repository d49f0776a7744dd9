"""The multi-task loss: known cells teach, unknown cells are silent."""

import math

import pytest
import torch

from pipeline.models.scorer import ACTS, SIGNALS
from training.losses import WEIGHTS, multi_task_loss
from training.targets import Layout

LAYOUT = Layout(("a", "b"))
SIZES = {"anger": 3, "frustration": 3, "polarity": 3, "complaint": 1, "anger_any": 1, "offensive_any": 1}
SIZES |= {"signals": len(SIGNALS), "acts": len(ACTS), "categories": 2}


def logits(rows: int) -> dict[str, torch.Tensor]:
    return {head: torch.zeros(rows, size, requires_grad=True) for head, size in SIZES.items()}


def targets(**known: float) -> torch.Tensor:
    vector = torch.full((1, LAYOUT.size), math.nan)
    for head, value in known.items():
        vector[0, LAYOUT.part(head)] = value
    return vector


def test_rows_without_targets_teach_nothing() -> None:
    said = logits(1)
    loss = multi_task_loss(said, targets(), LAYOUT)
    loss.backward()
    assert loss.item() == 0
    assert all(float(value.grad.abs().sum()) == 0 for value in said.values() if value.grad is not None)


@pytest.mark.parametrize("head", sorted(WEIGHTS))
def test_a_head_learns_from_its_own_target_only(head: str) -> None:
    said = logits(1)
    loss = multi_task_loss(said, targets(**{head: 1.0}), LAYOUT)
    loss.backward()
    expected = math.log(3) if head == "polarity" else math.log(2)
    assert loss.item() == pytest.approx(WEIGHTS[head] * expected, rel=1e-5)
    moved = {name for name, v in said.items() if v.grad is not None and float(v.grad.abs().sum()) > 0}
    assert moved == {head}


def test_a_level_is_three_questions() -> None:
    said = logits(1)
    multi_task_loss(said, targets(anger=2.0), LAYOUT).backward()
    assert said["anger"].grad is not None
    assert said["anger"].grad.sign().tolist() == [[-1.0, -1.0, 1.0]]


def test_a_row_of_silence_changes_no_mean() -> None:
    one = multi_task_loss(logits(1), targets(anger=3.0), LAYOUT)
    two = multi_task_loss(logits(2), torch.cat([targets(anger=3.0), targets()]), LAYOUT)
    assert one.item() == pytest.approx(two.item())

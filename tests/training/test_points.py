"""Operating points and calibration of the conversation head."""

import numpy as np
import pytest
from tokenizers import Tokenizer
from toy_run import Run

from training import points as module
from training.joint import predict_chats
from training.points import context_points
from training.train import dialogues_of


@pytest.fixture(scope="module")
def tuned(run: Run):
    tokenizer = Tokenizer.from_file(str(run.place.base / "tokenizer.json"))
    dialogues = dialogues_of(run.place, run.place.part("dev"), tokenizer)
    return dialogues, predict_chats(run.trained.model, dialogues)


def test_the_risk_is_calibrated_on_event_free_prefixes(tuned, run: Run) -> None:
    dialogues, said = tuned
    weight = np.concatenate([module.prefix_weights(one) for one in dialogues])
    logits = np.concatenate([one.risk for one in said])
    known = run.trained.context
    risk = 1 / (1 + np.exp(-(known.risk_slope * logits + known.risk_bias)))
    chats = [one for one in dialogues if module.prefix_weights(one).sum() > 0]
    share = np.mean([one.whole.escalates for one in chats])
    assert np.average(risk, weights=weight) == pytest.approx(share, abs=0.03)


def test_biases_of_classes_need_a_gain() -> None:
    classes = np.array([0, 1, 0, 1])
    sure = np.array([[2.0, 0], [0, 2.0], [2.0, 0], [0, 2.0]], np.float32)
    assert module._class_biases(sure, classes) == (0.0, 0.0)
    timid = sure - np.array([0, 1.4], np.float32) - np.array([0, 0.9], np.float32)
    assert module._class_biases(timid, classes)[1] > module._class_biases(timid, classes)[0]


def test_points_are_the_same_again(tuned, run: Run) -> None:
    assert context_points(*tuned, run.place.layout) == run.trained.context

"""Ways of writing that change nothing about what is said, so that the model learns not to mind them.

People who leave out punctuation, never use capitals or always end with a full stop do so throughout: a habit is drawn for a
whole chat. Texts are changed as they were written, before the pipeline prepares them.

Source: Wei and Zou 2019, "EDA: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks",
kept to changes that preserve every label.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import torch

from training.dialogues import Dialogue

_MARKS = re.compile(r"(?<!\d)[，。！、；：,.!;:]+(?!\d)|(?<=\d)[，。！、；：,.!;:]+(?=\D|$)")
_ALL_MARKS = re.compile(r"[，。！？、；：,.!?;:…~～—\"“”‘()（）]+")
_STOP = re.compile(r"(?<![.。])[.。]\s*$")
_ENDS_IN_WORD = re.compile(r"[\w\u3400-\u9fff]\s*$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])[，。、；](?=[\u3400-\u9fff])")
_NEUTRAL = ("📦", "🧾", "📱", "🕐", "📷", "🔑", "🚪", "☕")
"""Things, not feelings."""


def _bare(text: str) -> str:
    return _ALL_MARKS.sub(" ", text).strip()


def _light(text: str) -> str:
    return _MARKS.sub(" ", text).strip()


def _lower(text: str) -> str:
    return text.lower()


def _upper(text: str) -> str:
    return text.upper()


def _stop(text: str) -> str:
    if _STOP.search(text):
        return _STOP.sub("", text)
    end = "。" if _HAN.search(text) else "."
    return text.rstrip() + end if _ENDS_IN_WORD.search(text) else text


def _thing(text: str) -> str:
    return f"{text.rstrip()} {_NEUTRAL[len(text) % len(_NEUTRAL)]}"


def _spaced(text: str) -> str:
    return _BETWEEN_HAN.sub(" ", text) if _HAN.search(text) else text.replace(" ", "  ")


HABITS: tuple[Callable[[str], str], ...] = (_bare, _light, _lower, _upper, _stop, _thing, _spaced)
"""Each gives the text written in its way."""


def in_habit(one: Dialogue, share: float) -> Dialogue:
    """The dialogue, in ``share`` of the calls with the customer writing in one of ``HABITS``.

    Draws from torch's generator, whose state a checkpoint keeps. Marked words are left out where a text has changed.
    """
    if not share or float(torch.rand(())) >= share:
        return one
    habit = int(torch.randint(len(HABITS), ()))
    return replace(
        one,
        steps=tuple(
            replace(step, ids=step.variants[habit], marked=()) if step.variants and step.variants[habit] else step
            for step in one.steps
        ),
    )

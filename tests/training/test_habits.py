"""Ways of writing leave the words as they are, and are drawn for a whole chat."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from toy_run import Run

from training.dialogues import Dialogue
from training.habits import HABITS, in_habit
from training.train import chat_dialogues


@pytest.fixture(scope="module")
def dialogues(run: Run) -> list[Dialogue]:
    tokenizer = Tokenizer.from_file(str(run.place.base / "tokenizer.json"))
    return chat_dialogues(run.place, "train", tokenizer, habits=HABITS)


def written(name: str, text: str) -> str:
    (habit,) = (habit for habit in HABITS if habit.__name__ == f"_{name}")
    return habit(text)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("bare", "Where is it?! I paid £3.50, OK.", "Where is it  I paid £3 50  OK"),
        ("light", "Where is it? I paid £3.50, OK.", "Where is it? I paid £3.50  OK"),
        ("light", "三天了，没人回！", "三天了 没人回"),
        ("lower", "NOT Again", "not again"),
        ("upper", "not again", "NOT AGAIN"),
        ("stop", "没人回", "没人回。"),
        ("stop", "no answer.", "no answer"),
        ("stop", "really?", "really?"),
        ("spaced", "三天了，没人回", "三天了 没人回"),
        ("spaced", "no answer yet", "no  answer  yet"),
    ],
)
def test_each_habit_writes_in_its_way(name: str, text: str, wanted: str) -> None:
    assert written(name, text) == wanted


@given(st.text(alphabet="ab 三天Z,.。!0", max_size=30))
def test_letters_and_digits_stay_in_their_order(text: str) -> None:
    def kept(some: str) -> list[str]:
        return [c for c in some.lower() if c.isalnum()]

    assert all(kept(habit(text)) == kept(text) for habit in HABITS)


def test_a_habit_holds_for_the_whole_chat(dialogues: list[Dialogue]) -> None:
    one = next(d for d in dialogues if sum(bool(s.variants) and all(s.variants) for s in d.steps) > 1)
    torch.manual_seed(1)
    seen = set()
    for _ in range(60):
        changed = in_habit(one, 1.0)
        which = [
            {k for k, ids in enumerate(old.variants) if ids == new.ids}
            for old, new in zip(one.steps, changed.steps, strict=True)
            if old.variants and all(old.variants)
        ]
        shared = set.intersection(*which)
        assert shared
        seen |= shared
        for old, new in zip(one.steps, changed.steps, strict=True):
            assert new.targets is old.targets
            assert new.ids == old.ids or new.marked == ()
    assert seen == set(range(len(HABITS)))


def test_the_share_of_chats_in_a_habit_is_as_asked(dialogues: list[Dialogue]) -> None:
    torch.manual_seed(2)
    (one,) = [d for d in dialogues if any(s.variants for s in d.steps)][:1]
    assert all(in_habit(one, 0.0) is one for _ in range(50))
    drawn = sum(in_habit(one, 0.25) is not one for _ in range(400))
    assert 60 < drawn < 140


def test_agents_and_unchanged_texts_have_no_variant(dialogues: list[Dialogue]) -> None:
    for step in (step for one in dialogues for step in one.steps):
        if step.is_customer:
            assert len(step.variants) == len(HABITS)
        else:
            assert step.variants == ()
    one = dialogues[0]
    bare = replace(one, steps=tuple(replace(s, variants=((),) * len(HABITS)) for s in one.steps))
    assert in_habit(bare, 1.0).steps == bare.steps

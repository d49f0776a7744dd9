"""Two annotation passes against each other."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.records import Conversation
from training.agreement import agreement, load_second, said_by
from training.corpora import load_chats
from training.splits import load_splits


def test_a_pass_agrees_with_itself(chats: list[Conversation]) -> None:
    same = {chat.conversation_id: chat.labels for chat in chats if chat.labels is not None}
    found = agreement(chats, same)["all"]
    for name in (
        "anger.qwk",
        "polarity.macro_f1",
        "signals.micro_f1",
        "acts.micro_f1",
        "category.top1",
        "escalation.f1",
    ):
        assert found[name] == pytest.approx(1.0), name
    assert not [name for name in found if name.startswith("forecast")]


def test_only_chats_of_both_passes_count(chats: list[Conversation]) -> None:
    one = {chats[0].conversation_id: chats[0].labels}
    assert agreement(chats, one)["all"]["conversations"] == 1
    assert said_by(chats[0], chats[0].labels).conversation_id == chats[0].conversation_id


def test_the_committed_second_pass_is_of_held_out_chats(repository: Path, tmp_path: Path) -> None:
    folder = repository / "data" / "conversations"
    second = load_second(folder / "second")
    splits = load_splits(folder)
    assert len(second) >= 140
    assert all(splits.part(name) == "test" for name in second)
    labelled = {
        chat.conversation_id: set(chat.labels.messages) for chat in load_chats(folder) if chat.labels is not None
    }
    assert all(set(labels.messages) == labelled[name] for name, labels in second.items())
    with pytest.raises(InputError, match="second"):
        load_second(tmp_path)

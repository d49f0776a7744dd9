"""The lists of chats to tune on and to hold out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.records import Conversation
from pipeline.serialise import conversation_to_json, dump_line
from training import splits as module
from training.corpora import chat_language, load_chats
from training.splits import FILE, Splits, draw, load_splits


def test_the_held_out_part_is_the_frozen_one(repository: Path) -> None:
    folder = repository / "data" / "conversations"
    row = json.loads((folder / FILE).read_text(encoding="utf-8"))
    chats, splits = load_chats(folder), load_splits(folder)
    assert module.test_checksum(chats, splits) == row["sha256"]
    assert not splits.dev & splits.test
    assert splits.dev | splits.test <= {chat.conversation_id for chat in chats}
    held_out = [chat_language(chat) for chat in chats if splits.part(chat.conversation_id) == "test"]
    assert all(held_out.count(language) >= 100 for language in ("zh", "en", "mixed"))


def test_lists_are_drawn_by_the_ids_in_every_language(chats: list[Conversation]) -> None:
    many = [replace(chats[i % 40], conversation_id=f"c{i}") for i in range(2_000)]
    languages = {chat.conversation_id: ("zh", "en", "mixed")[i % 3] for i, chat in enumerate(many)}
    splits = draw(many, languages)
    assert splits == draw(many[::-1], languages)
    assert not splits.dev & splits.test
    for language in ("zh", "en", "mixed"):
        held_out = sum(languages[name] == language for name in splits.test)
        assert held_out == module.LEAST_TEST
        assert sum(languages[name] == language for name in splits.dev) == module.LEAST_DEV


def test_the_checksum_is_of_texts_and_labels(chats: list[Conversation]) -> None:
    splits = Splits(frozenset(), frozenset({chats[0].conversation_id}))
    known = module.test_checksum(chats, splits)
    assert known == module.test_checksum(chats[::-1], splits)
    other = replace(chats[0], messages=(replace(chats[0].messages[0], text="x"), *chats[0].messages[1:]))
    assert known != module.test_checksum([other], splits)


def test_lists_are_drawn_once(tmp_path: Path, chats: list[Conversation]) -> None:
    with pytest.raises(InputError, match="no lists"):
        load_splits(tmp_path)
    lines = [dump_line(conversation_to_json(chat)) + "\n" for chat in chats]
    (tmp_path / "a.jsonl").write_text("".join(lines), encoding="utf-8")
    module.main(tmp_path)
    splits = load_splits(tmp_path)
    assert {splits.part(chat.conversation_id) for chat in chats} == {"train", "dev", "test"}
    with pytest.raises(InputError, match="frozen"):
        module.main(tmp_path)
    (tmp_path / FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        load_splits(tmp_path)

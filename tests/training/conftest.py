"""A tiny base encoder, toy corpora with their mapping table, real annotated chats, and one trained toy run."""

import csv
import json
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from toy_run import Run, Toy
from transformers import BertConfig, BertModel

from pipeline.config import load_categories
from pipeline.records import Conversation
from pipeline.serialise import conversation_to_json, dump_line
from training.corpora import load_chats
from training.train import Workplace, finish, load_config, train, workplace

WIDTH = 32
DEV = 36
"""Chats before this place are trained on."""
ANGRY = ("You have lost my parcel again", "骗子，退钱", "This is a disgrace", "等了三天没人管", "idiots, all of you")
CALM = ("Could you tell me the size?", "请问什么时候发货", "Thanks, that works", "好的，收到", "see you on Friday then")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """So small a model only waits for a second thread."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def chats(repository: Path) -> list[Conversation]:
    """Short annotated chats, 36 to train on and 12 to measure: a third escalates, a third has no complaint."""
    every = [c for c in load_chats(repository / "data" / "conversations") if len(c.messages) <= 16]
    kinds: dict[tuple[bool, bool], list[Conversation]] = {}
    for chat in sorted(every, key=lambda c: c.conversation_id):
        assert chat.labels is not None
        whole = chat.labels.conversation
        kinds.setdefault((whole.escalated, bool(whole.categories)), []).append(chat)
    groups = [spread(kinds[kind], 16) for kind in ((True, True), (False, True), (False, False))]
    return [chat for row in zip(*groups, strict=True) for chat in row]


def spread(chats: list[Conversation], count: int) -> list[Conversation]:
    """So many of the chats, at even distances."""
    assert len(chats) >= count
    return chats[:: len(chats) // count][:count]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, chats: list[Conversation]) -> Path:
    """A random BERT of two layers, width 32, that reads single characters."""
    folder = tmp_path_factory.mktemp("base")
    letters = sorted({c for chat in chats for m in chat.messages for c in m.text} | set("".join(ANGRY + CALM)))
    vocabulary = {token: i for i, token in enumerate(["[UNK]", "[PAD]", "[CLS]", "[SEP]", *letters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=256,
        pad_token_id=1,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory, chats: list[Conversation]) -> Toy:
    """A configuration, a mapping table, corpora of sixty rows and the chats, all in one folder."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "chats").mkdir()
    with (folder / "chats" / "some.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(dump_line(conversation_to_json(chat)) + "\n" for chat in chats)
    held_out = [chat.conversation_id for chat in chats[DEV:]]
    (folder / "chats" / "split.json").write_text(json.dumps({"dev": held_out, "test": []}), encoding="utf-8")
    (folder / "chats" / "spans").mkdir()
    (folder / "chats" / "spans" / "some.jsonl").write_text("".join(_spans(chats)), encoding="utf-8")
    for name, first in (("train", 0), ("dev", 60)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["id", "text", "label"])
            writer.writerows(_rows(60, first))
    with (folder / "calm.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps({"said": f"{text} {i}"}) + "\n" for i, text in enumerate(CALM))
    (folder / "table.yaml").write_text(TABLE, encoding="utf-8")
    (folder / "toy.yaml").write_text(CONFIG, encoding="utf-8")
    return Toy(folder / "toy.yaml", folder)


def _spans(chats: list[Conversation]) -> Iterator[str]:
    """The first four characters of every message that has a signal."""
    for chat in chats:
        assert chat.labels is not None
        for message in chat.messages:
            labels = chat.labels.messages.get(message.message_id)
            for signal in getattr(labels, "signals", ()):
                row = {"conversation_id": chat.conversation_id, "message_id": message.message_id}
                yield dump_line(row | {"name": signal.value, "start": 0, "end": min(4, len(message.text))}) + "\n"


def _rows(count: int, first: int) -> Iterator[tuple[int, str, str]]:
    kinds = islice(cycle([*((t, "angry") for t in ANGRY), *((t, "calm") for t in CALM)]), count)
    yield from ((i, f"{text} ({i})", kind) for i, (text, kind) in enumerate(kinds, first))


TABLE = """
- &angry
  name: toy
  path: train.csv
  language: mixed
  licence: own
  shipped: true
  text: [text]
  label: label
  targets:
    anger_any: {positive: [angry], rest: negative}
    offensive_any: {positive: [angry], rest: negative}
    polarity: {negative: [angry], neutral: [calm]}
- name: toy_calm
  path: calm.jsonl
  language: mixed
  licence: own
  shipped: true
  text: [said]
  constant: {anger_any: 0}
- name: not_for_shipping
  path: missing.csv
  language: en
  licence: research only
  shipped: false
  text: [text]
- <<: *angry
  name: toy_dev
  path: dev.csv
  split: dev
  of: toy
"""
CONFIG = """
name: toy
seed: 3
layers: [0, 1]
max_tokens: 48
table: table.yaml
chats: chats
replay: 0.5
public: {epochs: 1, batch_size: 16}
chat_stages:
  - {name: service, epochs: 1, batch_size: 64, word_dropout: 0.05, habits: 0.3}
  - {name: alone, alone: true, epochs: 1, batch_size: 64}
"""


@pytest.fixture(scope="session")
def place(toy: Toy, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Where the toy run works."""
    categories = tuple(category.id for category in load_categories())
    out = tmp_path_factory.mktemp("run")
    return workplace(load_config(toy.config), base=base, corpora=toy.corpora, out=out, categories=categories)


@pytest.fixture(scope="session")
def run(place: Workplace) -> Run:
    """Public stage, chat stage, operating points, drivers, export: once for all tests."""
    stages: list[str] = []
    trained = train(place, lambda stage, _: stages.append(stage))
    return Run(place, trained, finish(place, trained, version="7"), tuple(dict.fromkeys(stages)))

"""Conversations for benchmarks: our own chats, each text made unique without changing its length."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

from pipeline.records import Conversation, Message
from pipeline.resources import resource
from pipeline.serialise import conversation_from_json, conversation_to_json, dump_line
from pipeline.text.words import words

HAN = range(0x3400, 0xA000)
TRIES = 40


def annotated_chats() -> list[Conversation]:
    """Every chat of ``data/conversations``, without its labels."""
    lines = [line for path in chat_files() for line in path.read_text(encoding="utf-8").splitlines()]
    return [replace(conversation_from_json(json.loads(line)), labels=None) for line in lines]


def chat_files() -> list[Path]:
    """The files that the chats come from."""
    return sorted(resource("data", "conversations").glob("*.jsonl"))


def data_version() -> str:
    """Short checksum over all chat files."""
    digest = sha256()
    for path in chat_files():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Rewriter:
    """Replaces words by other words of the same script and length until the text was never seen before."""

    def __init__(self, chats: Sequence[Conversation], *, seed: int) -> None:
        self._random = Random(seed)
        self._words: dict[tuple[bool, int], list[str]] = defaultdict(list)
        self._seen: set[int] = set()
        for chat in chats:
            for message in chat.messages:
                for start, end in words(message.text):
                    word = message.text[start:end]
                    if word.isalpha():
                        self._words[_kind(word)].append(word)

    def unique(self, text: str) -> str:
        """A new text of the same length (a little longer only where words run out)."""
        places = [(a, b) for a, b in words(text) if text[a:b].isalpha()]
        new = text
        for attempt in range(TRIES):
            if self._is_new(new):
                return new
            chosen = self._random.sample(places, min(len(places), 1 + attempt // 8)) if places else []
            for start, end in chosen:
                word = self._random.choice(self._words[_kind(text[start:end])])
                new = new[:start] + word + new[end:]
        while not self._is_new(new):
            new = f"{text} {self._word()}{self._word()}"
        return new

    def _word(self) -> str:
        return self._random.choice(self._words[self._random.choice(list(self._words))])

    def _is_new(self, text: str) -> bool:
        key = hash(text.lower())
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def _kind(word: str) -> tuple[bool, int]:
    return ord(word[0]) in HAN, len(word)


def conversations(messages: int, *, seed: int = 0) -> Iterator[Conversation]:
    """Chats with at least that many messages in all: the annotated ones again and again, every text new."""
    chats = annotated_chats()
    Random(seed).shuffle(chats)
    rewriter = Rewriter(chats, seed=seed)
    made = lap = 0
    while made < messages:
        for chat in chats:
            if made >= messages:
                return
            new = tuple(_rewritten(message, rewriter) for message in chat.messages)
            yield replace(chat, conversation_id=f"{chat.conversation_id}-{lap}", messages=new)
            made += len(new)
        lap += 1


def _rewritten(message: Message, rewriter: Rewriter) -> Message:
    return replace(message, text=rewriter.unique(message.text))


def write(path: Path, messages: int, *, seed: int = 0) -> int:
    """Write conversations as canonical JSONL and return the number of messages."""
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for chat in conversations(messages, seed=seed):
            stream.write(dump_line(conversation_to_json(chat)) + "\n")
            count += len(chat.messages)
    return count


def read(path: Path) -> Iterator[Conversation]:
    """Conversations of a file that ``write`` wrote."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield conversation_from_json(json.loads(line))

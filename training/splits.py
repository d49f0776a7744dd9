"""Which annotated chats are to train on, to tune on, and held out: fixed lists in ``split.json``, with a checksum.

The test part is frozen: its chats and labels have a checksum that a test compares, and chats written later go to the training part.
``python -m training.splits data/conversations`` draws the lists where there are none.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pipeline.errors import InputError
from pipeline.records import Conversation
from pipeline.serialise import conversation_to_json, dump_line

Split = Literal["train", "dev", "test"]
FILE = "split.json"
TEST, DEV = 0.11, 0.08
"""Shares of each language that are held out and tuned on."""
LEAST_TEST, LEAST_DEV = 110, 80
"""Chats of each language that they hold at least, where there are five times as many."""


@dataclass(frozen=True, slots=True)
class Splits:
    """Ids of the chats that are not trained on."""

    dev: frozenset[str]
    test: frozenset[str]

    def part(self, conversation_id: str) -> Split:
        """Which part a chat belongs to."""
        if conversation_id in self.test:
            return "test"
        return "dev" if conversation_id in self.dev else "train"


def load_splits(folder: Path) -> Splits:
    """The lists of a folder of chats.

    Raises:
        InputError: there are none, or the file is damaged.
    """
    path = folder / FILE
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        return Splits(frozenset(row["dev"]), frozenset(row["test"]))
    except OSError as error:
        raise InputError(
            "no lists of chats to tune on and to hold out",
            path=str(path),
            fix=f"draw them once: python -m training.splits {folder}",
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"the lists of chats are damaged ({type(error).__name__})", path=str(path)) from error


def test_checksum(chats: Iterable[Conversation], splits: Splits) -> str:
    """SHA-256 over the held-out chats with their labels, in the order of their ids."""
    lines = {c.conversation_id: dump_line(conversation_to_json(c)) for c in chats if c.conversation_id in splits.test}
    return sha256("\n".join(lines[name] for name in sorted(lines)).encode("utf-8", "surrogatepass")).hexdigest()


def draw(chats: Sequence[Conversation], language_of: dict[str, str]) -> Splits:
    """Lists by a hash of each chat's id, in like shares of every language."""
    by_language: dict[str, list[str]] = defaultdict(list)
    for chat in chats:
        by_language[language_of[chat.conversation_id]].append(chat.conversation_id)
    dev: list[str] = []
    test: list[str] = []
    for names in by_language.values():
        ordered = sorted(names, key=lambda name: sha256(f"split:{name}".encode()).digest())
        held_out, tuned = (_size(len(names), share, least) for share, least in ((TEST, LEAST_TEST), (DEV, LEAST_DEV)))
        test += ordered[:held_out]
        dev += ordered[held_out : held_out + tuned]
    return Splits(frozenset(dev), frozenset(test))


def _size(count: int, share: float, least: int) -> int:
    return min(max(round(share * count), least), max(1, count // 5))


def main(folder: Path) -> None:
    """Draw and write the lists; refuses to move chats of a test part that is frozen."""
    from training.corpora import chat_language, load_chats

    path = folder / FILE
    if path.exists():
        raise InputError("the test part is frozen", path=str(path), fix="delete the file if it is to be drawn anew.")
    chats = load_chats(folder)
    splits = draw(chats, {chat.conversation_id: chat_language(chat) for chat in chats})
    row = {"sha256": test_checksum(chats, splits), "dev": sorted(splits.dev), "test": sorted(splits.test)}
    path.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

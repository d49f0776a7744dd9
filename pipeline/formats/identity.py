"""Deterministic ids for sources that have none."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from hashlib import blake2b

from pipeline.records import Message


def digest(*parts: str) -> str:
    """16 hex digits of a hash over the parts; part borders count."""
    state = blake2b(digest_size=8)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()


class MessageIds:
    """Ids of the messages of one conversation, the same whenever the same export is read.

    An id is a hash of source, conversation, time, sender, text and how many equal messages came before.
    """

    def __init__(self, source: str, conversation_id: str) -> None:
        self._key = (source, conversation_id)
        self._seen: Counter[str] = Counter()

    def next(self, sent_at: datetime, sender: str, text: str) -> str:
        """Id of the next message of the export."""
        content = digest(*self._key, sent_at.isoformat(), sender, text)
        self._seen[content] += 1
        return digest(content, str(self._seen[content] - 1))


def first_id(messages: tuple[Message, ...]) -> str:
    """Id for a conversation that has none: a hash of its first message."""
    first = messages[0]
    return digest(first.sent_at.isoformat(), first.sender, first.text)

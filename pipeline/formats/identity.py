"""Deterministic ids for sources that have none."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from pipeline.identity import digest
from pipeline.records import Message


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

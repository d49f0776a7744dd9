"""Cutting a long export into conversations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from pipeline.records import Message


def split_sessions(messages: Iterable[Message], gap: timedelta) -> Iterator[tuple[Message, ...]]:
    """Runs of messages with less than ``gap`` of silence between neighbours.

    Args:
        messages: of one chat, in time order; read lazily, one run is held at a time.
        gap: the silence at which a new conversation begins; a message that steps back in time never begins one.

    Returns:
        Runs of at least one message, in order; joined they are the input.
    """
    run: list[Message] = []
    for message in messages:
        if run and message.sent_at - run[-1].sent_at >= gap:
            yield tuple(run)
            run = []
        run.append(message)
    if run:
        yield tuple(run)

"""Boilover's library: chats in, assessments out. No sockets, no clock.

::

    import pipeline

    model = pipeline.load()
    model.score(["你们到底管不管", "thanks!"])
    for result in pipeline.audit(conversations):
        ...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.api import Model
    from pipeline.records import Conversation

__all__ = ["audit", "load"]


def load(model: str | Path | None = None) -> Model:
    """A model ready to score; the shipped one where none is named.

    Args:
        model: a model folder; or a name in a store, such as ``models:/boilover@champion`` where MLflow is installed.

    Raises:
        ModelError: the model is missing or damaged.
    """
    from pipeline.api import Model

    return Model.load(model)


def audit(
    conversations: Iterable[Conversation | Mapping[str, Any]], *, model: Model | None = None, full: bool = False
) -> Iterator[dict[str, Any]]:
    """Score conversations, one result out for one conversation in, in order, in bounded memory.

    Args:
        conversations: records or canonical JSON objects.
        model: from ``load``; the shipped one where none is given.
        full: add every head's probability to each message.

    Yields:
        Scoring output, one object a conversation; offsets point into the texts as given.

    Raises:
        BadRecord: a JSON object is no conversation.
    """
    return (model or load()).audit(conversations, full=full)

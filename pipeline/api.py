"""What other programs call: JSON in, JSON out, over the pipeline's records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.records import Conversation, Message, Role
from pipeline.run import Pipeline, Quote, build
from pipeline.serialise import Json, assessment_to_json, conversation_from_json, message_result_to_json

_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model with the stages around it."""

    pipeline: Pipeline

    @classmethod
    def load(cls, model: str | Path | None = None, *, config: Path | None = None, threads: int | None = None) -> Model:
        """See ``pipeline.load``.

        Args:
            model: a model folder, or a name in a store such as ``models:/boilover@champion``; the configured or shipped one where not given.
            config: configuration file.
            threads: texts scored at the same time; every core where not given.
        """
        return cls(build(config, model, threads=threads))

    def score(self, texts: Iterable[str], *, full: bool = False) -> list[Json]:
        """Message results of customer texts, each on its own, in order."""
        return list(self.score_lines(texts, full=full))

    def score_lines(self, texts: Iterable[str], *, full: bool = False, first: int = 1) -> Iterator[Json]:
        """As ``score``, one at a time while the texts still come. Ids are the texts' numbers from ``first``."""
        alone = (_alone(number, text) for number, text in enumerate(texts, first))
        for done in self.pipeline.run_batch(alone, full=full, quote=Quote.ORIGINAL):
            yield message_result_to_json(done.assessment.messages[0])

    def audit(self, conversations: Iterable[Conversation | Mapping[str, Any]], *, full: bool = False) -> Iterator[Json]:
        """See ``pipeline.audit``."""
        records = (c if isinstance(c, Conversation) else conversation_from_json(dict(c)) for c in conversations)
        for done in self.pipeline.run_batch(records, full=full, quote=Quote.ORIGINAL):
            yield assessment_to_json(done.assessment)


def _alone(number: int, text: str) -> Conversation:
    """A customer's message as a conversation of its own."""
    message = Message(str(number), _ANY_TIME, Role.CUSTOMER, "", text)
    return Conversation(str(number), (message,))

"""Second stage: the model's scores of prepared messages, each text scored once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

from pipeline.models.scorer import Scorer, TextScores
from pipeline.records import Role
from pipeline.stages.stage import Prepared

SCORED_ROLES = frozenset({Role.CUSTOMER, Role.AGENT})
CAPACITY = 16_384
"""Texts whose scores are remembered; some 30 MB."""


def text_to_score(prepared: Prepared) -> str | None:
    """What the model reads of a message; ``None`` for bots, system lines and texts without content."""
    text = prepared.model_text.text
    return text if prepared.message.role in SCORED_ROLES and text.strip() else None


class ScoreCache:
    """Scores texts ahead of their use and remembers the latest, so that a repeated text costs nothing.

    Safe for several threads.

    Args:
        scorer: what scores.
        capacity: texts to remember.
    """

    def __init__(self, scorer: Scorer, *, capacity: int = CAPACITY) -> None:
        self._scorer = scorer
        self._capacity = capacity
        self._known: OrderedDict[str, TextScores] = OrderedDict()
        self._pending: dict[str, tuple[Future[list[TextScores]], int]] = {}
        self._worker: ThreadPoolExecutor | None = None
        self._lock = Lock()

    def prefetch(self, texts: Iterable[str]) -> None:
        """Start scoring texts that are neither known nor under way."""
        with self._lock:
            new = [text for text in dict.fromkeys(texts) if text not in self._known and text not in self._pending]
            if not new:
                return
            if self._worker is None:
                self._worker = ThreadPoolExecutor(1, thread_name_prefix="score-ahead")
            future = self._worker.submit(self._scorer.score, new)
            self._pending.update({text: (future, index) for index, text in enumerate(new)})

    def get(self, text: str) -> TextScores:
        """Scores of one text, waiting for them where they are under way."""
        with self._lock:
            scores = self._known.get(text)
            if scores is not None:
                self._known.move_to_end(text)
                return scores
            pending = self._pending.get(text)
        if pending is None:
            scores = self._scorer.score([text])[0]
        else:
            future, index = pending
            scores = future.result()[index]
        with self._lock:
            self._pending.pop(text, None)
            self._known[text] = scores
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return scores

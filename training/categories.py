"""Two models by complaint category: no kind of complaint may be read worse than the champion reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.records import Conversation
from training.compare import Difference, category_measures, compare
from training.measures import Judged


@dataclass(frozen=True, slots=True)
class ByCategory:
    """Differences by main category of the complaint, and the categories that have too few chats for them."""

    differences: Mapping[str, Mapping[str, Difference]]
    """By category and measure of ``training.compare.category_measures``."""
    left_out: Mapping[str, int]
    """Chats of each category that is not compared, the larger ones first."""


def compare_categories(
    model: Sequence[Judged], against: Sequence[Judged], *, least: int, draws: int, confidence: float, seed: int = 0
) -> ByCategory:
    """Compare on the chats with a complaint, by the main category that is annotated.

    Args:
        model: chats as the first model reads them.
        against: the same chats, in the same order, as the second reads them.
        least: chats that a category needs.
        draws: bootstrap draws, of conversations with replacement; the same for both models.
        confidence: of the intervals.
        seed: of the draws.

    Raises:
        InputError: the chats differ.
    """
    counts = Counter(category for one in model if (category := main_category(one.conversation)))
    kept = {category for category, count in counts.items() if count >= least}
    first, second = ([one for one in side if main_category(one.conversation) in kept] for side in (model, against))
    left_out = {category: count for category, count in counts.most_common() if category not in kept}
    if not kept:
        return ByCategory({}, left_out)
    found = compare(
        first, second, main_category, draws=draws, confidence=confidence, seed=seed, measures=category_measures
    )
    return ByCategory({name: by_measure for name, by_measure in found.items() if name in kept}, left_out)


def main_category(chat: Conversation) -> str:
    """The annotated main category; empty where there is no complaint."""
    categories = () if chat.labels is None else chat.labels.conversation.categories
    return categories[0] if categories else ""

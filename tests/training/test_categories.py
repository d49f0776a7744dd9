"""Two models by complaint category."""

from collections import Counter
from dataclasses import replace

import pytest
from toy_run import Run

from pipeline.errors import InputError
from training.categories import compare_categories, main_category
from training.measures import Judged


def wrong(one: Judged) -> Judged:
    """The same chat with its escalation misread and no category named."""
    whole = one.assessment.conversation
    escalated = not one.labels.conversation.escalated
    return replace(
        one,
        assessment=replace(one.assessment, conversation=replace(whole, escalated=escalated, categories=())),
    )


def right(one: Judged) -> Judged:
    """The same chat with its escalation read as annotated."""
    whole = replace(one.assessment.conversation, escalated=one.labels.conversation.escalated)
    return replace(one, assessment=replace(one.assessment, conversation=whole))


def test_a_category_that_is_read_worse_stands_out(run: Run) -> None:
    chats = [right(one) for one in run.finished.judged if main_category(one.conversation)]
    worst = Counter(main_category(one.conversation) for one in chats).most_common(1)[0][0]
    model = [wrong(one) if main_category(one.conversation) == worst else one for one in chats]
    found = compare_categories(model, chats, least=1, draws=100, confidence=0.95)
    fell = found.differences[worst]["escalation.accuracy"]
    assert (fell.model, fell.against, fell.difference, fell.high) == (0, 1, -1, -1)
    others = {name for name, by in found.differences.items() if by["escalation.accuracy"].difference == 0}
    assert others == set(found.differences) - {worst}


def test_small_categories_are_left_out_with_their_counts(run: Run) -> None:
    judged = run.finished.judged
    counts = Counter(main_category(one.conversation) for one in judged)
    del counts[""]
    found = compare_categories(judged, judged, least=2, draws=50, confidence=0.95)
    assert found.left_out == {name: count for name, count in counts.items() if count < 2}
    assert set(found.differences) == {name for name, count in counts.items() if count >= 2}
    none = compare_categories(judged, judged, least=len(judged) + 1, draws=50, confidence=0.95)
    assert (none.differences, none.left_out) == ({}, counts)


def test_other_chats_are_refused(run: Run) -> None:
    chats = [one for one in run.finished.judged if main_category(one.conversation)]
    with pytest.raises(InputError, match="same chats"):
        compare_categories(chats, chats[:-1], least=1, draws=50, confidence=0.95)

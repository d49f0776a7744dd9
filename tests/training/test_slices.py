"""Which slices a chat belongs to, and how they are measured beside their language."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from toy_run import Run

from pipeline.records import (
    Annotation,
    Conversation,
    ConversationLabels,
    CustomerLabels,
    Message,
    Outcome,
    Polarity,
    Role,
    SignalName,
    Stage,
)
from training.measures import Judged
from training.slices import LEAST, MEASURES, measure_slices, slices_of, slices_table


def chat(*texts: str, locale: str = "", signals: Sequence[SignalName] = ()) -> Conversation:
    """A chat of which the customer wrote these texts; the signals are on the first."""
    sent_at = datetime(2026, 1, 5, tzinfo=UTC)
    messages = tuple(Message(f"m{i}", sent_at, Role.CUSTOMER, "", text) for i, text in enumerate(texts))
    labels = {m.message_id: CustomerLabels(0, 0, Polarity.NEUTRAL) for m in messages}
    labels["m0"] = replace(labels["m0"], signals=tuple(signals))
    whole = ConversationLabels((), Stage.PRESALE, False, None, Outcome.RESOLVED, 3)
    return Conversation("c", messages, locale=locale, labels=Annotation(whole, labels))


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (chat("我的订单还没有到，请问什么时候发货？", locale="zh-CN"), set()),
        (chat("我的訂單還沒有到，請問什麼時候發貨？", locale="zh-TW"), {"traditional"}),
        (chat("我張單仲未到呀，你哋幾時先寄畀我？", locale="zh-HK"), {"traditional", "Cantonese"}),
        (chat("订单还没到", "到底什么时候发货", locale="zh-CN"), {"no punctuation"}),
        (chat("Great job, as always.", locale="en-GB", signals=[SignalName.SARCASM]), {"en-GB", "sarcasm"}),
        (chat("where is my parcel it should be here by now", locale="en-IN"), {"en-IN", "no punctuation"}),
        (chat("Where is my parcel?", locale="en"), set()),
    ],
    ids=["plain zh", "traditional", "Cantonese", "zh bare", "en sarcastic", "en bare", "en of nowhere"],
)
def test_a_chat_tells_its_slices(one: Conversation, wanted: set[str]) -> None:
    assert set(slices_of(one)) == wanted


def test_only_the_customers_writing_counts() -> None:
    one = chat("我的订单还没有到，请问什么时候发货？")
    answer = Message("a", one.messages[0].sent_at, Role.AGENT, "", "您好我哋而家幫緊你查嘅")
    assert not set(slices_of(replace(one, messages=(*one.messages, answer))))


def english(judged: Sequence[Judged], count: int, locale: str) -> list[Judged]:
    """The same English chat so many times, said to be of that locale."""
    one = next(j for j in judged if set(slices_of(replace(j.conversation, locale=locale))) >= {locale})
    return [replace(one, conversation=replace(one.conversation, locale=locale))] * count


def test_slices_stand_beside_their_language_and_small_ones_are_named(run: Run) -> None:
    judged = [*english(run.finished.judged, LEAST, "en-GB"), *english(run.finished.judged, LEAST - 1, "en-ZA")]
    found = {one.name: one for one in measure_slices(judged, draws=20)}
    assert (found["en-GB"].chats, found["en-ZA"].chats) == (LEAST, LEAST - 1)
    assert not found["en-ZA"].figures
    assert found["en-GB"].figures
    for figure in found["en-GB"].figures.values():  # a slice like its language does not differ
        assert figure.difference == pytest.approx(0)
        assert figure.low == figure.high == pytest.approx(figure.value)
    table = slices_table(list(found.values()))
    assert table.header[3:] == MEASURES
    assert [row[0] for row in table.rows if row[0].startswith("en-")] == ["en-GB"]
    assert f"en-ZA in en ({LEAST - 1})" in table.notes[-1]

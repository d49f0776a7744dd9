"""Chats made ready for training as the pipeline reads them."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from pipeline.errors import InputError
from pipeline.models.context import READ
from pipeline.records import Conversation, Message, Role
from pipeline.serialise import annotation_from_json
from pipeline.stages.moment import Moment, next_moment
from training.dialogues import dialogue, load_spans
from training.targets import Layout

START = datetime(2026, 5, 1, 10, 0, tzinfo=timezone(timedelta(hours=8)))
LAYOUT = Layout(("refund_return", "other"))


def chat() -> Conversation:
    said = [
        (Role.CUSTOMER, "Call 138-0000-1234, third time!"),
        (Role.SYSTEM, "joined"),
        (Role.BOT, "Choose 1"),
        (Role.AGENT, "Hello"),
        (Role.CUSTOMER, "get me your manager"),
    ]
    messages = tuple(Message(f"m{i}", START + i * timedelta(minutes=1), r, "", t) for i, (r, t) in enumerate(said))
    calm = {"anger": 1, "frustration": 1, "polarity": "negative", "signals": ["repeat_contact"]}
    labels = {
        "conversation": {
            "categories": ["other"],
            "stage": "complaint",
            "escalated": True,
            "escalation_at": "m4",
            "outcome": "pending",
            "csat": 2,
        },
        "messages": {"m0": calm, "m3": {"acts": ["greeting"]}, "m4": calm | {"signals": ["supervisor_request"]}},
    }
    return Conversation("c", messages, labels=annotation_from_json(labels))


def test_steps_are_the_messages_but_system_lines(base: Path) -> None:
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    text = chat().messages[0].text
    at = text.index("third time")
    spans = {("c", "m0"): [("repeat_contact", at, at + 10)]}
    made = dialogue(chat(), LAYOUT, tokenizer, language="en", max_tokens=128, spans=spans)
    assert [step.message_id for step in made.steps] == ["m0", "m2", "m3", "m4"]
    assert [bool(step.ids) for step in made.steps] == [True, False, True, True]  # bots are heard, not read
    assert [READ[int(np.argmax(s.about[:3]))] for s in made.steps] == [
        Role.CUSTOMER,
        Role.BOT,
        Role.AGENT,
        Role.CUSTOMER,
    ]
    ((signal, tokens),) = made.steps[0].marked
    assert signal == 6
    assert len(tokens) == 10  # the base of the tests reads single characters, and redaction moved them
    assert made.whole is not None
    assert (made.whole.event, made.whole.main, made.whole.escalates) == (3, 1, True)


def test_moments_count_the_gap_the_row_and_the_place() -> None:
    moment = Moment()
    for message in chat().messages:
        moment = next_moment(moment, message)
    assert (moment.heard, moment.in_row, moment.gap_s) == (4, 1, 60)
    assert all(0 <= value < 1.5 for value in moment.numbers())


def test_a_damaged_span_is_named(tmp_path: Path) -> None:
    assert load_spans(tmp_path / "none") == {}
    (tmp_path / "a.jsonl").write_text('{"conversation_id": "c"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="span") as caught:
        load_spans(tmp_path)
    assert caught.value.line == 1

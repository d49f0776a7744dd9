from dataclasses import FrozenInstanceError, fields, is_dataclass
from enum import StrEnum

import pytest

from pipeline import records
from pipeline.records import Conversation, Message, Role

CLASSES = [c for c in vars(records).values() if isinstance(c, type) and is_dataclass(c)]
NAMES = [c for c in vars(records).values() if isinstance(c, type) and issubclass(c, StrEnum) and c is not StrEnum]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_records_are_frozen_slotted_and_described(kind):
    assert kind.__slots__ == tuple(field.name for field in fields(kind))
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")
    with pytest.raises(FrozenInstanceError):
        setattr(object.__new__(kind), fields(kind)[0].name, None)


@pytest.mark.parametrize("kind", NAMES, ids=lambda kind: kind.__name__)
def test_names_are_told_apart_by_their_written_form(kind):
    assert [kind(member.value) for member in kind] == list(kind)


def test_names_are_the_codebooks():
    assert {n.__name__: len(n) for n in NAMES} == {
        "Role": 4,
        "Language": 4,
        "Polarity": 3,
        "SignalName": 12,
        "ActName": 12,
        "Stage": 4,
        "Outcome": 4,
        "EscalationRule": 5,
        "Severity": 4,
    }
    assert [role.value for role in Role] == ["customer", "agent", "bot", "system"]


def test_a_conversation_needs_no_more_than_its_id_and_messages():
    conversation = Conversation("c1", ())
    assert (conversation.channel, conversation.source, conversation.labels) == ("unknown", "default", None)
    assert {f.name for f in fields(Message)} == {"message_id", "sent_at", "role", "sender", "text", "seq"}

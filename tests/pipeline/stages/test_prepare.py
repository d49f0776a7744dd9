from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Language, Message, Role
from pipeline.stages.prepare import PrepareState, prepare, redact_sender, turns


def message(text, sender="", role=Role.CUSTOMER, number=1):
    return Message(f"m{number}", datetime(2026, 5, 1, 10, number % 60, tzinfo=UTC), role, sender, text)


def run(messages):
    state, out = PrepareState(), []
    for one in messages:
        state, prepared = prepare(state, one)
        out.append(prepared)
    return state, out


def test_the_model_reads_redacted_and_normalised_text():
    _, [prepared] = run([message("請打13800001234!!!!!!")])
    assert prepared.redacted.text == "請打<PHONE>!!!!!!"
    assert prepared.model_text.text == "请打<PHONE>!!!"
    assert prepared.language is Language.ZH


def test_a_name_is_redacted_once_its_speaker_was_heard_and_not_before():
    chat = [message("Jolene?", "Tan"), message("hello", "Jolene (CoolBreeze)", Role.AGENT), message("Jolene!", "Tan")]
    _, prepared = run(chat)
    assert [p.redacted.text for p in prepared] == ["Jolene?", "hello", "<NAME>!"]


def test_names_of_bots_and_brands_are_not_redacted():
    _, prepared = run(
        [
            message("hi", "Parcel Pal", Role.BOT),
            message("亲", "丰速优选", Role.AGENT),
            message("my parcel, 丰速优选", "x"),
        ]
    )
    assert prepared[-1].redacted.text == "my parcel, 丰速优选"


def test_remembered_names_are_bounded():
    state, _ = run([message("hi", f"person{i}", number=i) for i in range(200)])
    assert len(state.names) <= 32
    assert state.names[-1] == "person199"


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=12), st.sampled_from(["", "Anna", "李明", "客服小美"])), max_size=6),
    st.integers(0, 6),
)
def test_later_messages_never_change_earlier_ones(parts, cut):
    chat = [message(text, sender, number=i) for i, (text, sender) in enumerate(parts)]
    assert run(chat)[1][:cut] == run(chat[:cut])[1]


@pytest.mark.parametrize(
    ("sender", "role", "expected"),
    [
        ("李先生", Role.CUSTOMER, "customer"),
        ("系统", Role.SYSTEM, "system"),
        ("", Role.AGENT, "agent"),
        ("Max", Role.BOT, "bot"),
    ],
)
def test_stored_senders_carry_no_name(sender, role, expected):
    assert redact_sender(sender, role) == expected


def test_agents_keep_a_pseudonym_that_depends_on_the_key():
    mei, mei_again, tom = (redact_sender(name, Role.AGENT) for name in ("小美", "小美 ", "Tom"))
    assert mei == mei_again
    assert mei != tom
    assert mei.startswith("agent-")
    assert "小美" not in mei
    assert redact_sender("小美", Role.AGENT, key=b"desk") != mei


def test_bubbles_of_one_speaker_are_one_turn():
    chat = [message("a", "x"), message("b", "x"), message("c", "y", Role.AGENT), message("d", "x")]
    assert [[m.text for m in turn] for turn in turns(chat)] == [["a", "b"], ["c"], ["d"]]
    assert turns([]) == []

"""The golden chats through both drivers; what they must say stands in ``tests/golden``."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_chats import Golden, after_each, as_it_goes, failures, read_golden
from strategies import fake_pipeline

from pipeline.config import load_categories
from pipeline.records import Role

FOLDER = Path(__file__).with_name("golden")
FLOOR = 0.88
"""Share of the expectations that the shipped model must meet; raise it with the model."""
KNOWN_CATEGORIES = {category.id for category in load_categories()}
CHATS = sorted(FOLDER.glob("*.chat"))

every_chat = pytest.mark.parametrize("path", CHATS, ids=lambda path: path.stem)


def written(tmp_path, text: str) -> Golden:
    path = tmp_path / "zh-made-up.chat"
    path.write_text(text, encoding="utf-8")
    return read_golden(path)


@every_chat
def test_a_golden_chat_follows_the_grammar(path):
    golden = read_golden(path)
    assert path.stem.split("-")[0] in {"zh", "en", "mixed"}
    assert golden.why
    assert golden.expected
    for at, item in golden.expected:
        role = golden.conversation.messages[at].role
        assert role is (Role.AGENT if item.startswith("act ") else Role.CUSTOMER)
        assert not item.startswith("category ") or item.removeprefix("category ") in KNOWN_CATEGORIES


@every_chat
def test_the_drivers_agree_message_by_message(path):
    conversation = read_golden(path).conversation
    assert after_each(fake_pipeline(), conversation) == as_it_goes(fake_pipeline(), conversation)


@pytest.mark.model
@every_chat
def test_the_drivers_agree_with_the_shipped_model(real, path):
    golden = read_golden(path)
    assert after_each(real, golden.conversation) == as_it_goes(real, golden.conversation)


@pytest.mark.model
def test_golden_chats_are_read_as_people_read_them(real):
    chats = [read_golden(path) for path in CHATS]
    wrong = [line for golden in chats for line in failures(golden, after_each(real, golden.conversation))]
    expected = sum(len(golden.expected) for golden in chats)
    assert len(wrong) <= (1 - FLOOR) * expected, f"{len(wrong)} of {expected} do not hold\n" + "\n".join(wrong)


class TestTheGrammar:
    CHAT = """why: a test
# a comment

23:59 customer: 在吗
  => anger low; no signal abuse; escalated no; alert no
00:10 agent: 合同规定
  => act policy
00:10 customer: 骗子
  => anger high|mid; signal abuse; escalated yes; alert yes; risk rising; polarity negative
"""

    def test_messages_and_expectations_are_read(self, tmp_path) -> None:
        golden = written(tmp_path, self.CHAT)
        first, second, third = golden.conversation.messages
        assert [m.message_id for m in (first, second, third)] == ["m1", "m2", "m3"]
        assert (second.sent_at - first.sent_at).total_seconds() == 660
        assert third.sent_at == second.sent_at
        assert (first.text, first.sender) == ("在吗", "customer")
        assert (1, "act policy") in golden.expected
        assert len(golden.expected) == 11

    def test_what_holds_is_no_failure(self, tmp_path) -> None:
        golden = written(tmp_path, self.CHAT)
        assert failures(golden, after_each(fake_pipeline(), golden.conversation)) == []

    @pytest.mark.parametrize(
        "item",
        [
            *("anger low", "frustration low", "polarity positive|neutral", "signal thanks", "no signal abuse"),
            *("escalated no", "category logistics", "alert no", "alert before escalation"),
        ],
    )
    def test_what_does_not_hold_is_a_failure(self, tmp_path, item) -> None:
        golden = written(tmp_path, f"why: a test\n10:00 customer: 骗子\n  => {item}\n")
        (failure,) = failures(golden, after_each(fake_pipeline(), golden.conversation))
        assert failure.startswith(f"m1: {item} (")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "10:00 customer: hi\n",
            "why: x\n  => anger low\n",
            "why: x\n10:00 visitor: hi\n",
            "why: x\n10:00 customer: hi\n=> anger low\n",
            "why: x\n10:00 customer: hi\n  => anger hot\n",
            "why: x\n10:00 customer: hi\n  => signal rage\n",
            "why: x\n10:00 customer: hi\n  => calm\n",
        ],
    )
    def test_what_leaves_the_grammar_is_an_error(self, tmp_path, text) -> None:
        with pytest.raises(ValueError, match="made-up"):
            written(tmp_path, text)

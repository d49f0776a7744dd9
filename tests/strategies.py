"""Hypothesis builders of messages and conversations, and a pipeline to put them through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from chat_builders import CATEGORIES, SmallHead
from hypothesis import strategies as st

from pipeline.config import load_alert_policy
from pipeline.models.fake import FakeScorer, fake_scores
from pipeline.models.scorer import TextScores
from pipeline.records import Conversation, Message, Role
from pipeline.run import Pipeline

START = datetime(2026, 5, 1, 10, 0, tzinfo=timezone(timedelta(hours=8)))

KNOWN = {
    "骗子": fake_scores(
        anger=0.95, frustration=0.9, polarity="negative", signals=("abuse",), complaint=0.9, category=0
    ),
    "useless idiots": fake_scores(anger=0.9, frustration=0.8, polarity="negative", signals=("abuse",), complaint=0.9),
    "退款": fake_scores(anger=0.3, frustration=0.6, signals=("refund_demand",), complaint=0.8, category=0),
    "refund": fake_scores(anger=0.25, frustration=0.6, signals=("refund_demand",), complaint=0.8, category=0),
    "第三次": fake_scores(anger=0.5, frustration=0.9, signals=("repeat_contact", "urgency"), complaint=0.9),
    "third time": fake_scores(anger=0.5, frustration=0.9, signals=("repeat_contact",), complaint=0.9),
    "12315": fake_scores(anger=0.6, frustration=0.7, polarity="negative", signals=("regulator_threat",), complaint=0.9),
    "谢谢": fake_scores(polarity="positive", signals=("thanks",)),
    "合同规定": fake_scores(acts=("policy", "refusal")),
    "policy": fake_scores(acts=("policy",)),
    "抱歉": fake_scores(acts=("apology", "stall")),
    "call you back": fake_scores(acts=("stall",)),
}
"""Words that the fake scorer reacts to; the tests of evidence look for them."""

PIECES = (
    *KNOWN,
    "我的电话是13800001234",
    "call me on 020 7946 0123 ",
    "order 2026050188123456",
    "write to li.na@example.com!",
    "张伟在吗",
    "我要",
    "今晚给您回复",
    "I'll call you back within 2 hours",
    "ｆｕｌｌ　ｗｉｄｔｈ",
    "請問",
    "&nbsp;</p>",
    "業(yè)務",
    "气死我了！！！！！！",
    "sooooooo",
    "😡😡",
    "👨‍👩‍👧",
    "[微笑]",
    "é\u0301",
    "\u200e",
    "\u202fat 9",
    "\ufffd",
    "\ud83d",
    "\x00",
    "\u2028",
    " ",
    "。",
)

texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=4).map(" ".join),
    st.text(st.characters(codec=None), max_size=20),
    st.sampled_from(["", "我要退款", "I want a refund", "退款 please, 第三次 asking"]),
)
"""Chinese, English and both at once, with personal data, damage and lone surrogates."""

senders = st.sampled_from(["", "张伟", "Anna Lee", "客服小美", "🦊", "ACME Support"])


@st.composite
def chats(draw: st.DrawFn, conversation_id: str = "c1", *, most: int = 8) -> Conversation:
    """A conversation in time order; some messages share their time, some come a day later."""
    at, messages = START, []
    for number in range(draw(st.integers(0, most))):
        at += timedelta(seconds=draw(st.sampled_from([0, 0, 1, 45, 600, 5400, 86_400])))
        role = draw(st.sampled_from([Role.CUSTOMER, Role.CUSTOMER, Role.CUSTOMER, Role.AGENT, Role.BOT, Role.SYSTEM]))
        messages.append(Message(f"m{number}", at, role, draw(senders), draw(texts)))
    return Conversation(conversation_id, tuple(messages), channel=draw(st.sampled_from(["whatsapp", "app", "email"])))


@st.composite
def chat_lists(draw: st.DrawFn, *, most: int = 4, messages: int = 6) -> list[Conversation]:
    """Conversations with different ids."""
    return [draw(chats(f"c{number}", most=messages)) for number in range(draw(st.integers(0, most)))]


class CountingScorer(FakeScorer):
    """Remembers every text that it was asked to score."""

    def __init__(self) -> None:
        super().__init__(KNOWN, categories=CATEGORIES)
        self.asked: list[str] = []

    def score(self, texts: Sequence[str]) -> list[TextScores]:
        self.asked.extend(texts)
        return super().score(texts)


def fake_pipeline(scorer: FakeScorer | None = None) -> Pipeline:
    """The real stages around a fake scorer and a small head."""
    return Pipeline(scorer or FakeScorer(KNOWN, categories=CATEGORIES), SmallHead(), load_alert_policy())


def interleaved(conversations: Sequence[Conversation], order: Sequence[int]) -> list[tuple[Conversation, Message]]:
    """Messages of all conversations, each conversation's in its order; ``order`` says whose turn it is."""
    queues = [list(c.messages) for c in conversations]
    out = []
    turns = [*order, *(at for at, queue in enumerate(queues) for _ in queue)]
    for turn in turns:
        at = turn % len(queues) if queues else 0
        if queues and queues[at]:
            out.append((conversations[at], queues[at].pop(0)))
    return out

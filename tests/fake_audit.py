"""A pipeline without a model and without redaction, and conversations for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from pipeline.models.fake import FakeScorer
from pipeline.records import (
    ActName,
    Alert,
    Assessment,
    Conversation,
    ConversationResult,
    EscalationRule,
    Language,
    Message,
    MessageResult,
    NextStep,
    Outcome,
    Polarity,
    Reason,
    Role,
    Scored,
    Severity,
    Signal,
    SignalName,
    Stage,
)

START = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
INSULT = ("骗子", "clowns")
DEMAND = ("退款", "refund")


@dataclass(frozen=True, slots=True)
class FakeAssessed:
    conversation: Conversation
    assessment: Assessment


class FakePipeline:
    """Anger from a hash of the text; insults escalate, demands for a refund warn.

    Args:
        ahead: how many conversations are read before the first one is given back.
    """

    def __init__(self, *, ahead: int = 3) -> None:
        self.scorer = FakeScorer()
        self.assessed = 0
        self._ahead = ahead

    def run_batch(
        self, conversations: Iterable[Conversation], *, as_of: datetime | None = None, quote: str = "original"
    ) -> Iterator[FakeAssessed]:
        assert quote == "redacted"
        held: list[Conversation] = []
        for conversation in conversations:
            held.append(conversation)
            if len(held) > self._ahead:
                yield self._assess(held.pop(0))
        yield from map(self._assess, held)

    def _assess(self, conversation: Conversation) -> FakeAssessed:
        self.assessed += 1
        return FakeAssessed(conversation, assess(conversation, self.scorer))


def assess(conversation: Conversation, scorer: FakeScorer) -> Assessment:
    results, alerts, event, risk = [], [], None, 0.1
    for message in conversation.messages:
        result = _result(message, risk)
        names = {s.name for s in result.signals}
        if message.role is Role.CUSTOMER and SignalName.ABUSE in names and event is None:
            event, risk = message.message_id, 1.0
        elif message.role is Role.CUSTOMER and SignalName.REFUND_DEMAND in names and event is None:
            risk = min(0.95, risk + 0.4)
            alerts.append(_alert(conversation, message, result, risk))
        results.append(_result(message, risk))
    customers = [r for r in results if r.role is Role.CUSTOMER]
    whole = ConversationResult(
        categories=(Scored("refund_return", 0.9),) if alerts else (),
        stage=Stage.COMPLAINT if event else Stage.AFTER_SALE,
        escalated=event is not None,
        escalation_at=event,
        escalation_rule=None if event is None else EscalationRule.ABUSE,
        anger_peak=max((r.anger or 0.0 for r in customers), default=0.0),
        frustration_peak=max((r.frustration or 0.0 for r in customers), default=0.0),
        risk_peak=max((r.risk for r in results), default=0.0),
        outcome=Outcome.UNRESOLVED if event else Outcome.RESOLVED,
        csat=1.5 if event else 4.0,
    )
    return Assessment(conversation.conversation_id, scorer.identity, tuple(results), whole, tuple(alerts))


def _result(message: Message, risk: float) -> MessageResult:
    language = Language.UND if not message.text.strip() else Language.EN if message.text.isascii() else Language.ZH
    if message.role is Role.AGENT:
        acts = (Scored(ActName.APOLOGY, 0.8),) if "抱歉" in message.text or "sorry" in message.text else ()
        return MessageResult(message.message_id, message.role, language, risk, acts=acts)
    if message.role is not Role.CUSTOMER:
        return MessageResult(message.message_id, message.role, language, risk)
    noise = blake2b(message.text.encode("utf-8", "surrogatepass"), digest_size=2).digest()
    signals = [
        *_signals(message.text, INSULT, SignalName.ABUSE),
        *_signals(message.text, DEMAND, SignalName.REFUND_DEMAND),
    ]
    anger = 0.95 if any(s.name is SignalName.ABUSE for s in signals) else noise[0] / 600
    return MessageResult(
        message.message_id, message.role, language, risk, anger, noise[1] / 300, Polarity.NEUTRAL, tuple(signals)
    )


def _signals(text: str, words: tuple[str, ...], name: SignalName) -> Iterator[Signal]:
    for word in words:
        at = text.find(word)
        if at >= 0:
            yield Signal(name, 0.9, at, at + len(word), word)


def _alert(conversation: Conversation, message: Message, result: MessageResult, risk: float) -> Alert:
    signal = result.signals[0]
    return Alert(
        alert_id=f"{conversation.conversation_id}/{message.message_id}",
        message_id=message.message_id,
        severity=Severity.HIGH,
        rule="risk-rising",
        risk=risk,
        reasons=(Reason(signal.name.value, message.message_id, 0.6, signal.start, signal.end, signal.text),),
        next_step=NextStep(
            "own_it", "先承认问题,给出时间。" if result.language is Language.ZH else "Own it and give a time."
        ),
        raised_at=message.sent_at,
    )


def chat(
    name: str,
    *lines: tuple[str, str],
    channel: str = "web",
    source: str = "default",
    minutes: int = 2,
) -> Conversation:
    """A conversation from (role, text) lines, ``minutes`` apart."""
    senders = {"customer": "<NAME>", "agent": "agent-1", "bot": "bot", "system": ""}
    messages = tuple(
        Message(f"m{i}", START + timedelta(minutes=minutes * i), Role(role), senders[role], text)
        for i, (role, text) in enumerate(lines)
    )
    return Conversation(name, messages, channel=channel, source=source)


def angry_chat(name: str, **options: object) -> Conversation:
    """Demands a refund twice, then insults: escalates at ``m4``, warned at ``m0`` and ``m2``."""
    return chat(
        name,
        ("customer", "我要退款"),
        ("agent", "抱歉,请稍等"),
        ("customer", f"说了要退款! order {name}"),
        ("bot", "您的问题已记录"),
        ("customer", "你们就是骗子"),
        **options,  # type: ignore[arg-type]
    )


def calm_chat(name: str, **options: object) -> Conversation:
    """A question and its answer in English."""
    return chat(name, ("customer", f"where is parcel {name}?"), ("agent", "It arrives today."), **options)  # type: ignore[arg-type]

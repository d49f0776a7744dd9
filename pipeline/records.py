"""Every record that passes between stages, drivers and users.

All records are frozen and slotted. The JSON forms are contracts: conversations
in ``pipeline.serialise`` (canonical JSONL), results in the same module
(scoring output). Label names are those of the codebook, everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


class Language(StrEnum):
    """Language of a text, judged by the ratio of its scripts; ``UND`` where there are no words."""

    ZH = "zh"
    EN = "en"
    MIXED = "mixed"
    UND = "und"


class Polarity(StrEnum):
    """Overall tone of a customer message."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class SignalName(StrEnum):
    """What a customer message does (codebook, "Signals of the customer")."""

    SUPERVISOR_REQUEST = "supervisor_request"
    REGULATOR_THREAT = "regulator_threat"
    LEGAL_THREAT = "legal_threat"
    EXPOSURE_THREAT = "exposure_threat"
    CHURN_THREAT = "churn_threat"
    REFUND_DEMAND = "refund_demand"
    REPEAT_CONTACT = "repeat_contact"
    ABUSE = "abuse"
    SARCASM = "sarcasm"
    URGENCY = "urgency"
    SAFETY_RISK = "safety_risk"
    THANKS = "thanks"


class ActName(StrEnum):
    """What an agent message does (codebook, "Per agent message")."""

    GREETING = "greeting"
    ACKNOWLEDGE = "acknowledge"
    EMPATHY = "empathy"
    APOLOGY = "apology"
    QUESTION = "question"
    SOLUTION = "solution"
    REFUSAL = "refusal"
    POLICY = "policy"
    STALL = "stall"
    TRANSFER = "transfer"
    BLAME = "blame"
    CLOSING = "closing"


class Stage(StrEnum):
    """Where the customer stands at the end of the conversation."""

    PRESALE = "presale"
    IN_SALE = "in_sale"
    AFTER_SALE = "after_sale"
    COMPLAINT = "complaint"


class Outcome(StrEnum):
    """How the matter stands at the end of the conversation."""

    RESOLVED = "resolved"
    PENDING = "pending"
    UNRESOLVED = "unresolved"
    ABANDONED = "abandoned"


class EscalationRule(StrEnum):
    """Which rule of the codebook made a customer message an escalation event."""

    SUPERVISOR = "E1"
    OUTSIDE_BODY = "E2"
    ABUSE = "E3"
    ANGER_ROW = "E4"
    CHURN = "E5"


class Severity(StrEnum):
    """How urgently an alert wants a person."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat, as its source gave it."""

    message_id: str
    """Unique within its conversation; derived from the content where the source has none."""
    sent_at: datetime
    """Aware; keeps the offset that the source stated."""
    role: Role
    sender: str
    """Display name, as in the source; may be empty."""
    text: str
    seq: int | None = None
    """Order among messages of the same time, where the source states one."""


@dataclass(frozen=True, slots=True)
class CustomerLabels:
    """Annotation of one customer message. Levels are 0 (none) to 3."""

    anger: int
    frustration: int
    polarity: Polarity
    signals: tuple[SignalName, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentLabels:
    """Annotation of one agent message."""

    acts: tuple[ActName, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationLabels:
    """Annotation of a whole conversation; ``categories`` has the main one first."""

    categories: tuple[str, ...]
    stage: Stage
    escalated: bool
    escalation_at: str | None
    outcome: Outcome
    csat: int


@dataclass(frozen=True, slots=True)
class Annotation:
    """Labels of a conversation and of its messages, by message id."""

    conversation: ConversationLabels
    messages: Mapping[str, CustomerLabels | AgentLabels]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat in time order: by ``sent_at``, then ``seq``, then order in the source."""

    conversation_id: str
    messages: tuple[Message, ...]
    channel: str = "unknown"
    locale: str = ""
    """BCP 47 tag such as ``zh-CN``; empty where unknown."""
    source: str = "default"
    """The desk or connection that the conversation came through."""
    team: str | None = None
    customer_id: str | None = None
    labels: Annotation | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A name with its score in [0, 1], e.g. an agent act or a category."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Signal:
    """A customer signal with the words that carry it.

    ``start`` and ``end`` are code point offsets (end exclusive) into the text that the
    reader of the output has; all three of span and text are ``None`` where no words carry it.
    """

    name: SignalName
    score: float
    start: int | None = None
    end: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class MessageResult:
    """What scoring says of one message. Fields that its role does not have are ``None`` or empty."""

    message_id: str
    role: Role
    language: Language
    risk: float
    """Calibrated probability, from this and earlier messages, that a first escalation event follows; 1 after one."""
    anger: float | None = None
    frustration: float | None = None
    polarity: Polarity | None = None
    signals: tuple[Signal, ...] = ()
    acts: tuple[Scored, ...] = ()
    scores: Mapping[str, float] | None = None
    """Every head's probability by name, only where asked for (``--full``)."""


@dataclass(frozen=True, slots=True)
class ConversationResult:
    """What scoring says of a conversation up to its last message."""

    categories: tuple[Scored, ...]
    """Complaint categories at or above 0.5, best first; empty where there is no complaint."""
    stage: Stage
    escalated: bool
    escalation_at: str | None
    escalation_rule: EscalationRule | None
    anger_peak: float
    frustration_peak: float
    risk_peak: float
    outcome: Outcome
    csat: float
    """Expected satisfaction, 1 to 5."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for an alert: a signal or condition, the words behind it and its share in the decision."""

    signal: str
    message_id: str
    weight: float
    start: int | None = None
    end: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class NextStep:
    """What the agent should do next, in the chat's language."""

    step_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A warning about one conversation, raised at one message (or at a deadline after it)."""

    alert_id: str
    """Hash of source, conversation, rule and triggering message: the same in every driver."""
    message_id: str
    severity: Severity
    rule: str
    risk: float
    reasons: tuple[Reason, ...]
    next_step: NextStep
    raised_at: datetime
    """Time of the message, or the deadline that fired."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model gave the scores."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that scoring gives back for one conversation."""

    conversation_id: str
    model: ModelIdentity
    messages: tuple[MessageResult, ...]
    conversation: ConversationResult
    alerts: tuple[Alert, ...]

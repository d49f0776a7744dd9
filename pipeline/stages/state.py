"""The memory of one conversation: constant size, causal, versioned, saved as JSON.

Its JSON form takes at most ``LIMIT`` bytes however long the chat, for ids of up to 128 bytes; to
keep that, evidence gives way first and the mean embedding last. What is saved is exactly what
was computed with: going on from a snapshot changes nothing.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from struct import error as PackingError
from struct import pack, unpack
from typing import Any

from pipeline.errors import InputError
from pipeline.models.scorer import ACTS, SIGNALS
from pipeline.records import EscalationRule, Role
from pipeline.signals.evidence import Evidence, without_weakest
from pipeline.signals.promises import Promise, Promises
from pipeline.signals.repetition import Demands
from pipeline.signals.trajectory import Trajectory
from pipeline.signals.waiting import Waiting

VERSION = 2
LIMIT = 4096
MAX_WIDTH = 384
"""Widest embedding whose mean is kept; wider ones would break the limit."""
ROLES = tuple(Role)

_RESERVE = 300  # room for what `decide` notes down after `track` made the state fit
_NO_SIGNALS = (0.0,) * len(SIGNALS)
_NO_ACTS = (0.0,) * len(ACTS)
_NO_SCORES = Trajectory()
_NO_WAIT = Waiting()
_NO_DEMANDS = Demands()
_NO_PROMISES = Promises()


@dataclass(frozen=True, slots=True)
class RuleMemory:
    """What an alert rule remembers."""

    rule: str
    armed: bool = True
    raised_at: int | None = None
    """Microseconds, see ``pipeline.signals.moments``."""
    message_id: str = ""
    """Message that the last alert of this rule was about."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was said, counted."""

    roles: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Messages by role, in the order of ``ROLES``."""
    languages: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Customer messages in zh, en, mixed, und."""
    chinese_words: int = 0
    """Words of the customer; of Chinese roughly, at two characters a word."""
    english_words: int = 0
    simplified: int = 0
    """Customer characters that only simplified writing has."""
    traditional: int = 0
    bots_in_row: int = 0
    """Bot messages since a person of the firm last wrote."""
    customers_in_row: int = 0
    characters: int = 0
    """Length of all customer texts."""
    last_characters: int = 0
    """Length of the last customer text."""


@dataclass(frozen=True, slots=True)
class ConversationState:
    """Everything that is remembered of messages 1..k. Times are microseconds, see ``moments``."""

    source: str
    conversation_id: str
    channel: str
    first_at: int | None = None
    last_at: int | None = None
    offset: int = 0
    """Seconds that the clock of the last message is ahead of UTC."""
    gap_s: float = 0.0
    """Seconds between the last two messages; 0 where the clock ran backwards."""
    last_role: Role | None = None
    last_message_id: str = ""
    last_customer_id: str = ""
    last_agent_id: str = ""
    tally: Tally = Tally()
    anger: Trajectory = _NO_SCORES
    frustration: Trajectory = _NO_SCORES
    tones: tuple[float, ...] = (0.0, 0.0, 0.0)
    """Sum of negative, neutral, positive over scored customer messages."""
    last_tone: tuple[float, ...] = (0.0, 0.0, 0.0)
    signal_max: tuple[float, ...] = _NO_SIGNALS
    signal_last: tuple[float, ...] = _NO_SIGNALS
    signal_count: tuple[int, ...] = (0,) * len(SIGNALS)
    signal_turn: tuple[int, ...] = (0,) * len(SIGNALS)
    """Customer message, counted from 1, that last had each signal; 0 for none."""
    act_count: tuple[int, ...] = (0,) * len(ACTS)
    act_last: tuple[float, ...] = _NO_ACTS
    categories_max: tuple[float, ...] = ()
    """Shape (number of categories,): strongest evidence in one customer message."""
    categories_sum: tuple[float, ...] = ()
    complaint: Trajectory = _NO_SCORES
    embedding: bytes = b""
    """Running mean of customer embeddings, little-endian float16; empty where they are too wide."""
    waiting: Waiting = _NO_WAIT
    demands: Demands = _NO_DEMANDS
    promises: Promises = _NO_PROMISES
    broken_now: tuple[Promise, ...] = ()
    """Promises that the last message showed to be broken."""
    asked_supervisor: bool = False
    hot: bool = False
    """The last customer message had anger >= 2."""
    event: EscalationRule | None = None
    """Rule by which the last message is an escalation event."""
    escalation_at: str | None = None
    escalation_rule: EscalationRule | None = None
    risk: float | None = None
    """Risk after the last message; ``None`` before the first."""
    risk_peak: float = 0.0
    hidden: bytes = b""
    """What the conversation head remembers, little-endian float16."""
    evidence: tuple[Evidence, ...] = ()
    alerts: tuple[RuleMemory, ...] = ()
    version: int = VERSION

    def to_json(self) -> str:
        """One line of JSON, at most ``LIMIT`` bytes as UTF-8."""
        # Values without their names: a state is written for every message, and names would take a seventh of the room.
        row = {"version": self.version, "values": [_encode(name, getattr(self, name)) for name in _NAMES]}
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text if _is_encodable(text) else json.dumps(row, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ConversationState:
        """The state that ``to_json`` wrote.

        Raises:
            InputError: the text is damaged or of another version.
        """
        try:
            row = json.loads(text)
            if row["version"] != VERSION:
                raise InputError(
                    "a conversation's state is of another version",
                    value=str(row["version"])[:40],
                    fix="score the conversation again from its messages.",
                )
            return cls(**{name: _decode(name, value) for name, value in zip(_NAMES, row["values"], strict=True)})
        except (ValueError, KeyError, TypeError, AttributeError, PackingError, Base64Error) as error:
            raise InputError(
                "a conversation's state is damaged", fix="score the conversation again from its messages."
            ) from error

    @property
    def customer_messages(self) -> int:
        """Customer messages so far, scored or not."""
        return self.tally.roles[ROLES.index(Role.CUSTOMER)]

    @property
    def escalated(self) -> bool:
        """Whether there was an escalation event."""
        return self.escalation_at is not None


def initial(source: str, conversation_id: str, channel: str) -> ConversationState:
    """The state of a conversation before its first message."""
    return ConversationState(source, conversation_id, channel)


def evolved(state: ConversationState, changes: Mapping[str, Any]) -> ConversationState:
    """``dataclasses.replace`` in a third of its time: a state has many fields and changes with every message."""
    return ConversationState(**{**dict(zip(_FIELDS, _values_of(state), strict=True)), **changes})


def fitted(state: ConversationState) -> ConversationState:
    """The state with as much evidence as fits into ``LIMIT``."""
    if _at_most(state) <= LIMIT - _RESERVE:
        return state
    while (size := len(state.to_json().encode("utf-8"))) > LIMIT - _RESERVE:
        if state.evidence:
            state = replace(state, evidence=without_weakest(state.evidence))
        elif size > LIMIT and state.embedding:
            state = replace(state, embedding=b"")
        else:
            break
    return state


def _at_most(state: ConversationState) -> int:
    """A quick upper bound on the bytes of the snapshot, to spare most messages the writing of one."""
    ids = [state.source, state.conversation_id, state.channel, state.last_message_id, state.last_customer_id]
    ids += [state.last_agent_id, state.waiting.message_id, state.escalation_at or ""]
    ids += [promise.message_id for promise in (*state.promises.open, *state.broken_now)]
    ids += [memory.rule + memory.message_id for memory in state.alerts]
    quoted = [f"{item.signal}{item.message_id}{item.text or ''}" for item in state.evidence]
    texts = "".join((*ids, *quoted))
    # Numbers, brackets and commas of a row: times have 17 digits, offsets in a text at most 6, scores 8.
    rows = 40 * len(state.evidence) + 40 * len(state.alerts)
    rows += 64 * (len(state.promises.open) + len(state.broken_now))
    packed = (
        len(state.embedding) + len(state.hidden) + 8 * len(state.categories_max) + sum(map(len, state.demands.kept))
    )
    return _FIXED + _written(texts) + rows + packed * 4 // 3


def _written(texts: str) -> int:
    """An upper bound on the bytes of texts in JSON."""
    if not _is_encodable(texts):
        return 12 * len(texts)  # JSON then escapes everything, some of it as pairs
    return len(texts.encode("utf-8")) + 5 * len(_ESCAPED.findall(texts))


_ESCAPED = re.compile(r'["\\\x00-\x1f]')
_FIXED = 1400  # numbers, vectors and brackets of a chat of ten million messages
_NAMES = tuple(field.name for field in fields(ConversationState) if field.name != "version")
_FIELDS = tuple(field.name for field in fields(ConversationState))
_values_of = attrgetter(*_FIELDS)
_FLAT: dict[str, type] = {
    "tally": Tally,
    "anger": Trajectory,
    "frustration": Trajectory,
    "complaint": Trajectory,
    "waiting": Waiting,
}
_LISTS: dict[str, type] = {"evidence": Evidence, "alerts": RuleMemory, "broken_now": Promise}
_PACKED = frozenset({"tones", "last_tone", "signal_max", "signal_last", "act_last", "categories_max", "categories_sum"})
_BYTES = frozenset({"embedding", "hidden"})
_ENUMS: dict[str, type] = {"last_role": Role, "event": EscalationRule, "escalation_rule": EscalationRule}
_VALUES: dict[type, attrgetter[Any]] = {
    kind: attrgetter(*(field.name for field in fields(kind)))
    for kind in (Tally, Trajectory, Waiting, Evidence, RuleMemory, Promise)
}


def _encode(name: str, value: Any) -> Any:
    if name in _FLAT:
        return _VALUES[_FLAT[name]](value)
    if name in _LISTS:
        return [_VALUES[_LISTS[name]](item) for item in value]
    if name in _PACKED:
        return _text(pack(f"<{len(value)}f", *value))
    if name in _BYTES:
        return _text(value)
    if name == "demands":
        return [[_text(item) for item in value.kept], value.asked, value.last, value.peak, value.repeats]
    if name == "promises":
        return [[_VALUES[Promise](item) for item in value.open], value.made, value.kept, value.broken]
    return value


def _decode(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        raise TypeError("no field holds an object")
    if name in _FLAT:
        return _FLAT[name](*_frozen(value))
    if name in _LISTS:
        return tuple(_LISTS[name](*item) for item in value)
    if name in _PACKED:
        data = b64decode(value, validate=True)
        return unpack(f"<{len(data) // 4}f", data)
    if name in _BYTES:
        return b64decode(value, validate=True)
    if name == "demands":
        return Demands(tuple(b64decode(item, validate=True) for item in value[0]), *value[1:])
    if name == "promises":
        return Promises(tuple(Promise(*item) for item in value[0]), *value[1:])
    if name in _ENUMS:
        return None if value is None else _ENUMS[name](value)
    return _frozen(value)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _is_encodable(text: str) -> bool:
    """Whether UTF-8 can hold the text: lone surrogates of a broken export cannot be written as they are."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def single(values: Sequence[float]) -> tuple[float, ...]:
    """The values in single precision, as the snapshot keeps them."""
    return unpack(f"<{len(values)}f", pack(f"<{len(values)}f", *values))

"""First stage: redact, normalise, tell the language; group bubbles into turns.

Every driver runs it before scoring, so that the model reads the same redacted text everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from pipeline.records import Message, Role
from pipeline.stages.stage import Prepared
from pipeline.text.language import detect_language
from pipeline.text.normalise import normalise
from pipeline.text.redact import redact
from pipeline.text.speakers import is_personal

_MOST_NAMES = 32
"""Speakers remembered a conversation; the longest-silent is forgotten, so that group chats stay bounded."""
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class PrepareState:
    """What preparing remembers of a conversation; starts as ``PrepareState()``."""

    names: tuple[str, ...] = ()
    """Display names of the speakers heard so far, the latest last."""
    version: int = 1


def prepare(state: PrepareState, message: Message) -> tuple[PrepareState, Prepared]:
    """Make a message ready for scoring.

    Names to redact are those of speakers up to and including this message, so that later messages change nothing.
    """
    state = _heard(state, message)
    redacted = redact(message.text, state.names)
    model_text = normalise(redacted.text)
    return state, Prepared(message, redacted, model_text, detect_language(model_text.text))


def _heard(state: PrepareState, message: Message) -> PrepareState:
    name = message.sender.strip()[:_LONGEST_NAME]
    if (state.names and state.names[-1] == name) or not _is_person(message.role, name):
        return state
    return PrepareState(((*(n for n in state.names if n != name), name))[-_MOST_NAMES:])


def _is_person(role: Role, name: str) -> bool:
    """Customers always; agents unless the name is a brand's or a department's; bots and system lines never."""
    return bool(name) and (role is Role.CUSTOMER or (role is Role.AGENT and is_personal(name)))


def redact_sender(sender: str, role: Role, *, key: bytes = b"") -> str:
    """The name under which a speaker is stored: ``customer``, ``system``, ``bot`` or ``agent-3fa2``.

    Agents keep a pseudonym (keyed BLAKE2 of the name) because quality reports compare them; the same name gives
    the same pseudonym under the same key. Without a key a guess at a name can be checked against it: desks that mind
    pass a secret.

    Args:
        sender: display name; may be empty.
        role: who it is.
        key: secret of the desk, at most 64 bytes.
    """
    if role is not Role.AGENT or not sender.strip():
        return role.value
    digest = blake2b(sender.strip().casefold().encode("utf-8", "surrogatepass"), digest_size=2, key=key)
    return f"agent-{digest.hexdigest()}"


def turns(messages: Iterable[Message]) -> list[tuple[Message, ...]]:
    """Consecutive messages of one speaker (same role and sender), in order."""
    groups: list[list[Message]] = []
    for message in messages:
        last = groups[-1][-1] if groups else None
        if last is not None and (last.role, last.sender) == (message.role, message.sender):
            groups[-1].append(message)
        else:
            groups.append([message])
    return [tuple(group) for group in groups]

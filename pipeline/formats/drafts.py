"""Messages on their way into a conversation: what tables and transcripts know of a message, and how it becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pipeline.errors import BadRecord
from pipeline.formats.format import ReadOptions, ReadReport
from pipeline.formats.identity import MessageIds
from pipeline.formats.roles import infer_roles
from pipeline.records import Conversation, Message, Role
from pipeline.serialise import in_time_order

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message of a table before its conversation is known; ``role`` is ``None`` until it is inferred."""

    sent_at: datetime
    role: Role | None
    sender: str
    text: str
    seq: int | None = None
    message_id: str = ""
    channel: str = ""
    locale: str = ""
    team: str = ""
    customer_id: str = ""
    row: int = 0

    def to_json(self) -> list[str | int | None]:
        """A form for temporary files."""
        about = (self.message_id, self.channel, self.locale, self.team, self.customer_id, self.row)
        return [self.sent_at.isoformat(), self.role, self.sender, self.text, self.seq, *about]

    @classmethod
    def from_json(cls, values: Sequence[object]) -> Draft:
        """The inverse of ``to_json``."""
        sent_at, role, *rest = values
        return cls(datetime.fromisoformat(str(sent_at)), None if role is None else Role(str(role)), *rest)  # type: ignore[arg-type]

    def order(self) -> int:
        """Its place in time, in microseconds."""
        return (self.sent_at - EPOCH) // timedelta(microseconds=1)


def build(conversation_id: str, drafts: Iterable[Draft], channel: str, report: ReadReport) -> Conversation:
    """A conversation of the drafts, in time order, with roles inferred and ids made where the table has none."""
    kept = _with_roles(list(drafts), report)
    ids, messages = MessageIds("default", conversation_id), list[Message]()
    seen: dict[str, Message] = {}
    for draft in kept:
        message = Message(
            draft.message_id or ids.next(draft.sent_at, draft.sender, draft.text),
            draft.sent_at,
            draft.role or Role.CUSTOMER,
            draft.sender,
            draft.text,
            draft.seq,
        )
        earlier = seen.setdefault(message.message_id, message)
        if earlier is not message:
            if earlier == message:
                report.skip(BadRecord("a message stands twice", path=report.path, line=draft.row))
                continue
            report.note("Message ids are not unique in a conversation; ids were made from the content there.")
            message = replace(message, message_id=ids.next(draft.sent_at, draft.sender, draft.text))
            seen[message.message_id] = message
        messages.append(message)
    return Conversation(
        conversation_id=conversation_id,
        messages=in_time_order(messages),
        channel=_first(d.channel for d in kept) or channel,
        locale=_first(d.locale for d in kept),
        team=_first(d.team for d in kept) or None,
        customer_id=_first(d.customer_id for d in kept) or None,
    )


def _with_roles(drafts: list[Draft], report: ReadReport) -> list[Draft]:
    if all(draft.role is not None for draft in drafts):
        return drafts
    report.note("Roles were inferred from names and words in each conversation (--agent NAME or --role WORD=ROLE).")
    known = {d.sender: d.role for d in drafts if d.role is not None and d.sender}
    heard = {d.role for d in drafts}
    strangers = {d.sender for d in drafts if d.role is None}
    # A note per conversation would drown the report, so infer_roles gets one of its own.
    said = [(d.sender, d.text) for d in drafts if d.role is None or d.sender in known]
    roles = infer_roles(said, ReadOptions(roles=known), ReadReport(report.path))
    if Role.CUSTOMER in heard and Role.AGENT not in heard and len(strangers) == 1:
        roles = dict.fromkeys(strangers, Role.AGENT)
    return [d if d.role is not None else replace(d, role=roles.get(d.sender, Role.CUSTOMER)) for d in drafts]


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def runs(drafts: Iterable[Draft], gap: timedelta) -> Iterator[list[Draft]]:
    """Drafts in time order, cut where nothing was said for ``gap``; one run is held at a time."""
    run: list[Draft] = []
    for draft in drafts:
        if run and draft.sent_at - run[-1].sent_at >= gap:
            yield run
            run = []
        run.append(draft)
    if run:
        yield run

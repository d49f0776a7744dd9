"""How well two blind annotation passes agree: the ceiling for a model.

``python -m training.agreement`` compares the labels of ``data/conversations`` with those of a second pass
(``data/conversations/second/``), by the same measures as a model's scores. Both passes were made by language models, so this is no
agreement between people.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import InputError
from pipeline.records import (
    AgentLabels,
    Annotation,
    Assessment,
    Conversation,
    ConversationResult,
    CustomerLabels,
    Language,
    Message,
    MessageResult,
    ModelIdentity,
    Role,
    Scored,
    Signal,
)
from pipeline.resources import resource
from pipeline.serialise import annotation_from_json
from training.corpora import chat_language, load_chats
from training.evaluation import as_table
from training.measures import Judged, by_language, measure

TOP_LEVEL = 3
_NOBODY = ModelIdentity("second pass", "0", "0" * 64)


def load_second(folder: Path) -> dict[str, Annotation]:
    """Labels of the second pass by conversation id.

    Raises:
        InputError: there are none.
    """
    found = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found[row["conversation_id"]] = annotation_from_json(row["labels"])
    if not found:
        raise InputError("no second annotation", path=str(folder))
    return found


def agreement(chats: Sequence[Conversation], second: Mapping[str, Annotation]) -> dict[str, dict[str, float]]:
    """Measures by language over the chats that both passes annotated; forecasts do not apply and are left out."""
    both = [
        Judged(chat, said_by(chat, second[chat.conversation_id])) for chat in chats if chat.conversation_id in second
    ]
    groups = by_language(both, chat_language)
    return {
        name: {key: value for key, value in measure(group).items() if not key.startswith("forecast")}
        for name, group in sorted(groups.items())
    }


def said_by(chat: Conversation, labels: Annotation) -> Assessment:
    """An annotation in the form of a model's scores."""
    whole = labels.conversation
    peaks = [(m.anger, m.frustration) for m in labels.messages.values() if isinstance(m, CustomerLabels)] or [(0, 0)]
    return Assessment(
        chat.conversation_id,
        _NOBODY,
        tuple(_result(message, labels) for message in chat.messages),
        ConversationResult(
            categories=tuple(Scored(name, 1.0) for name in whole.categories),
            stage=whole.stage,
            escalated=whole.escalated,
            escalation_at=whole.escalation_at,
            escalation_rule=None,
            anger_peak=max(anger for anger, _ in peaks) / TOP_LEVEL,
            frustration_peak=max(frustration for _, frustration in peaks) / TOP_LEVEL,
            risk_peak=0.0,
            outcome=whole.outcome,
            csat=float(whole.csat),
        ),
        (),
    )


def _result(message: Message, labels: Annotation) -> MessageResult:
    known = labels.messages.get(message.message_id)
    if message.role is Role.CUSTOMER and isinstance(known, CustomerLabels):
        return MessageResult(
            message.message_id,
            message.role,
            Language.UND,
            risk=0.0,
            anger=known.anger / TOP_LEVEL,
            frustration=known.frustration / TOP_LEVEL,
            polarity=known.polarity,
            signals=tuple(Signal(name, 1.0) for name in known.signals),
        )
    acts = tuple(Scored(act.value, 1.0) for act in known.acts) if isinstance(known, AgentLabels) else ()
    return MessageResult(message.message_id, message.role, Language.UND, risk=0.0, acts=acts)


def main() -> None:
    """Print the table."""
    folder = resource("data", "conversations")
    found = agreement(load_chats(folder), load_second(folder / "second"))
    sys.stdout.write(as_table(found) + "\n")


if __name__ == "__main__":
    main()

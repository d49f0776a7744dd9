"""The reported measures: small cases by hand, and the annotators' own tool where it is at hand."""

import importlib.util
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from pipeline.models.scorer import ACTS, SIGNALS
from pipeline.records import (
    ActName,
    AgentLabels,
    Assessment,
    Conversation,
    ConversationResult,
    CustomerLabels,
    Language,
    Message,
    MessageResult,
    ModelIdentity,
    Outcome,
    Polarity,
    Role,
    Scored,
    Signal,
    SignalName,
)
from pipeline.serialise import assessment_to_json, conversation_to_json
from training.measures import Judged, Mark, by_language, measure, micro_f1, token_f1

MODEL = ModelIdentity("none", "0", "0" * 64)


def judged(chat: Conversation, rng: Random, *, noise: float) -> Judged:
    """The chat's own labels as scores, each spoiled with probability ``noise``."""
    assert chat.labels is not None
    whole = chat.labels.conversation
    results, risk = [], 0.0
    for message in chat.messages:
        label = chat.labels.messages.get(message.message_id)
        risk = rng.random() if rng.random() < noise else 0.5 + 0.4 * whole.escalated + rng.random() / 50
        result = MessageResult(message.message_id, message.role, Language.ZH, risk=round(min(1.0, risk), 4))
        if isinstance(label, CustomerLabels):
            result = _customer(result, label, rng, noise)
        elif isinstance(label, AgentLabels):
            acts = _spoiled([a.value for a in label.acts], ACTS, rng, noise)
            result = replace(result, acts=tuple(Scored(ActName(a), 0.8) for a in acts))
        results.append(result)
    escalated = whole.escalated != (rng.random() < noise)
    at = whole.escalation_at or chat.messages[-1].message_id
    return Judged(
        chat,
        Assessment(
            chat.conversation_id,
            MODEL,
            tuple(results),
            ConversationResult(
                categories=tuple(Scored(c, 0.9) for c in whole.categories if rng.random() > noise),
                stage=whole.stage,
                escalated=escalated,
                escalation_at=at if escalated else None,
                escalation_rule=None,
                anger_peak=0.0,
                frustration_peak=0.0,
                risk_peak=0.0,
                outcome=rng.choice(list(Outcome)) if rng.random() < noise else whole.outcome,
                csat=float(whole.csat) + rng.random(),
            ),
            (),
        ),
    )


def _customer(result: MessageResult, label: CustomerLabels, rng: Random, noise: float) -> MessageResult:
    def near(value: int) -> float:
        return round(min(1.0, max(0.0, value / 3 + rng.uniform(-noise, noise))), 6)

    signals = _spoiled([s.value for s in label.signals], SIGNALS, rng, noise)
    return replace(
        result,
        anger=near(label.anger),
        frustration=near(label.frustration),
        polarity=rng.choice(list(Polarity)) if rng.random() < noise else label.polarity,
        signals=tuple(Signal(SignalName(s), 0.7) for s in signals),
    )


def _spoiled(names: Sequence[str], every: Sequence[str], rng: Random, noise: float) -> list[str]:
    kept = [name for name in names if rng.random() > noise]
    return sorted({*kept, *([rng.choice(every)] if rng.random() < noise else [])})


@pytest.fixture(scope="module")
def spoiled(chats: list[Conversation]) -> list[Judged]:
    rng = Random(3)
    return [judged(chat, rng, noise=0.4) for chat in chats]


def test_true_labels_reach_the_top_of_every_measure(chats: list[Conversation]) -> None:
    found = measure([judged(chat, Random(1), noise=0.0) for chat in chats])
    perfect = {name: value for name, value in found.items() if name.endswith(("f1", "accuracy", "auc2", "top1", "qwk"))}
    assert set(perfect.values()) == {1.0}
    assert found["escalation.at_exact"] == found["forecast.auc"] == found["forecast.recall@fa5"] == 1.0
    assert found["anger.spearman"] == pytest.approx(1, abs=0.001)
    assert found["conversations"] == len(chats)


def test_spoiled_labels_measure_lower(spoiled: list[Judged]) -> None:
    found = measure(spoiled)
    for name in ("anger.qwk", "signals.micro_f1", "acts.micro_f1", "escalation.f1", "outcome.accuracy", "forecast.auc"):
        assert found[name] < 0.95, name
    assert found["anger.qwk.low"] < found["anger.qwk"] < found["anger.qwk.high"]


def test_micro_f1_by_hand() -> None:
    pairs = [(frozenset("ab"), frozenset("a")), (frozenset("c"), frozenset("cd")), (frozenset(), frozenset())]
    assert micro_f1(pairs) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert micro_f1([(frozenset(), frozenset())]) == (0.0, 0.0, 0.0)


def _marked(spoiled: Judged, text: str, marks: Sequence[Mark], *signals: Signal) -> Judged:
    """One customer message of this text with marks, about which the model says these signals."""
    message = Message("m1", datetime(2026, 1, 5, tzinfo=UTC), Role.CUSTOMER, "", text)
    labels = replace(spoiled.labels, messages={"m1": CustomerLabels(2, 2, Polarity.NEGATIVE)})
    result = MessageResult("m1", Role.CUSTOMER, Language.EN, risk=0.5, signals=signals)
    return Judged(
        replace(spoiled.conversation, messages=(message,), labels=labels),
        replace(spoiled.assessment, messages=(result,)),
        {"m1": marks},
    )


ABUSE, URGENT = SignalName.ABUSE, SignalName.URGENCY


@pytest.mark.parametrize(
    ("text", "marks", "said", "wanted"),
    [
        ("you total idiots, hurry", [("abuse", 4, 16)], [Signal(ABUSE, 1.0, 4, 16)], 1.0),
        ("you total idiots, hurry", [("abuse", 4, 16)], [Signal(ABUSE, 1.0, 10, 23)], 0.5),
        ("you total idiots, hurry", [("abuse", 0, 3), ("abuse", 10, 16)], [Signal(ABUSE, 1.0, 10, 16)], 2 / 3),
        ("you total idiots, hurry", [("abuse", 4, 16)], [Signal(ABUSE, 1.0)], 0.0),
        ("赶紧给我退款", [("urgency", 0, 2)], [Signal(URGENT, 1.0, 0, 2), Signal(ABUSE, 1.0, 0, 6)], 1.0),
    ],
)
def test_words_of_signals_by_hand(
    spoiled: list[Judged], text: str, marks: list[Mark], said: list[Signal], wanted: float
) -> None:
    assert token_f1([_marked(spoiled[0], text, marks, *said)]) == pytest.approx(wanted)


def test_words_count_only_where_a_marked_signal_is_said(spoiled: list[Judged]) -> None:
    text, right = "you total idiots, hurry", Signal(ABUSE, 1.0, 4, 16)
    unsaid = _marked(spoiled[0], text, [("urgency", 18, 23)], Signal(ABUSE, 1.0, 0, 3))
    emoji = _marked(spoiled[0], "😡 hurry", [("abuse", 0, 1)], Signal(ABUSE, 1.0, 2, 7))
    assert str(token_f1([unsaid, emoji, *spoiled])) == "nan"
    assert "signals.token_f1" not in measure(spoiled)
    assert token_f1([unsaid, emoji, _marked(spoiled[0], text, [("abuse", 4, 16)], right)]) == 1.0


def test_what_the_data_cannot_tell_is_left_out(chats: list[Conversation]) -> None:
    calm = [c for c in chats if c.labels is not None and not c.labels.conversation.escalated][:3]
    found = measure([judged(chat, Random(1), noise=0.0) for chat in calm])
    assert not {"escalation.at_exact", "forecast.auc", "forecast.recall@fa5"} & set(found)


def test_risks_after_the_event_count_for_no_forecast(spoiled: list[Judged]) -> None:
    changed = [_after_event(one, 0.123) for one in spoiled]
    assert [one.assessment for one in changed] != [one.assessment for one in spoiled]
    assert measure(changed) == measure(spoiled)


def _after_event(one: Judged, risk: float) -> Judged:
    event, seen, results = one.labels.conversation.escalation_at, False, []
    for result in one.assessment.messages:
        seen = seen or result.message_id == event
        results.append(replace(result, risk=risk) if seen else result)
    return Judged(one.conversation, replace(one.assessment, messages=tuple(results)))


def test_system_lines_do_not_move_the_calibration(spoiled: list[Judged]) -> None:
    def quiet(one: Judged) -> Judged:
        rows = tuple(replace(r, risk=0.9) if r.role is Role.SYSTEM else r for r in one.assessment.messages)
        return Judged(one.conversation, replace(one.assessment, messages=rows))

    assert measure([quiet(one) for one in spoiled]) == measure(spoiled)


def test_groups_by_language_keep_all(spoiled: list[Judged]) -> None:
    groups = by_language(spoiled, lambda chat: chat.locale[:2] or "none")
    assert len(groups["all"]) == len(spoiled)
    assert sum(len(group) for name, group in groups.items() if name != "all") == len(spoiled)


def test_the_measures_are_those_of_the_annotators_tool(spoiled: list[Judged], tmp_path: Path) -> None:
    named = os.environ.get("BOILOVER_GOLD_TOOL")
    if not named:
        pytest.skip("wants the annotators' evaluate_gold.py: set BOILOVER_GOLD_TOOL to it")
    spec = importlib.util.spec_from_file_location("evaluate_gold", named)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    gold, scored = tmp_path / "gold.jsonl", tmp_path / "scored.jsonl"
    gold.write_text("".join(json.dumps(conversation_to_json(j.conversation)) + "\n" for j in spoiled))
    scored.write_text("".join(json.dumps(assessment_to_json(j.assessment)) + "\n" for j in spoiled))
    wanted = tool.evaluate([(tool.read(str(gold)), tool.read(str(scored)))])
    assert measure(spoiled) == pytest.approx(wanted, abs=1e-4)

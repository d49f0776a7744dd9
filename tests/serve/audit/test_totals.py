from __future__ import annotations

import json

import pytest
from fake_audit import FakePipeline, angry_chat, calm_chat
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Conversation
from serve.audit.facts import facts_of
from serve.audit.totals import KEPT_NAMES, OTHERS, Totals


def totals_of(chats: list[Conversation]) -> Totals:
    totals = Totals()
    for one in FakePipeline().run_batch(chats, quote="redacted"):
        totals.add(one, facts_of(one))
    return totals


@given(kinds=st.lists(st.booleans(), max_size=8), cut=st.integers(0, 8))
def test_any_split_gives_the_same_sums(kinds: list[bool], cut: int) -> None:
    chats = [(angry_chat if angry else calm_chat)(f"c{i}", minutes=i) for i, angry in enumerate(kinds)]
    merged = Totals.from_json(json.loads(json.dumps(totals_of(chats[:cut]).to_json())))
    merged.merge(totals_of(chats[cut:]))
    assert merged.to_json() == totals_of(chats).to_json()


def test_breakdowns_count_conversations_and_escalations() -> None:
    sums = totals_of([angry_chat("a", channel="app"), calm_chat("b", channel="app"), calm_chat("c")]).to_json()
    assert sums["by"]["channel"]["app"][:4] == [2, 7, 1, 2]
    assert sums["by"]["language"]["en"][:3] == [2, 4, 0]
    assert sums["by"]["agent"]["agent-1"][0] == 3
    assert sums["by"]["escalation_rule"]["E3"][0] == 1


def test_the_number_of_names_is_bounded() -> None:
    totals = totals_of([calm_chat("x", channel=f"channel-{i}") for i in range(KEPT_NAMES + 7)])
    assert len(totals.by["channel"]) == KEPT_NAMES + 1
    assert totals.by["channel"][OTHERS][0] == 7


@pytest.mark.parametrize("minutes", [1, 7, 60, 60 * 24 * 30])
def test_medians_are_within_two_percent(minutes: int) -> None:
    totals = totals_of([angry_chat("x", minutes=minutes)])
    assert totals.median_lead_messages() == 2
    assert totals.median_lead_seconds() == pytest.approx(minutes * 4 * 60, rel=0.02)
    assert Totals().median_lead_seconds() is None

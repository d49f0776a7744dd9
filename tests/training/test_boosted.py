"""The risk beside boosted trees over the tracked features."""

from dataclasses import replace

import numpy as np
import pytest
from toy_run import Run

from pipeline.errors import InputError
from pipeline.records import Role
from pipeline.run import Pipeline, build
from pipeline.stages.features import feature_names
from training.boosted import MEASURES, between, compare_heads, drawn, fit, heads_table, prefixes, with_risks
from training.measures import forecasts


@pytest.fixture(scope="module")
def pipeline(run: Run) -> Pipeline:
    return build(model=run.finished.folder, threads=1)


def test_a_prefix_ends_before_the_event(run: Run, pipeline: Pipeline) -> None:
    chat = next(c for c in run.place.chats if c.labels is not None and c.labels.conversation.escalated)
    assert chat.labels is not None
    names = [m.message_id for m in chat.messages if m.role is not Role.SYSTEM]
    rows = prefixes(pipeline, chat)
    assert list(rows) == names[: names.index(chat.labels.conversation.escalation_at or "")]
    assert {row.shape for row in rows.values()} <= {(len(feature_names(pipeline.scorer.categories)),)}


def test_later_messages_change_no_prefix(run: Run, pipeline: Pipeline) -> None:
    chat = max(run.place.part("dev"), key=lambda c: len(prefixes(pipeline, c)))
    cut = prefixes(pipeline, replace(chat, messages=chat.messages[:3]))
    whole = prefixes(pipeline, chat)
    assert len(whole) > len(cut) > 0
    assert all(np.array_equal(row, whole[name]) for name, row in cut.items())


def test_trees_learn_the_chats_that_they_are_fitted_on(run: Run, pipeline: Pipeline) -> None:
    judged = run.finished.judged
    found = compare_heads(pipeline, judged, fit(pipeline, run.place.part("dev")))
    assert set(found) == {"recurrent head", "boosted trees", "mean of log-odds"}
    assert found["recurrent head"]["all"] == pytest.approx(forecasts(judged), nan_ok=True)
    assert found["boosted trees"]["all"]["forecast.auc"] >= found["recurrent head"]["all"]["forecast.auc"]
    table = heads_table(found, len(judged))
    assert table.header[2:] == MEASURES
    assert len(table.rows) == 3 * len(found["boosted trees"])


def test_fitting_is_repeatable(run: Run, pipeline: Pipeline) -> None:
    rows = np.array(list(prefixes(pipeline, run.place.part("dev")[0]).values()))
    first, second = (fit(pipeline, run.place.part("train"), seed=1).predict_proba(rows) for _ in range(2))
    assert np.array_equal(first, second)


def test_chats_of_one_kind_are_refused(run: Run, pipeline: Pipeline) -> None:
    calm = [c for c in run.place.chats if c.labels is not None and not c.labels.conversation.escalated]
    with pytest.raises(InputError, match="escalate"):
        fit(pipeline, calm[:4])


def test_the_mean_lies_between_in_log_odds(run: Run) -> None:
    one = run.finished.judged[0]
    names = [r.message_id for r in one.assessment.messages[:2]]
    spoken = with_risks(one, dict(zip(names, (0.5, 0.9), strict=True)))
    assert [r.risk for r in spoken.assessment.messages[:2]] == [0.5, 0.9]
    assert spoken.assessment.messages[2:] == one.assessment.messages[2:]
    mean = between(spoken, {names[0]: 0.5, names[1]: 0.1})
    assert [mean[name] for name in names] == pytest.approx([0.5, 0.5])
    assert between(one, {}) == {}


def test_no_chat_is_both_fitted_on_and_measured(run: Run) -> None:
    judged, chats = run.finished.judged, run.place.chats
    some = drawn(chats, judged, seed=0, count=10)
    assert len({c.conversation_id for c in some}) == 10
    assert not {c.conversation_id for c in some} & {j.conversation.conversation_id for j in judged}
    assert drawn(chats, judged, seed=0, count=10) == some != drawn(chats, judged, seed=1, count=10)
    with pytest.raises(InputError, match="left"):
        drawn(run.place.part("dev"), judged, seed=0)

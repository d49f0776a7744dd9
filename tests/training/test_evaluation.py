"""Measures of a model folder, by language, and how they are shown."""

from pathlib import Path

import pytest
from toy_run import Run

from pipeline.run import build
from training.corpora import chat_language, load_table
from training.evaluation import SHOWN, as_markdown, as_table, figures, judge, public_figures


def test_chats_are_judged_in_order_and_measured_by_language(run: Run) -> None:
    chats = run.place.part("dev")
    judged = judge(build(model=run.finished.folder, threads=1), chats)
    assert [j.assessment.conversation_id for j in judged] == [c.conversation_id for c in chats]
    found = figures(judged)
    assert found == run.finished.figures
    assert found["all"]["conversations"] == len(chats)
    by_language = {name: sum(chat_language(c) == name for c in chats) for name in found if name != "all"}
    assert {name: found[name]["conversations"] for name in by_language} == by_language


def test_broad_heads_are_measured_on_development_files_only(run: Run, toy: object) -> None:
    assert set(run.finished.public) == {"toy_dev.anger_any.auc", "toy_dev.offensive_any.auc"}
    assert all(0 <= value <= 1 for value in run.finished.public.values())
    assert run.place.corpora is not None
    again = public_figures(
        build(model=run.finished.folder).scorer,
        load_table(Path(run.place.config.table)),
        run.place.corpora,
        run.place.layout,
    )
    assert again == run.finished.public


@pytest.mark.parametrize("show", [as_table, as_markdown])
def test_tables_show_each_measure_and_say_what_is_missing(show: object) -> None:
    assert callable(show)
    text = show({"zh": {"anger.qwk": 0.61234, "conversations": 12.0}, "all": {"anger.auc2": 0.5}})
    row = next(line for line in text.splitlines() if "anger.qwk" in line and "low" not in line and "high" not in line)
    assert "0.612" in row
    assert "–" in row
    assert "12" in next(line for line in text.splitlines() if "conversations" in line)
    assert "12.0" not in text


def test_the_shown_measures_exist(run: Run) -> None:
    assert set(SHOWN) - set(run.finished.figures["all"]) <= {"forecast.recall@fa5", "forecast.lead@fa5"}

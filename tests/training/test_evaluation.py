"""Measures of a model folder, by language, and how they are shown."""

from pathlib import Path

import pytest
from toy_run import Run

from pipeline.run import build
from training.corpora import chat_language, load_table
from training.evaluation import (
    SHOWN,
    annotated,
    as_markdown,
    as_table,
    broad_rows,
    figures,
    judge,
    marked_words,
    public_figures,
)


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


def test_marked_words_beside_the_chats_are_measured(run: Run) -> None:
    files = [run.place.config.chats / "some.jsonl"]
    chats, spans = annotated(files, "dev"), marked_words(files)
    judged = judge(build(model=run.finished.folder, threads=1), chats, spans)
    assert sum(len(marks) for one in judged for marks in one.marked.values()) == sum(map(len, spans.values())) > 0
    found = figures(judged)["all"]
    assert 0 <= found["signals.token_f1"] <= 1
    assert "signals.token_f1" not in run.finished.figures["all"]


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
    assert set(SHOWN) - set(run.finished.figures["all"]) <= {
        "signals.token_f1",
        "forecast.recall@fa5",
        "forecast.lead@fa5",
    }


def test_texts_that_were_trained_on_are_left_out(run: Run, tmp_path: Path) -> None:
    assert run.place.corpora is not None
    for name in ("train.csv", "dev.csv"):
        (tmp_path / name).write_bytes((run.place.corpora / name).read_bytes())
    with (tmp_path / "dev.csv").open("a", encoding="utf-8") as stream:
        stream.write("900,@someone YOU have lost my parcel again  (0),angry\n901,骗子，退钱（1）,angry\n902,new,calm\n")
    scorer = build(model=run.finished.folder).scorer
    (anger, _) = broad_rows(scorer, run.place.table, tmp_path, run.place.layout)
    assert len(anger.texts) == len(anger.truth) == len(anger.said) == 61

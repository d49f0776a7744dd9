"""The plain baseline of the broad heads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_run import Run

from pipeline.run import build
from training.baselines import (
    Comparison,
    as_markdown,
    as_table,
    compare_baselines,
    fit_baseline,
    with_means,
    without_development,
)
from training.corpora import load_table


def test_the_baseline_learns_what_letters_tell() -> None:
    texts = [f"{word} {i}" for i in range(20) for word in ("退钱 scum", "谢谢 friend")]
    fitted = fit_baseline(texts, np.array([True, False] * 20))
    angry, calm = fitted.predict_proba(["scum", "friend"])[:, 1]
    assert angry > 0.5 > calm


def test_model_and_baseline_are_measured_on_the_same_rows(run: Run) -> None:
    assert run.place.corpora is not None
    found = compare_baselines(
        build(model=run.finished.folder).scorer,
        run.place.table,
        run.place.corpora,
        run.place.layout,
        trained_seed=3,
        draws=20,
    )
    assert {f"{one.corpus}.{one.head}.auc": one.model for one in found} == run.finished.public
    assert [one.rows for one in found] == [60, 60]
    assert all(one.baseline > 0.99 for one in found)  # the toy development rows differ in their number alone
    assert all(one.low is not None and one.high is not None and one.low <= one.difference <= one.high for one in found)
    assert all(one.difference == pytest.approx(one.model - one.baseline) for one in found)


def test_parts_that_name_no_training_rows_have_no_baseline(run: Run) -> None:
    assert run.place.corpora is not None
    table = [one.model_copy(update={"of": None}) for one in run.place.table]
    scorer = build(model=run.finished.folder).scorer
    assert not compare_baselines(scorer, table, run.place.corpora, run.place.layout, trained_seed=3)
    assert without_development(table) == ["toy"]
    assert without_development(run.place.table) == []


def test_every_development_part_names_its_training_rows(repository: Path) -> None:
    table = load_table(repository / "configs" / "train" / "corpora.yaml")
    trained = {one.name: one for one in table if one.split == "train"}
    for one in table:
        if one.split == "dev":
            assert one.of is not None
            assert one.targets.items() <= trained[one.of].targets.items()
        else:
            assert one.of is None


@pytest.mark.parametrize("show", [as_table, as_markdown])
def test_tables_show_the_difference_the_means_and_what_is_missing(show: object) -> None:
    assert callable(show)
    one = Comparison("posts", "anger_any", 50, 0.9, 0.8, 0.05, 0.15)
    found = [one, replace(one, corpus="tweets", model=0.7), replace(one, head="offensive_any", baseline=0.95)]
    text = show(found, ["talks"])
    lines = [line.replace("|", " ").split() for line in text.splitlines()]
    assert ["posts", "anger_any", "50", "0.900", "0.800", "+0.100", "(+0.050", "…", "+0.150)"] in lines
    assert ["mean", "anger_any", "100", "0.800", "0.800", "+0.000"] in lines
    assert ["mean", "offensive_any", "50", "0.900", "0.950", "-0.050"] in lines
    assert ["mean", "all", "150", "0.833", "0.850", "-0.017"] in lines
    assert "talks" in text
    assert "talks" not in show(found, [])
    assert [m.corpus for m in with_means([one])] == ["posts", "mean", "mean"]

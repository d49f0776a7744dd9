"""The gate: which check fails, and by how much."""

from collections import Counter
from pathlib import Path

import pytest
from toy_run import Run

from pipeline.errors import ConfigError
from pipeline.models.fake import FakeScorer
from training.categories import main_category
from training.compare import category_measures, main_measures
from training.gate import Gate, bounds, examine, fallen, load_gate, slowdown, texts_of
from training.measures import measure

FOUND = {"zh": {"anger.qwk": 0.75, "forecast.ece": 0.2}, "all": {"stage.accuracy": 0.7}}


def failures(found: object, gate: Gate) -> list[str]:
    return [line for line in bounds(found, gate) if line is not None]  # type: ignore[arg-type]


def test_a_broken_floor_says_by_how_much() -> None:
    assert failures(FOUND, Gate(floors={"zh": {"anger.qwk": 0.8}})) == [
        "zh anger.qwk: 0.750 is 0.050 below the floor 0.8"
    ]
    assert failures(FOUND, Gate(ceilings={"zh": {"forecast.ece": 0.1}})) == [
        "zh forecast.ece: 0.200 is 0.100 over the limit 0.1"
    ]
    assert not failures(FOUND, Gate(floors={"zh": {"anger.qwk": 0.75}}, ceilings={"zh": {"forecast.ece": 0.2}}))


def test_a_measure_that_is_missing_is_a_failure_but_a_language_without_chats_is_none() -> None:
    assert failures(FOUND, Gate(floors={"all": {"csat.spearman": 0.5}}))
    assert failures(FOUND, Gate(ceilings={"all": {"forecast.ece": 0.5}}))
    assert not failures(FOUND, Gate(floors={"en": {"anger.qwk": 0.8}}))


def test_only_a_fall_beyond_chance_is_a_failure() -> None:
    lost = {"zh": {"anger.qwk": (-0.06, -0.01), "acts.micro_f1": (-0.06, 0.0)}, "en": {"anger.qwk": (0.1, 0.2)}}
    lines = [line for line in fallen(lost, 0.99) if line is not None]
    assert lines == ["zh anger.qwk: -0.060 against the champion, 99% interval ends at -0.010"]


def test_a_model_passes_against_itself_and_fails_by_size_and_floors(run: Run) -> None:
    folder, chats = run.finished.folder, run.place.part("dev")
    open_gate = Gate(compared=("anger.qwk", "forecast.auc"), draws=100, slowdown=10)
    verdict = examine(folder, folder, chats, open_gate)
    assert verdict.is_open
    assert verdict.figures == run.finished.figures
    closed = open_gate.model_copy(update={"size_mb": 0.001, "floors": {"all": {"anger.qwk": 1.0}}})
    verdict = examine(folder, folder, chats, closed)
    assert [line.split(":")[0] for line in verdict.failures] == ["all anger.qwk", "size of the folder"]
    assert verdict.checks > len(verdict.failures)


def test_categories_are_compared_and_small_ones_are_named(run: Run) -> None:
    folder, chats = run.finished.folder, run.place.part("dev")
    gate = Gate(by_category=("category.top1", "escalation.accuracy"), least_chats=1, draws=100, slowdown=10)
    verdict = examine(folder, folder, chats, gate)
    mains = Counter(main_category(chat) for chat in chats)
    del mains[""]
    assert verdict.is_open
    assert verdict.left_out == {}
    assert verdict.checks == 2 + 2 * len(mains)
    few = examine(folder, folder, chats, gate.model_copy(update={"least_chats": max(mains.values()) + 1}))
    assert few.left_out == mains
    assert few.checks == 2


def test_time_is_a_ratio(run: Run) -> None:
    class Slow(FakeScorer):
        def score(self, texts):
            for _ in range(20):
                super().score(texts)
            return super().score(texts)

    texts = texts_of(run.place.part("dev"), limit=10)
    assert len(texts) == 10
    assert slowdown(Slow(), FakeScorer(), texts) > 4
    assert slowdown(FakeScorer(), Slow(), texts) < 0.5


def test_the_committed_gate_names_measures_that_exist(run: Run) -> None:
    gate = load_gate()
    known = {*measure(run.finished.judged), "forecast.recall@fa5", "forecast.lead@fa5"}
    assert {name for by in (gate.floors, gate.ceilings) for group in by.values() for name in group} <= known
    assert set(gate.by_category) == dict(category_measures(run.finished.judged)).keys()
    assert set(gate.compared) <= dict(main_measures(run.finished.judged)).keys()
    assert gate.size_mb == 45
    assert gate.floors["en"]["category.top1"] > gate.floors["zh"]["category.top1"]
    assert gate.floors["en"]["anger.qwk"] == gate.floors["zh"]["anger.qwk"]


def test_a_wrong_gate_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text("draws: 2000\nsize_mb: -1\n")
    with pytest.raises(ConfigError, match=r"g\.yaml:2: size_mb"):
        load_gate(tmp_path / "g.yaml")

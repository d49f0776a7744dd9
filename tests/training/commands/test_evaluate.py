"""`boilover evaluate` on a model folder."""

import argparse
import json
from pathlib import Path

import pytest
import yaml
from toy_run import Run

from pipeline.errors import InputError
from training.behaviour.suite import Minimum, Suite
from training.commands import evaluate


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    return parser.parse_args(given)


def test_files_are_measured_and_printed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    chats = str(run.place.config.chats / "some.jsonl")
    assert evaluate.run(arguments(chats, "--model", str(run.finished.folder))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == "measure"
    assert next(line for line in lines if line.startswith("conversations")).split()[-1] == str(len(run.place.chats))


def test_json_has_every_measure(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    chats = str(run.place.config.chats / "some.jsonl")
    evaluate.run(arguments(chats, "--model", str(run.finished.folder), "--json"))
    found = json.loads(capsys.readouterr().out)
    assert found["all"].keys() >= run.finished.figures["all"].keys()


def test_two_models_stand_side_by_side(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(run.finished.folder)
    given = [str(run.place.config.chats / "some.jsonl"), "--model", folder, "--against", folder, "--draws", "20"]
    assert evaluate.run(arguments(*given)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["all", "model", "against", "change", "interval"]
    row = next(line.split() for line in lines if line.startswith("anger.qwk"))
    assert row[1] == row[2]
    assert row[3:] == ["+0.000", "+0.000", "…", "+0.000"]
    assert evaluate.run(arguments(*given, "--json", "--seed", "3")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model"] == found["against"]
    assert found["measures"]["all"]["anger.qwk"]["difference"] == 0
    assert found["measures"]["all"]["anger.qwk"]["model"] == run_figure(run, "anger.qwk", found)


def run_figure(run: Run, name: str, found: dict) -> float:
    """The figure that the plain command gives for the same chats."""
    from pipeline.run import build
    from training.evaluation import figures, judge

    assert found["model"]["name"] == run.place.config.name
    return figures(judge(build(model=run.finished.folder), run.place.chats))["all"][name]


def test_chats_without_labels_are_an_error(run: Run, tmp_path: Path) -> None:
    line = json.loads((run.place.config.chats / "some.jsonl").read_text(encoding="utf-8").splitlines()[0])
    del line["labels"]
    (tmp_path / "bare.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="annotated"):
        evaluate.run(arguments(str(tmp_path / "bare.jsonl"), "--model", str(run.finished.folder)))


def test_the_behavioural_suite_is_printed_and_filled_in(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Minimum(capability="calm", expect=("anger none",), zh=("在吗",), en=("hi there",), mixed=("hi 在吗",))
    monkeypatch.setattr("training.behaviour.suite.load_suite", lambda: Suite(minimum=(few,)))
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- figures:behaviour -->\n<!-- /figures:behaviour -->\nb\n", encoding="utf-8")
    given = ("--behaviour", "--model", str(run.finished.folder))
    assert evaluate.run(arguments(*given, "--into", str(page))) == 0
    assert "calm" in capsys.readouterr().out
    assert "| calm |" in page.read_text(encoding="utf-8")
    evaluate.run(arguments(*given, "--json"))
    assert json.loads(capsys.readouterr().out)["kinds"]["minimum"]["all"]["tried"] == 3


def test_public_sets_alone_are_measured_and_filled_in(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpora = run.place.corpora
    assert corpora is not None
    row = {"name": "toy_rest", "path": "dev.csv", "language": "mixed", "licence": "own", "text": ["text"]}
    row |= {"label": "label", "targets": {"anger_any": {"positive": ["angry"], "rest": "negative"}}}
    table = run.place.config.table.with_name("untrained.yaml")
    table.write_text(yaml.safe_dump({"rows": [row]}), encoding="utf-8")
    page = tmp_path / "page.md"
    blocks = [f"<!-- figures:{name} -->\n<!-- /figures:{name} -->\n" for name in ("public", "untrained")]
    page.write_text("".join(blocks), encoding="utf-8")
    given = ("--part", "none", "--corpora", str(corpora), "--model", str(run.finished.folder), "--draws", "5")
    given += ("--config", str(corpora / "toy.yaml"), "--into", str(page))
    assert evaluate.run(arguments(*given, "--baselines", "--untrained", "--sample", "50")) == 0
    printed = capsys.readouterr().out.splitlines()
    assert next(line for line in printed if line.startswith("toy_dev")).split()[1:3] == ["anger_any", "60"]
    assert next(line for line in printed if line.startswith("toy_rest")).split()[-1] == "50"
    filled = page.read_text(encoding="utf-8")
    assert "| toy_dev | anger_any | 60 |" in filled
    assert "| toy_rest | mixed | anger_any.auc |" in filled
    evaluate.run(arguments(*given, "--json"))
    assert json.loads(capsys.readouterr().out) == {"public": run.finished.public}
    assert "| toy_dev.anger_any.auc |" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("given", [("--baselines",), ("--untrained",), ("--part", "none")])
def test_public_sets_want_their_folder(given: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="public"):
        evaluate.run(arguments(*given))


def test_two_models_want_chats(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="chats"):
        evaluate.run(arguments("--part", "none", "--corpora", str(tmp_path), "--against", str(tmp_path)))


def test_views_are_printed_and_fill_their_blocks(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "".join(f"<!-- figures:{b} -->\n<!-- /figures:{b} -->\n" for b in ("slices", "alerts")), encoding="utf-8"
    )
    chats = str(run.place.config.chats / "some.jsonl")
    given = (chats, "--model", str(run.finished.folder), "--slices", "--alerts", "--draws", "20")
    assert evaluate.run(arguments(*given, "--into", str(page))) == 0
    out = capsys.readouterr().out
    assert out.startswith("slice ")
    assert "risk rule" in out
    filled = page.read_text(encoding="utf-8")
    assert "| slice | language | chats |" in filled
    assert "| recall |" in filled
    evaluate.run(arguments(*given, "--json"))
    found = json.loads(capsys.readouterr().out)
    assert found["alerts"]["all"]["calm"]["value"] + found["alerts"]["all"]["escalating"]["value"] <= len(
        run.place.chats
    )
    assert {one["slice"] for one in found["slices"]}

"""`boilover evaluate` on a model folder."""

import argparse
import json
from pathlib import Path

import pytest
from toy_run import Run

from pipeline.errors import InputError
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


def test_chats_without_labels_are_an_error(run: Run, tmp_path: Path) -> None:
    line = json.loads((run.place.config.chats / "some.jsonl").read_text(encoding="utf-8").splitlines()[0])
    del line["labels"]
    (tmp_path / "bare.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="annotated"):
        evaluate.run(arguments(str(tmp_path / "bare.jsonl"), "--model", str(run.finished.folder)))

"""Registered models: the gate before the champion, copies for runtimes, and what MLflow and pipeline load by name.

All in one process of its own, with a store of its own: the library warns of things that are not ours while it makes its tables.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from toy_run import Run

from pipeline.errors import ModelError
from pipeline.models.bundle import read_manifest
from training import tracking

SCRIPT = """
import contextlib, io, json, sys
from pathlib import Path
import mlflow, pandas
import pipeline
from serve.cli import main
from training import tracking

toy, other, chats = (Path(argument) for argument in sys.argv[1:])
told = {}

def boilover(name, *words):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main([str(word) for word in words])
    told[name] = {"code": code, "out": out.getvalue(), "err": err.getvalue()}
    told[name]["champion"] = tracking._aliased("champion")

with tracking.run("first", uri=None, parameters={}, tags={}) as opened:
    opened.register(toy, alias=tracking.CHALLENGER)
common = ["--chats", chats, "--gate", "open.yaml"]
boilover("nobody", "export", "models:/boilover@champion", "--to", "none")
boilover("closed", "promote", "--chats", chats, "--gate", "closed.yaml", "--against", toy, "--to", "live")
told["closed"]["copied"] = Path("live").exists()
boilover("opened", "promote", *common, "--against", toy, "--to", "live")
boilover("again", "promote", toy, *common)
boilover("folder", "promote", other, *common, "--to", "live")
boilover("exported", "export", "models:/boilover/1", "--to", "copy")
Path("texts.txt").write_text("骗子，退钱\\nthanks\\n", encoding="utf-8")
boilover("scored", "score", "texts.txt", "--lines", "--model", "models:/boilover@champion")
boilover("measured", "evaluate", chats, "--model", "models:/boilover@challenger", "--against", "models:/boilover@champion", "--draws", "20")

served = mlflow.pyfunc.load_model("models:/boilover@champion")
frame = pandas.DataFrame({"text": ["骗子，退钱", "thanks", None], "other": [1, 2, 3]}, index=[7, 8, 9])
table = served.predict(frame)
told["frame"] = {"columns": list(table.columns), "index": list(table.index), "rows": table.to_dict("records")}
told["inputs"] = served.metadata.get_input_schema().input_names()
told["loaded"] = pipeline.load("models:/boilover@champion").score(["骗子，退钱"])
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def other(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model under another version."""
    folder = tmp_path_factory.mktemp("other") / "model"
    shutil.copytree(run.finished.folder, folder)
    manifest = folder / "manifest.json"
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace('"version": "7"', '"version": "8"'), encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the store lies."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def told(run: Run, other: Path, store: Path) -> dict[str, Any]:
    """What the commands said."""
    (store / "open.yaml").write_text("compared: [anger.qwk]\ndraws: 100\nslowdown: 50\n")
    (store / "closed.yaml").write_text("floors: {all: {anger.qwk: 1.0}}\ndraws: 100\nslowdown: 50\n")
    chats = run.place.config.chats / "some.jsonl"
    command = [sys.executable, "-c", SCRIPT, str(run.finished.folder), str(other), str(chats)]
    done = subprocess.run(command, cwd=store, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_closed_gate_moves_and_copies_nothing_and_says_why(told: dict[str, Any]) -> None:
    assert told["closed"]["code"] == 1
    assert "not promoted: 1 of 3 checks failed\n  all anger.qwk: " in told["closed"]["out"]
    assert "below the floor 1" in told["closed"]["out"]
    assert told["closed"]["champion"] is None
    assert not told["closed"]["copied"]


def test_the_challenger_becomes_champion(told: dict[str, Any]) -> None:
    assert (told["opened"]["code"], told["opened"]["champion"]) == (0, "1")
    assert "promoted: models:/boilover/1 is the champion" in told["opened"]["out"]


def test_a_folder_that_is_registered_is_not_registered_again(told: dict[str, Any]) -> None:
    assert (told["again"]["code"], told["again"]["champion"]) == (0, "1")


def test_another_folder_is_registered_and_put_in_place(told: dict[str, Any], other: Path, store: Path) -> None:
    assert (told["folder"]["code"], told["folder"]["champion"]) == (0, "2")
    assert read_manifest(store / "live")[1] == read_manifest(other)[1]


def test_an_export_is_the_folder_and_moves_no_alias(told: dict[str, Any], run: Run, store: Path) -> None:
    assert (told["exported"]["code"], told["exported"]["champion"]) == (0, "2")
    assert read_manifest(store / "copy")[1] == read_manifest(run.finished.folder)[1]
    assert told["nobody"]["code"] == 2
    assert "does not give this model" in told["nobody"]["err"]


def test_mlflow_predicts_on_a_frame(told: dict[str, Any]) -> None:
    frame = told["frame"]
    assert frame["columns"] == ["language", "anger", "frustration", "polarity", "signals", "risk"]
    assert frame["index"] == [7, 8, 9]
    assert [row["language"] for row in frame["rows"]] == ["zh", "en", "und"]
    assert all(isinstance(json.loads(row["signals"]), list) and 0 <= row["anger"] <= 1 for row in frame["rows"])
    assert told["inputs"] == ["text"]


def test_pipeline_and_the_commands_load_it_by_name(told: dict[str, Any]) -> None:
    (loaded,) = told["loaded"]
    first = json.loads(told["scored"]["out"].splitlines()[0])
    assert first == loaded
    assert loaded["anger"] == told["frame"]["rows"][0]["anger"]
    assert told["measured"]["code"] == 0
    assert told["measured"]["out"].splitlines()[0].split()[0] == "all"


def test_asking_makes_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tracking.mlflow, "get_registry_uri", lambda: f"sqlite:///{tmp_path / 'm.db'}")
    with pytest.raises(ModelError, match="there is no MLflow store"):
        tracking.folder_of("models:/boilover@champion")
    assert not list(tmp_path.iterdir())

"""MLflow runs, in a store of the test's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from training import tracking

SCRIPT = """
import sys
from pathlib import Path
import mlflow
from training import tracking
uri, note = sys.argv[1], Path(sys.argv[2])
try:
    with tracking.run("one", uri=uri, parameters={"seed": 3, "long": "x" * 900}, tags={"sha256.a": "ff"}) as run:
        run.metrics({"dev.recall@fa5": 0.5}, step=2)
        run.file(note)
        run.file(note.parent, "folder")
        raise RuntimeError("stopped")
except RuntimeError:
    pass
(found,) = mlflow.search_runs(experiment_names=[tracking.EXPERIMENT], output_format="list")
print(found.info.status, found.data.params["seed"], len(found.data.params["long"]), found.data.metrics["dev.recall_at_fa5"])
print(sorted(a.path for a in mlflow.MlflowClient().list_artifacts(found.info.run_id)), found.data.tags["git.commit"] != "")
"""


def test_a_run_keeps_what_it_is_told_and_says_that_it_failed(tmp_path: Path) -> None:
    """In a process of its own: the library warns of things that are not ours while it makes its tables."""
    note = tmp_path / "notes" / "note.txt"
    note.parent.mkdir()
    note.write_text("hello")
    uri = f"sqlite:///{tmp_path / 'm.db'}"
    command = [sys.executable, "-c", SCRIPT, uri, str(note)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["FAILED 3 500 0.5", "['folder', 'note.txt'] True"]


def test_outside_a_checkout_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert tracking.git_commit() == "unknown"


def test_changes_in_the_tree_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"rev-parse": "abc", "status": " M file"}
    monkeypatch.setattr(tracking, "_git", lambda command, *_: answers[command])
    assert tracking.git_commit() == "abc+changes"
    answers["status"] = ""
    assert tracking.git_commit() == "abc"

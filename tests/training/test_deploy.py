"""Copies of model folders: whole or not at all."""

import shutil
from pathlib import Path

import pytest
from toy_run import Run

from pipeline.errors import InputError, ModelError
from pipeline.models.bundle import read_manifest
from pipeline.run import build
from training import deploy


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def model(run: Run, tmp_path: Path) -> Path:
    """A copy that a test may damage, with a file that is no part of it."""
    folder = tmp_path / "from"
    shutil.copytree(run.finished.folder, folder)
    (folder / "notes.txt").write_text("mine")
    return folder


def test_the_copy_is_the_model_and_nothing_else(run: Run, model: Path, tmp_path: Path) -> None:
    identity = deploy.copy_model(model, tmp_path / "new" / "place")
    assert files(tmp_path / "new" / "place") == files(run.finished.folder)
    assert identity == read_manifest(run.finished.folder)[1]
    assert build(model=tmp_path / "new" / "place").scorer.identity == identity
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["place"]


@pytest.mark.parametrize("at_once", [True, False])
def test_an_older_model_is_exchanged(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    if not at_once:
        monkeypatch.setattr(deploy, "_swapped", lambda *_: False)
    to = tmp_path / "place"
    to.mkdir()
    (to / "manifest.json").write_text("{}")
    (to / "old.bin").write_text("old")
    deploy.copy_model(model, to)
    assert "old.bin" not in files(to)
    assert read_manifest(to)[1] == read_manifest(model)[1]
    assert {path.name for path in tmp_path.iterdir()} == {"from", "place"}


def test_a_damaged_model_leaves_what_was_there(model: Path, tmp_path: Path) -> None:
    to = tmp_path / "place"
    deploy.copy_model(model, to)
    before = files(to)
    with (model / "model.onnx").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError, match="damaged"):
        deploy.copy_model(model, to)
    assert files(to) == before
    assert {path.name for path in tmp_path.iterdir()} == {"from", "place"}


def test_a_folder_of_other_things_is_not_replaced(model: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    for to in (tmp_path / "home", tmp_path / "home" / "letter.txt"):
        with pytest.raises(InputError, match="something else"):
            deploy.copy_model(model, to)
    assert files(tmp_path / "home") == {"letter.txt": b"dear"}


def test_the_size_is_that_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "in" / "b").write_bytes(b"345")
    assert deploy.size_of(tmp_path) == 5

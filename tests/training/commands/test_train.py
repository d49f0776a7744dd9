"""`boilover train` as users run it."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from toy_run import Run, Toy

from pipeline.errors import ConfigError
from training.commands import train as command

COMMAND = [sys.executable, "-c", "from serve.cli import script; script()", "train"]


def test_a_killed_run_goes_on_and_writes_the_same_model(run: Run, toy: Toy, base: Path, tmp_path: Path) -> None:
    out = tmp_path / "toy"
    out.mkdir()
    shutil.copy(run.place.out / "public.pt", out / "public.pt")
    options = [str(toy.config), "--base", str(base), "--corpora", str(toy.corpora), "--out", str(out), "--threads", "1"]
    options += ["--model-version", "7", "--tracking", f"sqlite:///{tmp_path / 'm.db'}"]
    done = subprocess.run([*COMMAND, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "anger.qwk" in done.stdout
    assert "toy_dev.anger_any.auc" in done.stdout
    assert "registered: models:/boilover/1 (alias challenger)" in done.stdout
    proof = {path.name for path in (out / "proof").iterdir()}
    assert {"confusion.json", "reliability.png", "errors.jsonl", "environment.txt"} <= proof
    for name in ("model.onnx", "head.json", "manifest.json"):
        assert (out / "model" / name).read_bytes() == (run.finished.folder / name).read_bytes(), name


def test_a_wrong_configuration_is_told_before_anything_is_written(base: Path, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("name: x\n")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(ConfigError, match="layers"):
        command.run(parser.parse_args([str(tmp_path / "c.yaml"), "--base", str(base), "--out", str(tmp_path / "out")]))
    assert not (tmp_path / "out").exists()

"""Runs in MLflow: the only module that imports it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import mlflow

EXPERIMENT = "boilover"


class Run:
    """An open MLflow run."""

    def metrics(self, values: Mapping[str, float], *, step: int | None = None) -> None:
        """Log numbers; names may hold letters, digits, ``_ . / -`` and blanks."""
        mlflow.log_metrics({name.replace("@", "_at_"): float(value) for name, value in values.items()}, step=step)

    def file(self, path: Path, folder: str | None = None) -> None:
        """Log a file, or all files of a folder."""
        if path.is_dir():
            mlflow.log_artifacts(str(path), folder)
        else:
            mlflow.log_artifact(str(path), folder)


@contextmanager
def run(name: str, *, uri: str, parameters: Mapping[str, object], tags: Mapping[str, str]) -> Iterator[Run]:
    """Open a run, and close it as finished or failed.

    Args:
        name: of the run.
        uri: tracking store, e.g. ``sqlite:///mlflow.db``.
        parameters: configuration, flat.
        tags: data checksums, environment.
    """
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=name):
        mlflow.log_params({key: str(value)[:500] for key, value in parameters.items()})
        mlflow.set_tags({**tags, "git.commit": git_commit()})
        yield Run()


def git_commit() -> str:
    """The checkout's commit, with ``+changes`` where the tree differs from it; ``unknown`` outside a checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        return commit + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()

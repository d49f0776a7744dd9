"""What the toy training run of ``tests/training`` consists of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.train import Finished, Trained, Workplace


@dataclass(frozen=True, slots=True)
class Toy:
    """Files of a toy training run."""

    config: Path
    corpora: Path


@dataclass(frozen=True, slots=True)
class Run:
    """A finished toy run."""

    place: Workplace
    trained: Trained
    finished: Finished
    stages: tuple[str, ...]
    """Stages that reported progress, in order."""

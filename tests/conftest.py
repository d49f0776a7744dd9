"""What several test modules share: the model, and where the repository is."""

import os
from pathlib import Path

import pytest

from pipeline.models.onnx import OnnxScorer
from pipeline.run import Pipeline, build


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The shipped model, or the one that ``BOILOVER_TEST_MODEL`` names. A missing model is a failure, not a skip."""
    from pipeline.resources import resource

    named = os.environ.get("BOILOVER_TEST_MODEL")
    folder = Path(named) if named else resource("models", "boilover")
    assert (folder / "manifest.json").is_file(), f"no model in {folder}: it ships with the repository"
    return folder


@pytest.fixture(scope="session")
def real(model_folder: Path) -> Pipeline:
    """The pipeline with that model; its cache lives as long as the session."""
    return build(model=model_folder, threads=2)


@pytest.fixture(scope="session")
def real_scorer(model_folder: Path) -> OnnxScorer:
    """The message scorer of that model, on one thread."""
    return OnnxScorer(model_folder)

"""Parameters of a small conversation head with random weights, for tests and benchmarks without a model."""

from __future__ import annotations

import numpy as np

from pipeline.models.bundle import LevelMap
from pipeline.models.context import HIDDEN, MOMENT, READ, ContextPoints
from pipeline.models.drivers import DriverWeights
from pipeline.models.operating import CORRECTED
from pipeline.models.scorer import ACTS, SIGNALS, FloatArray
from pipeline.records import Outcome, Stage

CATEGORIES = ("refund", "other")
FEATURES = ("anger.last", "wait.now", "frustration.last")
WIDTH = 8


def weights(seed: int = 0, *, width: int = WIDTH, categories: int = len(CATEGORIES)) -> dict[str, FloatArray]:
    """Random arrays of the right shapes."""
    random = np.random.default_rng(seed)
    whole = 1 + categories + len(Stage) + len(Outcome) + 1
    shapes = {
        "read": (HIDDEN, width + CORRECTED + len(READ) + MOMENT),
        "shift": (CORRECTED, HIDDEN),
        "risk": (1, HIDDEN),
        "whole": (whole, HIDDEN + width + categories),
    }
    found = {f"{name}.weight": 0.1 * random.normal(size=shape) for name, shape in shapes.items()}
    found |= {f"{name}.bias": 0.1 * random.normal(size=shape[0]) for name, shape in shapes.items()}
    for name in ("ih", "hh"):
        found[f"cell.weight_{name}_l0"] = 0.1 * random.normal(size=(3 * HIDDEN, HIDDEN))
        found[f"cell.bias_{name}_l0"] = 0.1 * random.normal(size=3 * HIDDEN)
    return {name: values.astype(np.float32) for name, values in found.items()}


def points() -> ContextPoints:
    """Operating points that move nothing."""
    even = LevelMap(cuts=(1 / 6, 1 / 2, 5 / 6))
    return ContextPoints(
        anger=even,
        frustration=even,
        polarity=(0.0, 0.0, 0.0),
        signals=(0.0,) * len(SIGNALS),
        acts=(0.0,) * len(ACTS),
        complaint=0.0,
        category=0.3,
        stage=(0.0,) * len(Stage),
        outcome=(0.0,) * len(Outcome),
        risk_slope=1.0,
        risk_bias=0.0,
        base_rate=0.5,
    )


def drivers(names: tuple[str, ...] = FEATURES) -> DriverWeights:
    """Every feature speaks for an escalation, alike."""
    count = len(names)
    return DriverWeights(features=names, center=(0.0,) * count, scale=(1.0,) * count, weights=(1.0,) * count)

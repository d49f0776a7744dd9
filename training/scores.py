"""From held-out logits to the records that the stages read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.models.bundle import OperatingPoints
from pipeline.models.operating import Columns, apply
from pipeline.models.scorer import ACTS, SIGNALS, FloatArray, TextScores


def text_scores(
    logits: Mapping[str, FloatArray], points: OperatingPoints, categories: Sequence[str]
) -> list[TextScores]:
    """Scores of each row, without evidence spans (the conversation head does not read them).

    Args:
        logits: by head, shape (n, outputs), and ``embedding`` (n, width).
        points: operating points.
        categories: names of the categories.
    """
    columns = Columns(len(ACTS), len(categories), len(SIGNALS))
    joined = np.concatenate([logits[head] for head in columns.slices()], axis=1)
    heads = apply(joined, columns, points)
    return [heads.text(i, logits["embedding"][i], (None,) * len(SIGNALS)) for i in range(len(joined))]

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
    return [
        TextScores(
            anger=float(heads.anger[i]),
            frustration=float(heads.frustration[i]),
            polarity=heads.polarity[i],
            signals=heads.signals[i],
            acts=heads.acts[i],
            complaint=float(heads.complaint[i]),
            categories=heads.categories[i],
            anger_any=float(heads.anger_any[i]),
            offensive_any=float(heads.offensive_any[i]),
            embedding=logits["embedding"][i].astype(np.float16),
            evidence=(None,) * len(SIGNALS),
        )
        for i in range(len(joined))
    ]

"""The message scorer on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Encoding, Tokenizer

from pipeline.errors import ModelError
from pipeline.models.bundle import Manifest, read_manifest, verified
from pipeline.models.operating import Columns, apply
from pipeline.models.scorer import ACTS, SIGNALS, FloatArray, TextScores
from pipeline.records import ModelIdentity

SHARE = 0.35
"""Tokens with at least this share of the strongest token's attention belong to a signal's evidence."""
PERHAPS = 0.1
"""Signals from here on get evidence: the conversation may make them certain."""
AT_ONCE = 16
"""Texts of one length that a run takes at a time: more would only make the last thread finish late."""


class OnnxScorer:
    """Scores texts of the same length together; a score never depends on the text's company.

    Texts are not padded, and activations are quantised in steps that were fixed at export.

    Args:
        folder: a model folder (see ``pipeline.models.bundle``).
        threads: texts scored at the same time.

    Raises:
        ModelError: the folder is missing, damaged or not of this version.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.manifest, self.identity = read_manifest(folder)
        _check_names(self.manifest, folder)
        self.categories = self.manifest.categories
        self.width = self.manifest.width
        self._columns = Columns(len(ACTS), len(self.categories), len(SIGNALS))
        self._tokenizer = _tokenizer(folder, self.manifest)
        self._session = _session(folder, self.manifest)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="score") if threads > 1 else None

    manifest: Manifest
    identity: ModelIdentity
    categories: tuple[str, ...]
    width: int

    def score(self, texts: Sequence[str]) -> list[TextScores]:
        """See ``Scorer.score``."""
        encodings = self._tokenizer.encode_batch([_encodable(text) for text in texts])
        groups = groups_of([len(encoding) for encoding in encodings])
        run = map if self._pool is None or len(groups) == 1 else self._pool.map
        found: dict[int, TextScores] = {}
        for group, scores in zip(
            groups, run(lambda g: self._score_group([encodings[i] for i in g]), groups), strict=True
        ):
            found.update(zip(group, scores, strict=True))
        return [found[i] for i in range(len(texts))]

    def raw(self, encodings: Sequence[Encoding]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Logits (n, columns), embeddings (n, width) and evidence (n, tokens, signals) of n texts of the same length."""
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        logits, embeddings, evidence = self._session.run(None, {"ids": ids})
        return logits, embeddings, evidence

    def _score_group(self, encodings: Sequence[Encoding]) -> list[TextScores]:
        logits, embeddings, evidence = self.raw(encodings)
        heads = apply(logits, self._columns, self.manifest.operating_points)
        return [
            heads.text(i, embeddings[i], _spans(heads.signals[i], evidence[i], encoding))
            for i, encoding in enumerate(encodings)
        ]


def groups_of(lengths: Sequence[int]) -> list[list[int]]:
    """Places of like length together, at most ``AT_ONCE`` in a group, the longest first so that no thread ends late."""
    places: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        places.setdefault(length, []).append(place)
    groups = []
    for length in sorted(places, reverse=True):
        same = places[length]
        groups += [same[i : i + AT_ONCE] for i in range(0, len(same), AT_ONCE)]
    return groups


def _spans(signals: FloatArray, evidence: FloatArray, encoding: Encoding) -> tuple[tuple[int, int] | None, ...]:
    found: list[tuple[int, int] | None] = [None] * len(SIGNALS)
    for k in np.flatnonzero(signals >= PERHAPS).tolist():
        found[k] = evidence_span(evidence[:, k], encoding.offsets)
    return tuple(found)


def evidence_span(weights: FloatArray, offsets: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The characters that carry a signal: the token with most attention and its neighbours of like weight.

    Args:
        weights: each token's share in the signal's attention, shape (tokens,).
        offsets: characters of each token; empty for special tokens.

    Returns:
        Start and end in the scored text, or ``None`` where no token speaks for the signal.
    """
    usable = [i for i, (start, end) in enumerate(offsets) if end > start and weights[i] > 0]
    if not usable:
        return None
    best = max(usable, key=lambda i: float(weights[i]))
    floor = SHARE * weights[best]

    def carries(i: int) -> bool:
        return 0 <= i < len(offsets) and offsets[i][1] > offsets[i][0] and bool(weights[i] >= floor)

    first = last = best
    while carries(first - 1) or carries(first - 2):  # one weak token between two strong ones does not part them
        first -= 1
    while carries(last + 1) or carries(last + 2):
        last += 1
    return offsets[first][0], offsets[last][1]


def _encodable(text: str) -> str:
    """Lone surrogates cannot be tokenised; each becomes one replacement character, so that offsets stay."""
    if text.isascii():
        return text
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def _tokenizer(folder: Path, manifest: Manifest) -> Tokenizer:
    data = verified(folder, manifest, "tokenizer.json")
    try:
        tokenizer = Tokenizer.from_buffer(data)
    except Exception as error:  # the library raises nothing more exact
        raise ModelError(f"the tokenizer cannot be loaded ({type(error).__name__})", path=str(folder)) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=manifest.max_tokens)
    return tokenizer


def _session(folder: Path, manifest: Manifest) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The graph is written fused (training.graph); ONNX Runtime's own fusions would make it slower.
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(
            verified(folder, manifest, "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime raises its own unrelated types
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"ONNX Runtime cannot load the model ({type(error).__name__})", path=str(folder)) from error


def _check_names(manifest: Manifest, folder: Path) -> None:
    if manifest.signals != SIGNALS or manifest.acts != ACTS:
        raise ModelError(
            "the model's signals or acts are not this version's",
            path=str(folder),
            fix="export the model again with this version of boilover.",
        )

"""The exported folder is one that the runtime loads, and scores with."""

import numpy as np
from toy_run import Run

from pipeline.models.bundle import read_manifest, verified
from pipeline.models.linear_head import HeadParameters
from pipeline.models.onnx import OnnxScorer
from pipeline.models.scorer import ACTS, SIGNALS
from pipeline.run import build
from training.export import READ_TOKENS


def test_the_manifest_names_and_checks_every_file(run: Run) -> None:
    manifest, identity = read_manifest(run.finished.folder)
    assert (identity.name, identity.version) == ("toy", "7")
    assert (manifest.width, manifest.max_tokens) == (32, READ_TOKENS)
    assert (manifest.signals, manifest.acts, manifest.categories) == (SIGNALS, ACTS, run.place.layout.categories)
    assert manifest.operating_points == run.trained.points
    assert set(manifest.files) == {"model.onnx", "tokenizer.json", "head.json"}
    assert all(verified(run.finished.folder, manifest, name) for name in manifest.files)


def test_the_pipeline_loads_it_and_scores_chats(run: Run) -> None:
    pipeline = build(model=run.finished.folder, threads=1)
    chats = run.place.chats[:8]
    results = [done.assessment.messages for done in pipeline.run_batch(chats)]
    assert [[m.message_id for m in one] for one in results] == [[m.message_id for m in c.messages] for c in chats]
    assert all(0 <= m.risk <= 1 for one in results for m in one)
    assert len({m.anger for one in results for m in one}) > 8


def test_the_scorer_says_what_torch_says(run: Run) -> None:
    scorer = OnnxScorer(run.finished.folder)
    texts = list(run.trained.rows["text"])[:20]
    from tokenizers import Tokenizer

    from training.fit import predict
    from training.scores import text_scores

    words = Tokenizer.from_file(str(run.place.base / "tokenizer.json"))
    logits = predict(run.trained.model, [e.ids[:READ_TOKENS] for e in words.encode_batch(texts)])
    wanted = text_scores(logits, run.trained.points, scorer.categories)
    got = scorer.score(texts)
    assert np.mean([abs(a.anger - b.anger) for a, b in zip(got, wanted, strict=True)]) < 0.03
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a.signals, b.signals, atol=0.05)


def test_the_head_is_written_short_and_whole(run: Run) -> None:
    text = (run.finished.folder / "head.json").read_text(encoding="utf-8")
    written = HeadParameters.model_validate_json(text)
    fitted = HeadParameters.model_validate_json((run.place.out / "head.json").read_text(encoding="utf-8"))
    assert written.features == fitted.features
    np.testing.assert_allclose(written.center, fitted.center, rtol=1e-5)
    assert len(text) < len(fitted.model_dump_json())

"""The exported folder is one that the runtime loads, and scores with."""

from dataclasses import replace

import numpy as np
import torch
from small_head import drivers, points
from tokenizers import Tokenizer
from toy_run import Run

from pipeline.models.bundle import read_manifest, verified
from pipeline.models.context import READ, ContextHead, HeadFile, category_scores
from pipeline.models.drivers import Drivers
from pipeline.models.fake import fake_scores
from pipeline.models.onnx import OnnxScorer
from pipeline.models.operating import level, sigmoid
from pipeline.models.scorer import ACTS, SIGNALS
from pipeline.run import build
from pipeline.stages.features import feature_names
from training.export import READ_TOKENS, context_arrays
from training.fit import predict
from training.joint import hear, joined, read_messages
from training.train import dialogues_of


def test_the_manifest_names_and_checks_every_file(run: Run) -> None:
    manifest, identity = read_manifest(run.finished.folder)
    assert (identity.name, identity.version) == ("toy", "7")
    assert (manifest.width, manifest.max_tokens) == (32, READ_TOKENS)
    assert (manifest.signals, manifest.acts, manifest.categories) == (SIGNALS, ACTS, run.place.layout.categories)
    assert manifest.operating_points == run.trained.points
    assert set(manifest.files) == {"model.onnx", "tokenizer.json", "context.npz", "head.json"}
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
    texts = [m.text for chat in run.place.chats[:4] for m in chat.messages][:20]
    words = Tokenizer.from_file(str(run.place.base / "tokenizer.json"))
    logits = predict(run.trained.model.messages, [e.ids[:READ_TOKENS] for e in words.encode_batch(texts)])
    points = run.trained.points
    got = scorer.score(texts)
    assert np.mean(np.abs([s.anger for s in got] - level(logits["anger"], points.anger))) < 0.03
    np.testing.assert_allclose([s.signals for s in got], sigmoid(logits["signals"] + points.signals), atol=0.05)


def test_the_runtime_head_follows_a_chat_as_torch_does(run: Run) -> None:
    """The same embeddings and logits in both: numbers differ by the half precision of what is kept."""
    tokenizer = Tokenizer.from_file(str(run.place.base / "tokenizer.json"))
    (one,) = dialogues_of(run.place, run.place.part("dev")[:1], tokenizer)
    with torch.inference_mode():
        read = read_messages(run.trained.model.eval(), [one], autocast=False)
        heard = hear(run.trained.model, [one], read)
    categories = run.place.layout.categories
    bias = np.linspace(-1, 1, len(categories), dtype=np.float32)
    head = ContextHead(
        context_arrays(run.trained.model.context), points(), Drivers(drivers()), categories, bias.tolist()
    )
    own, rows = joined(read.logits), {j: row for row, (_, j, _) in enumerate(read.rows)}
    blank = fake_scores(categories=len(categories))
    hidden = b""
    for j, step in enumerate(one.steps):
        role = READ[int(np.argmax(step.about[: len(READ)]))]
        scores = None
        if j in rows:
            embedding = read.embeddings[rows[j]].numpy().astype(np.float16)
            scores = replace(blank, embedding=embedding, logits=own[rows[j]].numpy())
        now = head.hear(hidden, role, tuple(step.about[len(READ) :]), scores)
        wanted = 1 / (1 + np.exp(-float(heard.risk[0, j])))
        assert abs(now.risk - wanted) < 2e-3
        if scores is not None:
            assert now.scores is not None
            corrected = (own[rows[j]] + heard.corrections[0, j]).numpy()
            assert abs(now.scores.anger - level(corrected[None, :3], points().anger)[0]) < 2e-3
        hidden = now.hidden
    customers = [row for j, row in rows.items() if one.steps[j].is_customer]
    peaks = sigmoid(read.logits["categories"][customers].numpy().max(axis=0) + bias)
    said = head.outlook(hidden, read.embeddings[customers].mean(dim=0).numpy(), peaks.tolist())
    wanted = heard.whole["category"][0, len(one.steps) - 1].numpy()
    np.testing.assert_allclose(said.categories, category_scores(wanted, points().category), atol=5e-3)


def test_the_head_is_written_short_and_whole(run: Run) -> None:
    text = (run.finished.folder / "head.json").read_text(encoding="utf-8")
    written = HeadFile.model_validate_json(text)
    assert written.drivers.features == feature_names(run.place.layout.categories)
    assert np.isclose(written.points.base_rate, run.trained.context.base_rate, rtol=1e-5)
    assert any(written.drivers.weights)
    numbers = [*written.drivers.weights, *written.drivers.center, *written.points.signals]
    assert numbers == [float(f"{number:.6g}") for number in numbers]

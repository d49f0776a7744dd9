from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_head import CATEGORIES, FEATURES, WIDTH, drivers, points, weights

from pipeline.errors import ModelError
from pipeline.models.bundle import FileEntry
from pipeline.models.context import ContextHead, HeadFile, category_scores, load_head
from pipeline.models.drivers import Drivers
from pipeline.models.fake import fake_scores
from pipeline.models.operating import CORRECTED
from pipeline.records import Outcome, Role, Stage

MOMENT = (0.1, 0.2, 0.25, 0.3)
NO_WORDS = np.zeros(0, np.float32)
BIAS = (0.5,) * len(CATEGORIES)
PEAKS = tuple(np.linspace(0, 1, len(CATEGORIES)))
numbers = st.floats(-50, 50, width=32)


def head(*, seed: int = 0, **options) -> ContextHead:
    return ContextHead(weights(seed), points(), Drivers(drivers()), CATEGORIES, BIAS, **options)


def scores(seed: int = 0, size: float = 1.0):
    random = np.random.default_rng(seed)
    return replace(
        fake_scores(categories=len(CATEGORIES)),
        embedding=random.normal(size=WIDTH).astype(np.float16),
        logits=(size * random.normal(size=CORRECTED)).astype(np.float32),
    )


@given(st.lists(st.tuples(st.sampled_from([Role.CUSTOMER, Role.AGENT, Role.BOT]), st.integers(0, 9)), max_size=6))
def test_scores_and_risk_stay_in_their_range(messages) -> None:
    hidden = b""
    for role, seed in messages:
        heard = head().hear(hidden, role, MOMENT, None if role is Role.BOT else scores(seed, 40.0))
        assert 0 <= heard.risk <= 1
        assert len(heard.hidden) == 256
        if heard.scores is not None:
            row = np.concatenate([heard.scores.signals, heard.scores.acts, heard.scores.polarity])
            assert ((row >= 0) & (row <= 1)).all()
            assert 0 <= heard.scores.anger <= 1
            assert heard.scores.polarity.sum() == pytest.approx(1, abs=1e-5)
        hidden = heard.hidden


def test_a_message_is_read_in_the_light_of_those_before() -> None:
    alone = head().hear(b"", Role.CUSTOMER, MOMENT, scores(1))
    before = head().hear(b"", Role.CUSTOMER, MOMENT, scores(2))
    after = head().hear(before.hidden, Role.CUSTOMER, MOMENT, scores(1))
    assert alone.scores is not None
    assert after.scores is not None
    assert alone.scores.anger != after.scores.anger
    assert alone.risk != after.risk


def test_a_message_without_text_changes_the_state_but_has_no_scores() -> None:
    heard = head().hear(b"", Role.BOT, MOMENT, None)
    assert heard.scores is None
    assert heard.hidden != b""


@pytest.mark.parametrize(("base_rate", "odds"), [(0.2, 0.25), (0.5, 1.0), (0.8, 4.0)])
def test_another_base_rate_multiplies_the_odds(base_rate, odds) -> None:
    plain, moved = (h.hear(b"", Role.CUSTOMER, MOMENT, scores()).risk for h in (head(), head(base_rate=base_rate)))
    assert (moved / (1 - moved)) / (plain / (1 - plain)) == pytest.approx(odds, rel=1e-4)


@given(st.integers(0, 50))
def test_estimates_about_the_chat_stay_in_their_range(seed) -> None:
    heard = head(seed=seed).hear(b"", Role.CUSTOMER, MOMENT, scores(seed))
    said = head(seed=seed).outlook(
        heard.hidden, np.random.default_rng(seed).normal(size=WIDTH).astype(np.float32), PEAKS
    )
    assert 0 <= said.complaint <= 1
    assert 1 <= said.csat <= 5
    assert ((said.categories >= 0) & (said.categories <= 1)).all()
    assert said.stage in set(Stage)
    assert said.outcome in set(Outcome)


def test_a_conversation_without_messages_has_an_outlook() -> None:
    none, silent = head().outlook(b"", NO_WORDS, ()), head().outlook(b"", NO_WORDS, (0.0,) * len(CATEGORIES))
    assert none.categories.shape == (len(CATEGORIES),)
    assert np.array_equal(none.categories, silent.categories)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5])
def test_a_share_at_the_threshold_scores_a_half_and_order_is_kept(threshold) -> None:
    logits = np.log(np.array([threshold, (1 - threshold) * 0.8, (1 - threshold) * 0.2], np.float32))
    found = category_scores(logits, threshold)
    assert found[0] == pytest.approx(0.5, abs=1e-4)
    assert np.array_equal(np.argsort(found), np.argsort(logits))


def test_scores_of_categories_stay_finite() -> None:
    assert np.isfinite(category_scores(np.array([-500, 0, 500], np.float32), 0.3)).all()


@given(st.lists(numbers, min_size=len(FEATURES), max_size=len(FEATURES)))
def test_shares_are_positive_and_largest_first(values) -> None:
    shares = [share for _, share in head().contributions(np.array(values, np.float32))]
    assert shares == sorted(shares, reverse=True)
    assert all(share > 0 for share in shares)


def test_one_odd_feature_does_not_drown_the_others() -> None:
    far, near = (np.array([0, wait, 0], np.float32) for wait in (1e6, 5.0))
    assert head().contributions(far) == head().contributions(near)


def folder_of(tmp_path, files: dict[str, bytes]):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    entries = {name: FileEntry(sha256=sha256(data).hexdigest(), size=len(data)) for name, data in files.items()}
    return SimpleNamespace(files=entries, categories=CATEGORIES, operating_points=SimpleNamespace(categories=BIAS))


def packed(arrays) -> bytes:
    stream = BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def written() -> bytes:
    return HeadFile(points=points(), drivers=drivers()).model_dump_json().encode()


def test_a_head_is_read_from_its_folder(tmp_path) -> None:
    manifest = folder_of(tmp_path, {"head.json": written(), "context.npz": packed(weights())})
    loaded = load_head(tmp_path, manifest, FEATURES, base_rate=None)
    assert loaded.hear(b"", Role.AGENT, MOMENT, scores()).risk == head().hear(b"", Role.AGENT, MOMENT, scores()).risk


@pytest.mark.parametrize(
    ("data", "arrays", "features", "problem"),
    [
        (written(), packed(weights()), (*FEATURES, "new.one"), "fitted on other features"),
        (written(), packed(weights()), FEATURES[::-1], "fitted on other features"),
        (b"{}", packed(weights()), FEATURES, "not valid"),
        (b"\xff", packed(weights()), FEATURES, "not valid"),
        (written(), b"PK no arrays", FEATURES, "cannot be read"),
        (written(), packed({"read.weight": np.zeros((2, 2), np.float32)}), FEATURES, "does not fit"),
        (written(), packed(weights(categories=len(CATEGORIES) + 1)), FEATURES, "does not fit"),
    ],
)
def test_a_head_of_other_features_or_form_is_refused(tmp_path, data, arrays, features, problem) -> None:
    manifest = folder_of(tmp_path, {"head.json": data, "context.npz": arrays})
    with pytest.raises(ModelError, match=problem):
        load_head(tmp_path, manifest, features, base_rate=None)

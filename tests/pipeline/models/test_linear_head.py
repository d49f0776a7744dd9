import json
from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from pipeline.errors import ModelError
from pipeline.models.bundle import FileEntry
from pipeline.models.linear_head import HeadParameters, LinearHead, category_scores, load_head
from pipeline.records import Outcome, Stage

FEATURES = (
    "anger.last",
    "wait.now",
    "category_max.refund",
    "category_mean.refund",
    "category_max.other",
    "category_mean.other",
)
CATEGORIES = ("refund", "other")
PARAMETERS = {
    "features": FEATURES,
    "center": [0.2, 10, 0, 0, 0, 0],
    "scale": [0.5, 20, 1, 1, 1, 1],
    "risk": {"weights": [[2, 1, 0, 0, 0, 0]], "bias": [-1]},
    "base_rate": 0.5,
    "complaint": {"weights": [[3, 0, 0, 0, 0, 0]], "bias": [0]},
    "category": {"linear": {"weights": [[2, 0, 0], [0, 2, 0]], "bias": [0, 0]}, "threshold": 0.5},
    "stages": ["presale", "complaint"],
    "stage": {"weights": [[-1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]], "bias": [0, 0]},
    "outcomes": ["resolved", "unresolved"],
    "outcome": {"weights": [[0, -1, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]], "bias": [0, 0]},
    "csat": {"weights": [[-2, 0, 0, 0, 0, 0]], "bias": [3]},
}


def head(**options) -> LinearHead:
    return LinearHead(HeadParameters.model_validate_json(json.dumps(PARAMETERS)), CATEGORIES, **options)


def values(anger=0.2, wait=10.0, refund=0.5, other=0.5):
    return np.array([anger, wait, refund, refund, other, other], np.float32)


NO_WORDS = np.zeros(0, np.float32)
vectors = stn.arrays(np.float32, len(FEATURES), elements=st.floats(-1e6, 1e6, width=32))


def test_risk_is_the_logistic_of_the_standardised_features():
    assert head().risk(values()) == pytest.approx(1 / (1 + np.exp(1)))
    assert head().risk(values(anger=0.7)) == pytest.approx(1 / (1 + np.exp(-1)))


@given(vectors)
def test_estimates_stay_in_their_range_whatever_the_features(features):
    estimates = head().outlook(features, features[:3])
    assert 0 < head().risk(features) < 1
    assert 0 <= estimates.complaint <= 1
    assert 1 <= estimates.csat <= 5
    assert ((estimates.categories >= 0) & (estimates.categories <= 1)).all()


@given(vectors)
def test_shares_are_positive_and_largest_first_and_explain_the_risk(features):
    shares = [share for _, share in head().contributions(features)]
    assert shares == sorted(shares, reverse=True)
    assert all(share > 0 for share in shares)
    names = [name for name, _ in head().contributions(features)]
    assert ("anger.last" in names) == bool(features[0] > np.float32(0.2))


def test_one_odd_feature_does_not_drown_the_others():
    assert head().risk(values(wait=1e6)) == head().risk(values(wait=110))


@pytest.mark.parametrize(("base_rate", "odds"), [(0.2, 0.25), (0.5, 1.0), (0.8, 4.0)])
def test_another_base_rate_multiplies_the_odds(base_rate, odds):
    def odds_of(risk):
        return risk / (1 - risk)

    plain, moved = head().risk(values(0.6)), head(base_rate=base_rate).risk(values(0.6))
    assert odds_of(moved) / odds_of(plain) == pytest.approx(odds, rel=1e-5)


def test_the_outlook_follows_its_features():
    angry, calm = (
        head().outlook(values(anger=1, wait=60), np.array([1, 0, 0], np.float32)),
        head().outlook(values(anger=0, wait=0), NO_WORDS),
    )
    assert (angry.stage, angry.outcome) == (Stage.COMPLAINT, Outcome.UNRESOLVED)
    assert (calm.stage, calm.outcome) == (Stage.PRESALE, Outcome.RESOLVED)
    assert angry.csat < calm.csat
    assert angry.categories == pytest.approx([0.8808, 0.1192], abs=1e-4)
    assert calm.categories == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5])
def test_a_share_at_the_threshold_scores_a_half_and_order_is_kept(threshold):
    logits = np.log(np.array([threshold, (1 - threshold) * 0.8, (1 - threshold) * 0.2], np.float32))
    scores = category_scores(logits, threshold)
    assert scores[0] == pytest.approx(0.5, abs=1e-4)
    assert np.array_equal(np.argsort(scores), np.argsort(logits))


def test_scores_of_categories_stay_finite():
    assert np.isfinite(category_scores(np.array([-500, 0, 500], np.float32), 0.3)).all()


def write(folder, data: bytes):
    (folder / "head.json").write_bytes(data)
    entry = FileEntry(sha256=sha256(data).hexdigest(), size=len(data))
    return SimpleNamespace(files={"head.json": entry}, categories=CATEGORIES)


def test_a_head_is_read_from_its_folder(tmp_path):
    manifest = write(tmp_path, json.dumps(PARAMETERS).encode())
    assert load_head(tmp_path, manifest, FEATURES, base_rate=None).risk(values()) == head().risk(values())


@pytest.mark.parametrize(
    ("data", "features", "problem"),
    [
        (json.dumps(PARAMETERS).encode(), (*FEATURES, "new.one"), "fitted on other features"),
        (json.dumps(PARAMETERS).encode(), FEATURES[::-1], "fitted on other features"),
        (b"{}", FEATURES, "not valid"),
        (b"\xff", FEATURES, "not valid"),
    ],
)
def test_a_head_of_other_features_or_form_is_refused(tmp_path, data, features, problem):
    manifest = write(tmp_path, data)
    with pytest.raises(ModelError, match=problem):
        load_head(tmp_path, manifest, features, base_rate=None)

from dataclasses import replace

import numpy as np
import pytest
from chat_builders import CATEGORIES, scored, tracked
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.fake import fake_scores
from pipeline.models.scorer import SIGNALS
from pipeline.records import Role
from pipeline.stages.features import FEATURE_NAMES, embedding, feature_names, features
from pipeline.stages.state import initial


def named(state) -> dict[str, float]:
    return dict(zip(feature_names(CATEGORIES), features(state).tolist(), strict=True))


def test_names_are_unique_and_categories_come_last() -> None:
    names = feature_names(("a", "b"))
    assert len(set(names)) == len(names)
    assert names[: len(FEATURE_NAMES)] == FEATURE_NAMES
    assert names[-4:] == ("category_max.a", "category_max.b", "category_mean.a", "category_mean.b")


@given(
    minutes=st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=6),
    roles=st.lists(st.sampled_from(list(Role)), min_size=6, max_size=6),
    anger=st.floats(0, 1),
)
def test_all_features_are_finite_whatever_the_clock_says(minutes, roles, anger) -> None:
    messages = [
        scored(at, role, "退款48小时内", fake_scores(anger=anger, signals=SIGNALS), minutes=minute)
        for at, (minute, role) in enumerate(zip(minutes, roles, strict=False))
    ]
    values = features(tracked(messages)[-1][0])
    assert values.dtype == np.float32
    assert values.shape == (len(feature_names(CATEGORIES)),)
    assert np.isfinite(values).all()


def test_features_say_what_their_names_say() -> None:
    messages = [
        scored(0, Role.CUSTOMER, "我要退货", fake_scores(anger=0.2, signals=["refund_demand"], category=0), minutes=0),
        scored(1, Role.AGENT, "按合同不能退", fake_scores(acts=["policy", "refusal"]), minutes=5),
        scored(2, Role.CUSTOMER, "我要退货!", fake_scores(anger=0.8, polarity="negative"), minutes=6),
    ]
    now = named(tracked(messages)[-1][0])
    assert now["anger.last"] == pytest.approx(0.8)
    assert now["anger.change"] == pytest.approx(0.6)
    assert now["wait.last_answer"] == pytest.approx(np.log1p(300))
    assert now["act_share.policy"] == 1
    assert now["act.cold_share"] == 2
    assert now["signal_max.refund_demand"] == pytest.approx(0.9)
    assert now["signal_last.refund_demand"] == pytest.approx(0.02)
    assert now["signal.hostile_recent"] == pytest.approx(0.5)
    assert now["repeat.now"] == 1
    assert now["category_max.refund_return"] == pytest.approx(0.9)
    assert now["category_mean.refund_return"] == pytest.approx(0.46)
    assert now["tone_last.negative"] == pytest.approx(0.8)
    assert now["writer.customer"] == 1
    assert now["language.zh"] == 1


def test_agents_messages_do_not_move_the_customers_levels() -> None:
    customer = scored(0, Role.CUSTOMER, "怎么还没到", fake_scores(anger=0.3))
    agent = scored(1, Role.AGENT, "骗子?", fake_scores(anger=1.0, signals=["abuse"]))
    before, after = (named(state) for state, _ in tracked([customer, agent]))
    assert before["anger.peak"] == after["anger.peak"]
    assert after["signal_max.abuse"] == pytest.approx(0.02)


def test_the_embedding_is_the_mean_of_the_customers_messages() -> None:
    def at(value: float, role: Role, place: int):
        return scored(place, role, "x", replace(fake_scores(), embedding=np.full(8, value, np.float16)))

    state = tracked([at(1, Role.CUSTOMER, 0), at(9, Role.AGENT, 1), at(3, Role.CUSTOMER, 2)])[-1][0]
    assert embedding(state).tolist() == [2.0] * 8
    assert embedding(initial("s", "c", "web")).shape == (0,)

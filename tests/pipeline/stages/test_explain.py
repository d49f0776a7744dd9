import pytest
from chat_builders import CATEGORIES, quoting, scored, tracked

from pipeline.models.fake import fake_scores
from pipeline.records import Role
from pipeline.stages.explain import reasons
from pipeline.stages.features import feature_names
from pipeline.stages.state import initial


def calm_state():
    return tracked([scored(0, Role.CUSTOMER, "请问几点发货")])[-1][0]


@pytest.mark.parametrize("feature", feature_names(CATEGORIES))
def test_every_feature_may_drive_an_alert(feature: str) -> None:
    for state in (calm_state(), initial("s", "c", "web")):
        found = reasons(state, [(feature, 1.0)])
        assert len(found) == 1
        assert found[0].weight == 1


def test_what_is_not_true_of_the_chat_is_no_reason() -> None:
    found = reasons(calm_state(), [("signal_max.abuse", 5.0), ("repeat.peak", 2.0)])
    assert {r.signal for r in found} == {"anger"}


def test_shares_of_one_family_add_up_and_the_strongest_comes_first() -> None:
    messages = [
        scored(0, Role.CUSTOMER, "第三次找你们了", quoting(fake_scores(anger=0.3, signals=["repeat_contact"]), 0, 3)),
        scored(1, Role.CUSTOMER, "怎么回事", fake_scores(anger=0.4)),
    ]
    drivers = [("anger.last", 1.0), ("anger.fast", 1.0), ("signal_max.repeat_contact", 1.5)]
    first, second = reasons(tracked(messages)[-1][0], drivers)
    assert (first.signal, first.message_id, first.start) == ("anger", "m1", None)
    assert (second.signal, second.message_id, second.text) == ("repeat_contact", "m0", "第三次")
    assert first.weight > second.weight > 0
    assert first.weight + second.weight <= 1

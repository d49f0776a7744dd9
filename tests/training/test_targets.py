"""Target vectors: every label in its place, silence where nothing is known."""

import numpy as np
import pytest

from pipeline.models.scorer import ACTS, POLARITIES, SIGNALS
from pipeline.records import (
    ActName,
    AgentLabels,
    ConversationLabels,
    CustomerLabels,
    Outcome,
    Polarity,
    SignalName,
    Stage,
)
from training.targets import SINGLE, Layout

LAYOUT = Layout(("refund_return", "logistics", "other"))


def whole(*categories: str) -> ConversationLabels:
    return ConversationLabels(categories, Stage.COMPLAINT, False, None, Outcome.RESOLVED, 3)


def customer(anger: int, *signals: SignalName, categories: tuple[str, ...] = ()) -> dict[str, list[float]]:
    labels = CustomerLabels(anger, 1, Polarity.NEGATIVE, signals)
    vector = LAYOUT.customer(labels, whole(*categories))
    heads = (*SINGLE, "signals", "acts", "categories")
    return {head: vector[LAYOUT.part(head)].tolist() for head in heads}


def test_the_parts_tile_the_vector() -> None:
    taken = [i for head in (*SINGLE, "signals", "acts", "categories") for i in range(LAYOUT.size)[LAYOUT.part(head)]]
    assert taken == list(range(LAYOUT.size))
    with pytest.raises(KeyError):
        LAYOUT.part("sadness")


def test_a_customer_message_has_all_but_acts() -> None:
    found = customer(3, SignalName.ABUSE, categories=("logistics",))
    assert found["anger"] == [3.0]
    assert found["frustration"] == [1.0]
    assert found["polarity"] == [POLARITIES.index("negative")]
    assert [SIGNALS[i] for i, v in enumerate(found["signals"]) if v] == ["abuse"]
    assert found["categories"] == [0.0, 1.0, 0.0]
    assert found["complaint"] == [1.0]
    assert np.isnan(found["acts"]).all()


def test_an_agent_message_has_acts_only() -> None:
    vector = LAYOUT.agent(AgentLabels((ActName.APOLOGY,)))
    assert [ACTS[i] for i, v in enumerate(vector[LAYOUT.part("acts")]) if v] == ["apology"]
    assert np.isnan(np.delete(vector, np.r_[LAYOUT.part("acts")])).all()


@pytest.mark.parametrize(
    ("anger", "signals", "any_anger", "offensive"),
    [
        (0, (), 0.0, 0.0),
        (1, (), np.nan, 0.0),
        (2, (), 1.0, np.nan),
        (3, (SignalName.ABUSE,), 1.0, 1.0),
        (1, (SignalName.ABUSE,), np.nan, 1.0),
    ],
)
def test_the_broad_heads_stay_silent_between_their_classes(
    anger: int, signals: tuple[SignalName, ...], any_anger: float, offensive: float
) -> None:
    found = customer(anger, *signals)
    np.testing.assert_equal(found["anger_any"], [any_anger])
    np.testing.assert_equal(found["offensive_any"], [offensive])

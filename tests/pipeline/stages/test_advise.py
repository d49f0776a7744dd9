import pytest
from chat_builders import scored, tracked

from pipeline.config import SITUATIONS as NAMES
from pipeline.config import load_alert_policy
from pipeline.models.fake import fake_scores
from pipeline.records import Language, Role
from pipeline.stages.advise import SITUATIONS, chat_language, next_step
from pipeline.stages.state import initial

STEPS = load_alert_policy().steps


def state_after(*texts: str, **given):
    return tracked([scored(at, Role.CUSTOMER, text, fake_scores(**given)) for at, text in enumerate(texts)])[-1][0]


def test_configuration_and_code_know_the_same_situations() -> None:
    assert set(SITUATIONS) == set(NAMES)


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({"signals": ["safety_risk", "abuse"]}, "safety"),
        ({"signals": ["legal_threat", "repeat_contact"]}, "mediator"),
        ({"signals": ["repeat_contact", "refund_demand"]}, "own_the_delay"),
        ({"signals": ["refund_demand"]}, "concrete_remedy"),
        ({"anger": 0.6}, "empathise"),
        ({"frustration": 0.6}, "concrete_remedy"),
        ({}, "listen"),
    ],
)
def test_the_most_urgent_situation_decides(given: dict, step: str) -> None:
    assert next_step(state_after("订单的事", **given), 0, STEPS).step_id == step


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (("我要退货",), Language.ZH),
        (("I want a refund",), Language.EN),
        (("这个 order 的 refund 到底什么时候能够到账",), Language.ZH),
        (("please cancel the order 谢谢", "and refund my card today"), Language.EN),
        (("12345",), Language.EN),
    ],
)
def test_the_customers_words_choose_the_language(texts: tuple[str, ...], language: Language) -> None:
    assert chat_language(state_after(*texts)) is language


def test_traditional_writing_is_answered_in_kind() -> None:
    traditional, simplified = state_after("請問這個訂單還沒發貨嗎"), state_after("请问这个订单还没发货吗")
    assert next_step(traditional, 0, STEPS).text == STEPS[-1].text.zh_hant
    assert next_step(simplified, 0, STEPS).text == STEPS[-1].text.zh


def test_a_chat_without_messages_has_a_next_step() -> None:
    assert next_step(initial("s", "c", "web"), 0, STEPS).step_id == "listen"

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import SignalName
from pipeline.signals.repetition import REPEATED, Demands, is_acknowledgement, similarity, sketch


def after(*texts: str) -> Demands:
    demands = Demands()
    for text in texts:
        demands = demands.add(text)
    return demands


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("我要退货", "我要退货!!"),
        ("我要退货", "我说了我要退货"),
        ("退钱", "退钱!!!"),
        ("什么时候发货", "到底什么时候发货啊"),
        ("I want my money back", "I WANT MY MONEY BACK!!!"),
        ("please cancel my subscription today", "I said cancel my subscription"),
        ("我要 refund 那个 order", "refund 那个 order,我要"),
    ],
)
def test_a_demand_made_again_is_noticed(first: str, again: str) -> None:
    demands = after(first, again)
    assert demands.last >= REPEATED
    assert demands.repeats == 1


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("我要退货", "你们几点下班"),
        ("快递到哪里了", "发票怎么开"),
        ("I want my money back", "what are your opening hours"),
        ("订单号 <ORDER>", "电话 <PHONE>"),
    ],
)
def test_another_demand_is_no_repetition(first: str, other: str) -> None:
    assert after(first, other).last < REPEATED


@pytest.mark.parametrize(
    "texts", [("我不要了,钱退回来", "把款项原路返还给我"), ("give me my money back", "issue the chargeback now")]
)
def test_a_paraphrase_counts_by_its_signal(texts: tuple[str, str]) -> None:
    demands = Demands()
    for text in texts:
        demands = demands.add(text, [SignalName.REFUND_DEMAND])
    assert demands.repeats == 1


@pytest.mark.parametrize("text", ["好的", "好的,谢谢!", "嗯嗯", "OK", "Thank you!", "唔該"])
def test_taking_note_twice_is_no_demand(text: str) -> None:
    assert is_acknowledgement(text)
    assert after(text, text).repeats == 0


@pytest.mark.parametrize("text", ["好的?", "好的那什么时候退", "ok so where is it", "", "👍", "12345"])
def test_a_question_or_a_matter_is_no_acknowledgement(text: str) -> None:
    assert not is_acknowledgement(text)


def test_the_demand_is_found_again_behind_others() -> None:
    assert after("我要退货", "订单是上周买的", "快递员态度很差", "我要退货").repeats == 1


@given(texts=st.lists(st.text(max_size=300), max_size=30))
def test_memory_and_scores_are_bounded_for_any_texts(texts: list[str]) -> None:
    demands = after(*texts)
    assert sum(len(kept) for kept in demands.kept) <= 200
    assert 0 <= demands.last <= demands.peak <= 1


@given(a=st.text(), b=st.text())
def test_similarity_is_symmetric_and_one_for_the_same_text(a: str, b: str) -> None:
    assert similarity(sketch(a), sketch(b)) == similarity(sketch(b), sketch(a))
    assert similarity(sketch(a), sketch(a)) == (1.0 if sketch(a) else 0.0)

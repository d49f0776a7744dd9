"""Changes that leave the meaning of a text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.behaviour.changes import INVARIANT, add

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.text("我要退款，。！？ abAB12.,!?", max_size=20),
)
HAN = re.compile("[\u3400-\u9fff]")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("traditional", "发票开错了", "發票開錯了"),
        ("traditional", "where is it", None),
        ("simplified", "發票開錯了", "发票开错了"),
        ("simplified", "发票", None),
        ("full_width", "订单A1好", "订单Ａ１好"),
        ("full_width", "order A1", None),
        ("half_width", "好，谢谢！", "好,谢谢!"),
        ("half_width", "ok!", None),
        ("other_names", "我姓陈，陈女士", "我姓陈，罗女士"),
        ("other_names", "Hi Tom, tomorrow?", "Hi Ben, tomorrow?"),
        ("other_names", "陈旧的椅子", None),
        ("other_numbers", "order 111111 for 1299 pounds", "order 100000 for 1299 pounds"),
        ("other_numbers", "138-0000-1112", "138-0000-1007"),
        ("other_numbers", "打12315", None),
        ("final_stop", "Where is it.", "Where is it"),
        ("final_stop", "还没到", "还没到。"),
        ("final_stop", "no idea", "no idea."),
        ("final_stop", "What!", None),
        ("final_stop", "well...", None),
        ("commas_as_blanks", "好，我等", "好 我等"),
        ("commas_as_blanks", "fine, ok", None),
        ("lower_case", "Where is My order", "where is my order"),
        ("lower_case", "WHERE is it", None),
        ("upper_case", "ok 好", "OK 好"),
        ("neutral_emoji", "到了", "到了 📦"),
        ("neutral_emoji", " ", None),
        ("extra_blanks", "好，我等", "  好， 我等 "),
        ("extra_blanks", "it is 3.5 m", "  it is 3.5 m "),
    ],
)
def test_a_change_does_what_it_says(name, text, expected):
    assert INVARIANT[name](text) == expected


@pytest.mark.parametrize("name", INVARIANT)
@given(text=TEXTS)
def test_a_change_gives_another_text_or_none_and_always_the_same(name, text):
    changed = INVARIANT[name](text)
    assert changed != text
    assert changed != ""
    assert INVARIANT[name](text) == changed


@given(text=TEXTS)
def test_numbers_keep_their_length_and_the_rest_stays(text):
    changed = INVARIANT["other_numbers"](text) or text
    assert re.sub(r"\d", "0", changed) == re.sub(r"\d", "0", text)


@given(text=TEXTS)
def test_widths_blanks_and_stops_change_no_word(text):
    for name in ("half_width", "final_stop", "commas_as_blanks", "extra_blanks"):
        changed = INVARIANT[name](text) or text
        assert [c for c in changed if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize(
    ("text", "sentence", "expected"),
    [
        ("还没到", "谢谢", "还没到，谢谢"),
        ("还没到。", "谢谢", "还没到。谢谢"),
        ("Still nothing", "Thanks", "Still nothing. Thanks"),
        ("Still nothing?", "Thanks", "Still nothing? Thanks"),
        ("到了 ok", "thanks", "到了 ok. thanks"),
    ],
)
def test_a_sentence_is_added_after_a_fitting_mark(text, sentence, expected):
    assert add(text, sentence) == expected


@given(text=TEXTS)
def test_an_addition_keeps_both_parts(text):
    whole = add(text, "多谢")
    assert whole.startswith(text)
    assert whole.endswith("多谢")

from hypothesis import given
from hypothesis import strategies as st

from pipeline.identity import digest

strings = st.text(st.characters(codec=None), max_size=8)


def test_ids_are_the_same_on_every_machine_and_in_every_version():
    assert digest("shop-a", "c-001", "退款") == "f169afe90ff14eec"
    assert digest() == "e4a6a0577479b2b4"


@given(st.lists(strings, max_size=4), st.lists(strings, max_size=4))
def test_different_parts_give_different_ids_borders_included(one, other):
    assert (digest(*one) == digest(*other)) == (one == other)


@given(st.lists(strings, max_size=4))
def test_an_id_is_sixteen_hex_digits_whatever_the_text(parts):
    assert len(digest(*parts)) == 16
    assert set(digest(*parts)) <= set("0123456789abcdef")

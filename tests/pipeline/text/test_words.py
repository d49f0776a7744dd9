import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.lexicon import entries
from pipeline.text.words import snap_to_words, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我要转人工,仅退款", ["我要", "转人工", "仅退款"]),
        ("我要轉人工", ["我要", "轉人工"]),
        ("T恤起球", ["T恤", "起球"]),
        ("don't e-mail me 5G, 3.5% <PHONE>", ["don't", "e-mail", "me", "5G", "3.5%", "<PHONE>"]),
        ("😡!!!", []),
        ("", []),
    ],
)
def test_words_are_those_of_service_chats(text, expected):
    assert [text[start:end] for start, end in words(text)] == expected


def test_the_service_word_list_is_large_and_has_no_doubles():
    listed = entries("zh", "service_words.txt")
    assert len(listed) >= 400
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("我要投诉，你们太差", "诉，", "投诉"),
        ("this is terrible!", "errib", "terrible"),
        ("快退款 ！", "退款 ！", "退款"),
    ],
)
def test_a_span_widens_to_words_and_drops_marks(text, part, expected):
    at = text.index(part)
    start, end = snap_to_words(text, at, at + len(part))
    assert text[start:end] == expected


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("退款投诉 abc,.。！😡1'-<>"), max_size=20), st.integers(-3, 25), st.integers(-3, 25))
def test_a_snapped_span_lies_inside_the_text(text, start, end):
    low, high = snap_to_words(text, start, end)
    assert 0 <= low <= high <= len(text)

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.sentences import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好。在吗？！怎么不回😡快点…行", ["你好。", "在吗？！", "怎么不回😡", "快点…", "行"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        (
            "Hi. Mr. Lee paid $3.50 for No. 5. Ok? e.g. this!",
            ["Hi.", "Mr. Lee paid $3.50 for No. 5.", "Ok?", "e.g. this!"],
        ),
        ("No. I want it.", ["No.", "I want it."]),
        ("他说：“不行。”我走了", ["他说：“不行。”", "我走了"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_readers_pause(text, expected):
    assert [text[start:end] for start, end in sentences(text)] == expected


@given(st.text())
def test_sentences_are_in_order_and_lose_nothing_but_blanks(text):
    found = sentences(text)
    assert all(start < end for start, end in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    kept = "".join(text[start:end] for start, end in found)
    assert "".join(kept.split()) == "".join(text.split())

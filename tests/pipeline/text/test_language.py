import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Language
from pipeline.text.language import detect_language, language_spans

CASES = {
    "zh": ["我要退款", "iPhone 15 坏了", "APP打不开", "订单<ORDER>没到", "[图片] 坏了", "看 https://example.com/a 这里", "ok的", "PS5 好评", "我嘅訂單未到", "Wi-Fi连不上", "SF1234567890 到哪了"],
    "en": ["where is my parcel", "ok", "Hello 李明, your parcel is late", "I'm done!!!", "my <ORDER> is late", "I ordered from 淘宝 last week and it never came"],
    "mixed": ["where is my 订单", "我的order还没arrive", "能不能 cancel", "我已经email你们三次了，没人reply"],
    "und": ["", "123", "👍👍", "!!!", "[图片]", "[image]", "<PHONE>", "https://example.com/a", "こんにちは", "안녕하세요", "Привет", "SF1234567890", "12:30"],
}  # fmt: skip


@pytest.mark.parametrize(("expected", "text"), [(name, text) for name, texts in CASES.items() for text in texts])
def test_language_follows_the_words(expected, text):
    assert detect_language(text).value == expected


@given(st.text())
def test_spans_tile_the_text_in_order(text):
    spans = language_spans(text)
    assert "".join(text[start:end] for start, end, _ in spans) == text
    assert all(start < end for start, end, _ in spans)
    assert [s[0] for s in spans[1:]] == [s[1] for s in spans[:-1]]


def test_spans_change_with_the_script():
    text = "where is my 订单<ORDER>? hurry"
    parts = [(text[start:end], language) for start, end, language in language_spans(text)]
    assert parts == [("where is my ", Language.EN), ("订单<ORDER>? ", Language.ZH), ("hurry", Language.EN)]

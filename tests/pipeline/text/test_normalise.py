import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.normalise import normalise

CASES = [
    # unchanged
    ("你好，我要退款！", "你好，我要退款！"),
    ("Where is my parcel? It's late.", "Where is my parcel? It's late."),
    ("为什么???", "为什么???"),
    ("什么??你再说一遍", "什么??你再说一遍"),
    ("退款(refund)", "退款(refund)"),
    ("订单<ORDER>, call <PHONE>", "订单<ORDER>, call <PHONE>"),
    ("1000000 元", "1000000 元"),
    ("Gráinne Müller, café", "Gráinne Müller, café"),
    # glyphs
    ("ＡＢＣ１２３", "ABC123"),
    ("ＷＨＹ！？", "WHY!?"),
    ("請問幾時發貨", "请问几时发货"),
    ("⼈⼯客服", "人工客服"),
    ("唔該，佢哋話冇貨嘅", "唔该，佢哋话冇货嘅"),
    ("係咪關係戶", "係咪关系户"),
    ("等著，著名品牌", "等着，著名品牌"),
    ("退\u200b款\ue001", "退款"),
    ("\u202a+1\u202c ok", "+1 ok"),
    ("5㎏", "5kg"),
    ("cafe\u0301", "café"),
    # damage
    ("退&nbsp;款<br>快</p>]]>", "退 款 快"),
    ("<![CDATA[hello]]>", "hello"),
    ("a &amp;lt; b", "a < b"),
    ("投??平台", "投平台"),
    ("服\ufffd\ufffd务", "服务"),
    ("你好锟斤拷", "你好"),
    ("業(yè)務(wù)辦理", "业务办理"),
    ("业务(wu)", "业务"),
    ("donâ€™t", "don’t"),
    # elongation
    ("soooooo bad!!!!!!", "sooo bad!!!"),
    ("哈哈哈哈哈哈", "哈哈哈"),
    ("退钱退钱退钱退钱退钱", "退钱退钱退钱"),
    ("。。。。。", "……"),
    ("......", "..."),
    ("😡😡😡😡😡😡", "😡😡😡"),
    # emoji, stickers, media
    ("👍🏽❤️", "👍❤"),
    ("[捂脸][发怒]", "🤦😡"),
    ("[表情:微笑]", "🙂"),
    ("[图片] [Photo] [IMG_0071.jpg]", "[image] [image] [image]"),
    ("[视频 0:12][語音 18秒]", "[video][voice]"),
    ("[随便写的]", "[随便写的]"),
    ("  a \n\n b  ", "a b"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_the_model_reads_one_form(text, expected):
    assert normalise(text).text == expected


@pytest.mark.parametrize(
    ("meant", "wrong", "right"),
    [
        ("我要退款，客服太差了", "latin-1", "utf-8"),
        ("我要投诉你们", "latin-1", "gbk"),
        ("退货", "cp1252", "gbk"),
        ("你好", "gb18030", "utf-8"),
    ],
)
def test_text_read_in_the_wrong_encoding_is_mended(meant, wrong, right):
    assert normalise(meant.encode(right).decode(wrong)).text == meant


def test_half_lost_utf8_read_as_gbk_gives_back_most_of_its_characters():
    damaged = "为什么还不发货".encode().decode("gb18030", "replace")
    assert set(normalise(damaged).text) <= set("为什么还不发货")
    assert len(normalise(damaged).text) >= 5


@pytest.mark.parametrize(
    ("text", "word", "source"),
    [("請<br>退款!!!!!!", "退款", "退款"), ("业(yè)务[捂脸]ok", "ok", "ok"), ("差[捂脸]评", "🤦", "[捂脸]")],
)
def test_every_character_maps_back_to_the_original(text, word, source):
    done = normalise(text)
    at = done.text.index(word)
    start, end = done.span(at, at + len(word))
    assert text[start:end] == source


PIECES = st.sampled_from(
    ["&", "amp;", "lt;", "<", ">", "br", "/", "?", "??", "退", "業", "(yè)", "[", "]", "捂脸", "图片", "!", "。", ".", "…", " ", "\n", "o", "哈", "\u0301", "\u200d", "â€", "™", "鎴戣", "ソ", "<NAME>", "Ａ", "！", "係", "著", "nbsp;", "ha"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(st.characters(), max_size=40), st.lists(PIECES, max_size=14).map("".join)))
def test_normalising_twice_equals_once_for_any_string(text):
    once = normalise(text)
    assert normalise(once.text).text == once.text
    assert once.source_length == len(text)
    if once.text:
        start, end = once.span(0, len(once.text))
        assert 0 <= start <= end <= len(text)


@pytest.mark.parametrize(
    "text", ["\ud800\udfff", "\x00\x01", "\ufffe\uffff", "a" * 100_000, "<" * 5000, "[" * 5000, "&amp;" * 2000]
)
def test_damaged_or_huge_strings_never_raise(text):
    assert isinstance(normalise(text).text, str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("電話<PHONE>，謝謝！", "电话<PHONE>，谢谢！"),  # only glyphs change beside a placeholder
        ("请问<b>退款</b>", "请问 退款"),
        ("好的好的", "好的好的"),
        ("好的好的好的好的", "好的好的好的"),
    ],
)
def test_settled_texts_only_have_their_glyphs_mapped(text: str, expected: str) -> None:
    assert normalise(text).text == expected

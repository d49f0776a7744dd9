from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.html_text import has_marked_quote, html_to_text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>你好，</p><p>我的退款呢？</p>", "你好，\n我的退款呢？"),
        ("<div>Hi there<br>still waiting</div>", "Hi there\nstill waiting"),
        ("a&nbsp;&amp;&nbsp;b &lt;ok&gt;", "a & b <ok>"),
        ("<p>one</p><script>alert('x')</script><style>p{}</style><p>two</p>", "one\ntwo"),
        ("<html><head><title>Mail</title></head><body>body only</body></html>", "body only"),
        ("<html><head><meta charset=utf-8><body>no end of the head</body>", "no end of the head"),
        ('see <img src="x.png"> here', "see [image] here"),
        ("<ul><li>第一</li><li>second</li></ul>", "第一\nsecond"),
        ("I <3 this, 2 < 3 and 5 > 4", "I <3 this, 2 < 3 and 5 > 4"),
        ("mail me <kim@example.com> now", "mail me <kim@example.com> now"),
        ("no markup\nat all", "no markup\nat all"),
        ("<p>a<!-- hidden <b>x</b> -->b</p>", "ab"),
        ("", ""),
    ],
)
def test_words_survive_and_markup_does_not(body, text):
    assert html_to_text(body) == text


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote">On Monday Ana wrote:<blockquote>old words</blockquote></div>',
        '<blockquote type="cite"><div>old words</div></blockquote>',
        '<div class="freshdesk_quote"><blockquote>old words</blockquote></div>',
        '<hr><div id="divRplyFwdMsg">From: Ana</div><div>old words</div>',
    ],
)
def test_marked_quotes_of_earlier_mail_are_left_out(quote):
    body = f"<div>还是不行 / still broken</div>{quote}"
    assert has_marked_quote(body)
    assert html_to_text(body) == "还是不行 / still broken"


def test_text_after_a_closed_quote_stays():
    body = '<p>top</p><div class="gmail_quote"><div>old</div></div><p>bottom</p>'
    assert html_to_text(body) == "top\nbottom"


def test_an_unmarked_blockquote_stays():
    assert "their words" in html_to_text("<p>you wrote</p><blockquote>their words</blockquote>")


@pytest.mark.parametrize("unit", ["<a ", "<!--", "</", "<a '>", "<![x"])
def test_time_grows_with_the_length_only(unit):
    started = process_time()
    html_to_text("<p>" + unit * 20_000)
    assert process_time() - started < 5  # minutes where the parser goes back over the rest at each bracket


def test_a_forwarded_mail_with_nothing_else_is_kept():
    assert html_to_text('<div class="gmail_quote"><p>forwarded words</p></div>') == "forwarded words"


@given(st.text(alphabet=st.sampled_from("<>!/-[]&;#pdivbr \n\"'=a中")) | st.text())
def test_any_text_gives_text(body):
    assert isinstance(html_to_text(body), str)


@given(st.text(alphabet="abc 中文，。!?", min_size=1))
def test_plain_words_lose_only_spaces(text):
    assert html_to_text(f"<p>{text}</p>").split() == text.split()

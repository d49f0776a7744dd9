"""HTML bodies of helpdesk messages as plain text, without the earlier mail that they quote."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

BLOCK_TAGS = (
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 "
    "h5 h6 head header hr html li main nav ol p pre section summary table tbody tfoot thead title tr ul"
)
INLINE_TAGS = (
    "a abbr acronym area audio b base bdi bdo big br button caption cite code col colgroup data del dfn em embed fieldset "
    "font i iframe img input ins kbd label legend link map mark meta noscript o:p object option param picture q rp rt ruby "
    "s samp script select small source span strike strong style sub sup svg td template textarea th time track tt u var "
    "video wbr"
)
SILENT = frozenset(("script", "style", "head", "template", "noscript", "svg"))
VOID_TAGS = "area base br col embed hr img input link meta param source track wbr"
BLOCKS, INLINE, VOID = (frozenset(tags.split()) for tags in (BLOCK_TAGS, INLINE_TAGS, VOID_TAGS))
# Marks that mail programs put around a quoted mail and that nobody types.
QUOTE_CLASSES = frozenset(
    (
        "gmail_quote",
        "gmail_quote_container",
        "yahoo_quoted",
        "freshdesk_quote",
        "protonmail_quote",
        "tutanota_quote",
        "moz-cite-prefix",
        "zmail_extra",
        "intercom_quote",
    )
)
QUOTE_STARTS = frozenset(("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container"))
HUGE = 2_000_000
"""Characters above which tags are only stripped: the parser's time may grow faster than the text."""

# The parser goes back over the rest of the text at each of these, so that its time would grow with the square.
LOOSE_BRACKET = re.compile(r"<(?![^<>]{0,4000}>)")
TAG = re.compile(r"<[^<>]{0,2000}>")
BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr)\b[^<>]{0,200}>", re.IGNORECASE)
SPACES = re.compile(r"[^\S\n]+")
BLANK_LINES = re.compile(r"\n{3,}")


def html_to_text(body: str) -> str:
    """Plain text of an HTML body; a body without markup only has its entities resolved.

    Block elements and ``<br>`` end lines, images stand as ``[image]``, scripts and styles are left out, words
    in angle brackets that are no HTML stay. A quoted earlier mail is left out where a mail program marked it as
    one, unless nothing else is there (a forwarded mail).
    """
    if "<" not in body:
        return _tidy(html.unescape(body))
    if len(body) > HUGE:
        return _stripped(body)
    return _parsed(body, with_quotes=False) or _parsed(body, with_quotes=True)


def has_marked_quote(body: str) -> bool:
    """Whether a body holds a quotation that ``html_to_text`` would leave out."""
    low = body.lower()
    return any(mark in low for mark in (*QUOTE_CLASSES, *QUOTE_STARTS)) or ("<blockquote" in low and "cite" in low)


def _parsed(body: str, *, with_quotes: bool) -> str:
    reader = _TextReader(with_quotes=with_quotes)
    try:
        reader.feed(LOOSE_BRACKET.sub("&lt;", _without_comments(body)))
        reader.close()
    except AssertionError:  # how the parser of the standard library refuses some broken declarations
        return _stripped(body)
    return _tidy("".join(reader.parts))


def _without_comments(body: str) -> str:
    kept, end = list[str](), 0
    while (start := body.find("<!--", end)) >= 0:
        close = body.find("-->", start)
        if close < 0:
            break
        kept.append(body[end:start])
        end = close + len("-->")
    return "".join([*kept, body[end:]])


def _stripped(body: str) -> str:
    return _tidy(html.unescape(TAG.sub("", BREAK.sub("\n", body))))


def _tidy(text: str) -> str:
    lines = [SPACES.sub(" ", line).strip() for line in text.replace("\r\n", "\n").split("\n")]
    return BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


class _TextReader(HTMLParser):
    """Collects text; inside a left-out element it only counts that element's own tag until it closes."""

    def __init__(self, *, with_quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._with_quotes = with_quotes
        self._out_of: str | None = None
        self._depth = 0
        self._preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body" and self._out_of == "head":  # the head was never closed
            self._out_of = None
        if self._out_of is not None:
            self._depth += tag == self._out_of
        elif tag not in BLOCKS and tag not in INLINE:
            self.parts.append(self.get_starttag_text() or "")
        elif tag in SILENT or (not self._with_quotes and _is_quote(tag, dict(attrs))):
            self._leave_out(tag, dict(attrs))
        else:
            self._open(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID or (tag not in BLOCKS and tag not in INLINE):
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._out_of is not None:
            self._depth -= tag == self._out_of
            if self._depth == 0:
                self._out_of = None
        elif tag in BLOCKS:
            self._preformatted -= tag == "pre" and self._preformatted > 0
            self._newline()

    def handle_data(self, data: str) -> None:
        if self._out_of is None:
            self.parts.append(data if self._preformatted else re.sub(r"\s+", " ", data))

    def _open(self, tag: str) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif tag == "img":
            self.parts.append(" [image] ")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag in BLOCKS:
            self._newline()
            self._preformatted += tag == "pre"

    def _newline(self) -> None:
        if self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")

    def _leave_out(self, tag: str, attrs: dict[str, str | None]) -> None:
        starts = (attrs.get("id") or "").lower() in QUOTE_STARTS
        # Outlook marks only where the quoted mail begins: the rest of the body is out (a tag that never closes).
        self._out_of, self._depth = ("" if starts and tag not in SILENT else tag), 1


def _is_quote(tag: str, attrs: dict[str, str | None]) -> bool:
    if tag == "blockquote" and (attrs.get("type") or "").lower() == "cite":
        return True
    classes = set((attrs.get("class") or "").lower().split())
    return bool(classes & QUOTE_CLASSES) or (attrs.get("id") or "").lower() in QUOTE_STARTS

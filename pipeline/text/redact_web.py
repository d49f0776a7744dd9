"""E-mail addresses, links with secrets in them, network addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.text.redact_patterns import MASK, Finding, matches

_EMAIL = re.compile(
    r"[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9._%+'\-]{0,63}(?:@| @ )[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9\-]*[A-Za-z0-9])+"
)
_EMAIL_BRACKETED = re.compile(
    r"[A-Za-z0-9._%+\-]{1,63}\s?[\[(]\s?at\s?[\])]\s?[A-Za-z0-9\-]+(?:\s?(?:\.|[\[(]\s?dot\s?[\])])\s?[A-Za-z]{2,})+",
    re.IGNORECASE,
)
_EMAIL_SPOKEN = re.compile(
    r"\b[A-Za-z0-9._%+\-]{1,63} at [A-Za-z0-9\-]+ dot (?:com|net|org|cn|co|io|edu|gov)(?: dot [a-z]{2})?\b",
    re.IGNORECASE,
)
_AT_SIGN = re.compile(r"[\[(]\s?at\s?[\])]")
_DOTTED = re.compile(r"\.\w")
_CURRENCY = re.compile("[￥$€₤¢]")
_LINK = re.compile(
    rf"(?P<host>(?:https?|ftp)://)(?P<user>[^\s/@<>{MASK}\u3000-\uffef]+@)?(?P<name>[A-Za-z0-9.\-]+(?::\d+)?|\[[0-9A-Fa-f:]+\])(?P<rest>[/?#][^\s<>\"'{MASK}\u3000-\uffef\u2018-\u201d]*)?"
    rf"|(?<![A-Za-z0-9@.\-])(?P<bare>(?:[A-Za-z0-9\-]{{1,63}}\.){{1,5}}(?:com|cn|net|org|io|co|me|hk|tw|sg|uk|au|us|app|shop|link|ly|top|vip|xyz|tb|info|cc|gl|gd))(?P<tail>[/?][^\s<>\"'{MASK}\u3000-\uffef\u2018-\u201d]*)",
    re.IGNORECASE,
)
_APP_LINK = re.compile(
    rf"(?<![A-Za-z])(?!https?:|ftp:)[A-Za-z][A-Za-z0-9+.\-]{{2,20}}://[^\s<>\"'{MASK}\u3000-\uffef]+|[￥$€₤¢](?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{{10,12}}[￥$€₤¢]"
)
_HARMLESS_SEGMENT = re.compile(r"(?:[A-Za-z]{1,20}(?:[\-_][A-Za-z]{1,20}){0,5}(?:\.html?|\.php|\.aspx?)?)?")
_IPV4 = re.compile(
    r"(?<![\d.A-Za-z])(?<![vV] )(?<!version )(?<!版本)(?<!版本号)(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d]|\.\d)"
)
_IPV6 = re.compile(
    r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{1,4}:){4,7}[0-9A-Fa-f]{1,4}(?![0-9A-Fa-f:])|(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{1,4}:){2,6}:(?:[0-9A-Fa-f]{1,4}:?){1,4}(?![0-9A-Fa-f:])"
)


def links(text: str) -> Iterator[Finding]:
    """The secret parts of links (scheme and host stay) and links without a host worth keeping."""
    if "://" in text or ("." in text and _DOTTED.search(text)):
        for m in _LINK.finditer(text):
            yield from _link(m)
    if "://" in text or _CURRENCY.search(text):
        for m in _APP_LINK.finditer(text):
            yield Finding(*m.span(), "<URL>")


def mailboxes(text: str, folded: str) -> Iterator[Finding]:
    """E-mail addresses, also spelled out (anna at example dot com), and network addresses."""
    if "@" in text:
        yield from matches(_EMAIL, text, "<EMAIL>")
    if _AT_SIGN.search(folded):
        yield from matches(_EMAIL_BRACKETED, text, "<EMAIL>")
    if " dot " in folded:
        yield from matches(_EMAIL_SPOKEN, text, "<EMAIL>")
    if text.count(".") >= 3:
        yield from matches(_IPV4, text, "<IP>")
    if text.count(":") >= 3:
        yield from matches(_IPV6, text, "<IP>")


def _link(match: re.Match[str]) -> Iterator[Finding]:
    """The user part and, where it is more than plain words, the path of a link."""
    if match["user"]:
        yield Finding(match.start("user"), match.end("user") - 1, "<TOKEN>")
    group = "rest" if match["host"] else "tail"
    rest = (match[group] or "").rstrip(".,;:!?)]}'\"*")
    if rest and not _is_plain_path(rest):
        start = match.start(group)
        yield Finding(start, start + len(rest), "/<TOKEN>")


def _is_plain_path(path: str) -> bool:
    """Whether a path is words alone, such as ``/help/returns.html``."""
    # Segment by segment: one pattern for the whole path would backtrack without end on long words.
    return path.startswith("/") and all(_HARMLESS_SEGMENT.fullmatch(segment) for segment in path[1:].split("/"))

"""E-mail addresses, links with secrets in them, network addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.text.redact_patterns import MASK, Finding

_EMAILS = (
    re.compile(
        r"[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9._%+'\-]{0,63}(?:@| @ )[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9\-]*[A-Za-z0-9])+"
    ),
    re.compile(
        r"[A-Za-z0-9._%+\-]{1,63}\s?[\[(]\s?at\s?[\])]\s?[A-Za-z0-9\-]+(?:\s?(?:\.|[\[(]\s?dot\s?[\])])\s?[A-Za-z]{2,})+",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b[A-Za-z0-9._%+\-]{1,63} at [A-Za-z0-9\-]+ dot (?:com|net|org|cn|co|io|edu|gov)(?: dot [a-z]{2})?\b",
        re.IGNORECASE,
    ),
)
_LINK = re.compile(
    rf"(?P<host>(?:https?|ftp)://)(?P<user>[^\s/@<>{MASK}\u3000-\uffef]+@)?(?P<name>[A-Za-z0-9.\-]+(?::\d+)?|\[[0-9A-Fa-f:]+\])(?P<rest>[/?#][^\s<>\"'{MASK}\u3000-\uffef\u2018-\u201d]*)?"
    rf"|(?<![A-Za-z0-9@.\-])(?P<bare>(?:[A-Za-z0-9\-]{{1,63}}\.){{1,5}}(?:com|cn|net|org|io|co|me|hk|tw|sg|uk|au|us|app|shop|link|ly|top|vip|xyz|tb|info|cc|gl|gd))(?P<tail>[/?][^\s<>\"'{MASK}\u3000-\uffef\u2018-\u201d]*)",
    re.IGNORECASE,
)
_APP_LINK = re.compile(
    rf"(?<![A-Za-z])(?!https?:|ftp:)[A-Za-z][A-Za-z0-9+.\-]{{2,20}}://[^\s<>\"'{MASK}\u3000-\uffef]+|[￥$€₤¢](?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{{10,12}}[￥$€₤¢]"
)
_HARMLESS_PATH = re.compile(r"/(?:[A-Za-z]{1,20}(?:[\-_][A-Za-z]{1,20}){0,5}(?:\.html?|\.php|\.aspx?)?/?)*")
_IPV4 = re.compile(
    r"(?<![\d.A-Za-z])(?<![vV] )(?<!version )(?<!版本)(?<!版本号)(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d]|\.\d)"
)
_IPV6 = re.compile(
    r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{1,4}:){4,7}[0-9A-Fa-f]{1,4}(?![0-9A-Fa-f:])|(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{1,4}:){2,6}:(?:[0-9A-Fa-f]{1,4}:?){1,4}(?![0-9A-Fa-f:])"
)


def links(text: str) -> Iterator[Finding]:
    """The secret parts of links (scheme and host stay) and links without a host worth keeping."""
    for m in _LINK.finditer(text):
        yield from _link(m)
    for m in _APP_LINK.finditer(text):
        yield Finding(*m.span(), "<URL>")


def mailboxes(text: str) -> Iterator[Finding]:
    """E-mail addresses, also spelled out (anna at example dot com), and network addresses."""
    for pattern in _EMAILS:
        for m in pattern.finditer(text):
            yield Finding(*m.span(), "<EMAIL>")
    for pattern in (_IPV4, _IPV6):
        for m in pattern.finditer(text):
            yield Finding(*m.span(), "<IP>")


def _link(match: re.Match[str]) -> Iterator[Finding]:
    """The user part and, where it is more than plain words, the path of a link."""
    if match["user"]:
        yield Finding(match.start("user"), match.end("user") - 1, "<TOKEN>")
    group = "rest" if match["host"] else "tail"
    rest = (match[group] or "").rstrip(".,;:!?)]}'\"*")
    if rest and not _HARMLESS_PATH.fullmatch(rest):
        start = match.start(group)
        yield Finding(start, start + len(rest), "/<TOKEN>")

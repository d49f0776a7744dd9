"""Role of a speaker's label such as ``客服小美``, ``Agent Tom`` or ``李女士（顾客）``."""

from __future__ import annotations

import re

from pipeline.formats.roles import RoleResolver
from pipeline.records import Role

_BRACKETED = re.compile(r"[(（\[【<]([^)）\]】>]{1,20})[)）\]】>]")
_PARTS = re.compile(r"[\s_\-–—·•|/#@:：,，]+")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_NUMBERED = re.compile(r"\s*(?:no\.?\s*)?\d+\s*号?$", re.IGNORECASE)
_ACCOUNT = re.compile(r"\S*店[:：]\S+")
"""Sub-account of a shop, which is how sellers' clients sign: ``花店旗舰店:小美``."""
_BEFORE_LABEL = re.compile(r"[\s|;；]+(?=[^\s:：|;；]{1,12}[:：])")
_LONGEST_WORD = 6


def speaker_role(resolver: RoleResolver, label: str) -> Role | None:
    """Role that a label states; ``None`` for a bare name.

    The whole label is tried, then a part in brackets, then its words (``Agent Tom``), then a role word
    that a Chinese label begins or ends with (``客服小美``, ``小美客服``).
    """
    label = label.strip()
    for candidate in (label, _NUMBERED.sub("", label), *_BRACKETED.findall(label)):
        if candidate and (role := resolver.from_word(candidate)):
            return role
    if _ACCOUNT.fullmatch(label):
        return Role.AGENT
    words = [w for w in _PARTS.split(_BRACKETED.sub(" ", label)) if w]
    for word in (words[0], words[-1]) if len(words) > 1 else words:
        if len(words) > 1 and (role := resolver.from_word(word)):
            return role
        if _CJK.search(word) and (role := _inside(resolver, word)):
            return role
    return None


def split_by_role(text: str, resolver: RoleResolver) -> list[str]:
    """A chat without line breaks, cut before its labels where every one of them names a role."""
    parts = _BEFORE_LABEL.split(text.strip())
    labels = [re.split("[:：]", part, maxsplit=1)[0] for part in parts]
    return parts if all(speaker_role(resolver, label) for label in labels) else [text]


def _inside(resolver: RoleResolver, word: str) -> Role | None:
    for size in range(min(_LONGEST_WORD, len(word) - 1), 1, -1):
        for part in (word[:size], word[-size:]):
            if role := resolver.from_word(part):
                return role
    return None

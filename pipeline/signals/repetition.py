"""Demands that a customer makes again: the same words, nearly the same, or the same kind of demand.

Each demand is kept as a bottom-k sketch of its shingles (pairs of Chinese characters, stems of
English content words), so that memory does not grow with the chat. Source of the sketch: Broder,
"On the resemblance and containment of documents", 1997.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from pipeline.records import SignalName

REPEATED = 0.6
"""Similarity from which a message counts as the same demand again."""
DEMANDS = (SignalName.REFUND_DEMAND, SignalName.SUPERVISOR_REQUEST)
"""Signals that are demands by themselves: a second one repeats the first, whatever its words."""

_PARAPHRASE = 0.8
_KEPT = 5
_SKETCH = 20
_READ = 600
_TOP = 0xFFFF
_CJK = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECES = re.compile(rf"([{_CJK}]+)|([^\W\d_{_CJK}]+(?:'[^\W\d_]+)?|\d+)")
_ENDING = re.compile(r"(?:ing|ed|es|s)$")
_STOP_TEXT = (
    "a an the i you he she it we they me my your our us is are was were be been am do does did have has had to of for in on "
    "at by with and or but so this that there here please just not i'm it's can could will would said say told tell again today now already still"
)
_STOP = frozenset(_STOP_TEXT.split())
_ACKNOWLEDGEMENT_TEXT = (
    "好 好的 好吧 好啊 好呀 好嘞 好滴 好哒 嗯 嗯嗯 嗯呢 哦 哦哦 噢 行 行吧 行的 可以 可以的 是 是的 对 对的 没 没有 没了 没有了 不是 不用 "
    "不用了 没事 没事了 收到 知道了 明白 明白了 了解 了解了 谢谢 谢谢你 谢谢您 多谢 好的谢谢 好的谢谢您 谢谢再见 再见 拜拜 "
    "得 冇 係 系 明 唔该 唔該 唔使 唔使了 ok okay okey k kk yes yeah yep yup no nope sure fine alright right thanks thankyou thx ty "
    "thankyouverymuch okthanks okaythanks okthankyou gotit isee great cool perfect bye goodbye noted understood"
)
_ACKNOWLEDGEMENTS = frozenset(_ACKNOWLEDGEMENT_TEXT.split())


@dataclass(frozen=True, slots=True)
class Demands:
    """What the customer asked for lately, and how often it was asked again."""

    kept: tuple[bytes, ...] = ()
    """Sketches of the last demands, oldest first."""
    asked: int = 0
    """Bit i is set where signal i of ``DEMANDS`` was seen."""
    last: float = 0.0
    """Similarity of the newest message to the nearest earlier demand, 0 to 1."""
    peak: float = 0.0
    repeats: int = 0
    """Messages at or above ``REPEATED``."""

    def add(self, text: str, signals: Iterable[SignalName] = ()) -> Demands:
        """The demands with one more customer message.

        Args:
            text: normalised text, any length; the first 600 characters are read.
            signals: signals that the message has.
        """
        if is_acknowledgement(text):
            return Demands(self.kept, self.asked, 0.0, self.peak, self.repeats)
        newest = sketch(text)
        asks = sum(1 << DEMANDS.index(name) for name in set(signals) if name in DEMANDS)
        likeness = max((similarity(newest, old) for old in self.kept), default=0.0)
        likeness = round(max(likeness, _PARAPHRASE if asks & self.asked else 0.0), 6)
        kept = (*(old for old in self.kept if old != newest), newest) if newest else self.kept
        return Demands(
            kept=kept[-_KEPT:],
            asked=self.asked | asks,
            last=likeness,
            peak=max(self.peak, likeness),
            repeats=self.repeats + (likeness >= REPEATED),
        )


def is_acknowledgement(text: str) -> bool:
    """Whether a message only takes note (好的, ok, thanks) and so neither asks nor waits for anything."""
    if len(text) > 40:
        return False
    if "?" in text or "？" in text:
        return False
    words = "".join(character for character in text.lower() if character.isalpha())
    return words in _ACKNOWLEDGEMENTS


def sketch(text: str) -> bytes:
    """At most 20 hashes of 16 bits, the smallest of a text's shingles, in rising order; empty without words."""
    hashes = {crc32(shingle.encode("utf-8", "surrogatepass")) >> 16 for shingle in _shingles(_lowered(text[:_READ]))}
    smallest = sorted(hashes)[:_SKETCH]
    return struct.pack(f"<{len(smallest)}H", *smallest)


def similarity(first: bytes, second: bytes) -> float:
    """Likeness of two sketches, 0 to 1: shared shingles among all, or among the smaller where three or more are shared."""
    a, b = _hashes(first), _hashes(second)
    # Below the smaller ceiling both sketches are complete, so counting there is unbiased.
    ceiling = min(_ceiling(a), _ceiling(b))
    a, b = {h for h in a if h <= ceiling}, {h for h in b if h <= ceiling}
    shared = len(a & b)
    if not shared:
        return 0.0
    return max(shared / len(a | b), shared / min(len(a), len(b)) if shared >= 3 else 0.0)


def _shingles(text: str) -> Iterable[str]:
    for match in _PIECES.finditer(text):
        chinese, word = match.group(1), match.group(2)
        if chinese:
            if len(chinese) == 1:
                yield chinese
            for one, two in pairwise(chinese):
                yield one + two
        elif word and word not in _STOP:
            yield _ENDING.sub("", word) if len(word) > 4 else word


def _lowered(text: str) -> str:
    """Lower case, with placeholders such as ``<PHONE>`` taken out: they say nothing about the demand."""
    return re.sub(r"<[A-Z_]+>", " ", text).lower()


def _hashes(packed: bytes) -> set[int]:
    return set(struct.unpack(f"<{len(packed) // 2}H", packed))


def _ceiling(hashes: set[int]) -> int:
    return max(hashes) if len(hashes) >= _SKETCH else _TOP

"""Words of Chinese and English, as ranges of the text.

Chinese by jieba with the project's own list of service words, English by Unicode word rules. Traditional text is
segmented through its simplified form, which has the same length.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pipeline.text.glyphs import simplified
from pipeline.text.lexicon import entries

_HAN = "\u3005\u3007\u3400-\u9fff\U00020000-\U0003ffff"
_WORD = re.compile(
    rf"<[A-Z][A-Z_]*>|[{_HAN}A-Za-z0-9]*[{_HAN}][{_HAN}A-Za-z0-9]*|\d+(?:[.,:]\d+)+%?|[^\W_{_HAN}]+(?:['’\-.&][^\W_{_HAN}]+)*%?"
)
"""A placeholder, a run with Chinese in it (for jieba: T恤, 5G套餐), a number, a word (don't, e-mail, 5G)."""
_ANY_HAN = re.compile(f"[{_HAN}]")
_COUNTED = re.compile(rb"^(\S+) (\d{2,})", re.MULTILINE)
_LEAST_COUNT = 30
"""Rarer words of jieba's list are left out: four fifths of it, and most of the loading time."""
_SERVICE_COUNT = 20000
"""Count given to service words: enough to win over the pieces that jieba would cut them into."""


@cache
def _tokenizer() -> Any:
    """A jieba tokenizer of our own, filled without cache files or logging."""
    import jieba

    tokenizer = jieba.Tokenizer()
    listing = Path(jieba.__file__).with_name("dict.txt").read_bytes()
    counts: dict[str, int] = {
        word.decode(): int(count) for word, count in re.findall(_COUNTED, listing) if int(count) >= _LEAST_COUNT
    }
    counts.update(dict.fromkeys(entries("zh", "service_words.txt"), _SERVICE_COUNT))
    for word in list(counts):
        for end in range(1, len(word)):
            counts.setdefault(word[:end], 0)
    tokenizer.FREQ = counts
    tokenizer.total = sum(counts.values())
    tokenizer.initialized = True
    return tokenizer


def words(text: str) -> list[tuple[int, int]]:
    """Ranges (start, end) of the words in order; marks, emoji and blanks belong to none."""
    return [span for run in _WORD.finditer(simplified(text)) for span in _words_of(run)]


def _words_of(run: re.Match[str]) -> list[tuple[int, int]]:
    if not _ANY_HAN.search(run.group()):
        return [run.span()]
    at = run.start()
    return [(at + start, at + end) for start, end in _pieces(run.group())]


@lru_cache(maxsize=1024)
def _pieces(run: str) -> tuple[tuple[int, int], ...]:
    """Words of a run with Chinese in it; remembered, because several signals often point into the same clause."""
    return tuple((start, end) for _, start, end in _tokenizer().tokenize(run))


def snap_to_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a range to word borders, then drop blanks and marks at its ends.

    Args:
        text: the text that the offsets belong to.
        start: first character, 0 or more; cut to the text.
        end: one past the last; cut to the text.

    Returns:
        A range inside the text that holds whole words; the range as it was (cut) where it touches no word.
    """
    start = min(max(start, 0), len(text))
    end = min(max(end, start), len(text))
    # Only runs that the range touches are segmented: a message is read for a few of its words.
    runs = (run for run in _WORD.finditer(simplified(text)) if run.start() < end and run.end() > start)
    touched = [span for run in runs for span in _words_of(run) if span[0] < end and span[1] > start]
    if not touched:
        return start, end
    return touched[0][0], touched[-1][1]

"""Parts of the chats on which a model may do worse than on their language as a whole: scripts, dialects, varieties, habits.

What belongs to a slice is read off the chat itself: its locale, the characters that the customer writes, its labels. A chat may
belong to several slices; it is compared with all chats of its language, its own slice among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.records import Conversation, CustomerLabels, Role, SignalName
from pipeline.text.glyphs import simplified
from training.compare import Measure, drawn_chats, main_measures
from training.corpora import chat_language
from training.measures import Judged, by_language
from training.tables import Table

LEAST = 15
"""Chats that a slice needs to be measured."""
MEASURES = ("anger.qwk", "anger.auc2", "frustration.qwk", "signals.micro_f1")
DRAWS = 1000
TRADITIONAL = 0.1
"""Share of a customer's Chinese characters with a simplified form from which on they write traditional."""
CANTONESE = 0.02
"""Share of them that only written Cantonese uses."""
UNPUNCTUATED = 0.01
"""Below this share of punctuation among the characters a customer writes (almost) none."""
_HAN = re.compile("[\u3400-\u9fff]")
_CANTONESE = re.compile("[嘅咗喺唔冇嚟哋佢啲嗰咩嘢噉咁畀攞嚿啱嗌揾搵嘥]")
"""Characters of words that Mandarin has other words for."""
_MARKS = re.compile(r"[.,!?;:…。，、！？；：~～]")


def is_traditional(chat: Conversation) -> bool:
    """The customer writes traditional Chinese."""
    han = _HAN.findall(_written(chat))
    changed = sum(bool(simplified(char) != char) for char in han)
    return changed > 0 and changed >= TRADITIONAL * len(han)


def is_cantonese(chat: Conversation) -> bool:
    """The customer writes Cantonese, in whichever script."""
    text = _written(chat)
    found = len(_CANTONESE.findall(text))
    return found > 1 and found >= CANTONESE * len(_HAN.findall(text))


def is_unpunctuated(chat: Conversation) -> bool:
    """The customer writes (almost) no punctuation."""
    text = _written(chat)
    return len(_MARKS.findall(text)) < UNPUNCTUATED * sum(not char.isspace() for char in text)


def is_sarcastic(chat: Conversation) -> bool:
    """A customer message is annotated as sarcasm."""
    labels = chat.labels.messages.values() if chat.labels is not None else ()
    return any(isinstance(label, CustomerLabels) and SignalName.SARCASM in label.signals for label in labels)


def slices_of(chat: Conversation) -> Iterator[str]:
    """Names of the slices that a chat belongs to; varieties of English by their locale."""
    if chat_language(chat) == "en" and chat.locale.startswith("en-"):
        yield chat.locale
    tests = {
        "traditional": is_traditional,
        "Cantonese": is_cantonese,
        "no punctuation": is_unpunctuated,
        "sarcasm": is_sarcastic,
    }
    yield from (name for name, is_in in tests.items() if is_in(chat))


def _written(chat: Conversation) -> str:
    return "\n".join(m.text for m in chat.messages if m.role is Role.CUSTOMER)


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of a slice beside that of its language."""

    value: float
    language: float
    low: float
    high: float
    """Ends of the 95 % interval of ``value``, bootstrap over the slice's chats."""

    @property
    def difference(self) -> float:
        """The slice minus its language."""
        return self.value - self.language

    @property
    def is_certain(self) -> bool:
        """The interval leaves out the language's figure."""
        return not self.low <= self.language <= self.high


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice of one language."""

    name: str
    language: str
    chats: int
    figures: Mapping[str, Figure]
    """By measure; empty where there are fewer than ``LEAST`` chats, without those that the chats cannot give."""


def measure_slices(judged: Sequence[Judged], *, draws: int = DRAWS, seed: int = 0) -> list[Slice]:
    """Figures of every slice, by language, the larger slices first.

    Args:
        judged: scored annotated chats.
        draws: bootstrap draws, of conversations with replacement.
        seed: of the draws.
    """
    languages = by_language(judged, chat_language)
    members: dict[tuple[str, str], list[Judged]] = {}
    for one in judged:
        for name in slices_of(one.conversation):
            members.setdefault((chat_language(one.conversation), name), []).append(one)
    ordered = sorted(members.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1]))
    wholes = {name: _values(group) for name, group in languages.items()}
    return [
        Slice(name, language, len(some), _figures(some, wholes[language], draws, seed) if len(some) >= LEAST else {})
        for (language, name), some in ordered
    ]


def _values(judged: Sequence[Judged]) -> dict[str, float]:
    return {name: _value(of, len(judged)) for name, of in main_measures(judged) if name in MEASURES}


def _value(of: Measure, chats: int) -> float:
    """Of a measure with each chat drawn once."""
    return float(of(np.ones((1, chats)))[0])


def _figures(some: Sequence[Judged], whole: Mapping[str, float], draws: int, seed: int) -> dict[str, Figure]:
    drawn = drawn_chats(len(some), draws, seed)
    found = {}
    for name, of in main_measures(some):
        if name in MEASURES and np.isfinite((value := _value(of, len(some)), whole[name])).all():
            low, high = np.nanquantile(of(drawn), (0.025, 0.975)).tolist()
            found[name] = Figure(value, whole[name], low, high)
    return found


def slices_table(slices: Sequence[Slice]) -> Table:
    """Slice, its language's figure and the difference of each measure; slices that are too small are named below."""
    shown = [one for one in slices if one.figures]
    small = ", ".join(f"{one.name} in {one.language} ({one.chats})" for one in slices if not one.figures)
    notes = [
        "Each cell: the slice, its language as a whole, the difference; * where the 95 % interval of the slice leaves out its language."
    ]
    if small:
        notes.append(f"Fewer than {LEAST} chats: {small}.")
    return Table(
        "slices",
        ("slice", "language", "chats", *MEASURES),
        tuple((s.name, s.language, str(s.chats), *(_cell(s.figures.get(m)) for m in MEASURES)) for s in shown),
        [_numbers(one) for one in slices],
        tuple(notes),
    )


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    mark = "*" if figure.is_certain else ""
    return f"{figure.value:.3f} / {figure.language:.3f} / {figure.difference:+.3f}{mark}"


def _numbers(one: Slice) -> dict[str, object]:
    figures = {
        name: {
            "slice": round(f.value, 4),
            "language": round(f.language, 4),
            "difference": round(f.difference, 4),
            "low": round(f.low, 4),
            "high": round(f.high, 4),
        }
        for name, f in one.figures.items()
    }
    return {"slice": one.name, "language": one.language, "chats": one.chats, "figures": figures}

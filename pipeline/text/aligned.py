"""A text that remembers where each of its characters came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlignedText:
    """A rewritten text with, for every character, the range of the source text that it stands for.

    Offsets are code points. ``starts`` and ``ends`` have one entry a character of ``text``;
    both are ``None`` where the text is the source, unchanged (the common case costs nothing).
    Ranges never decrease, so that any slice of ``text`` maps to one slice of the source.
    """

    text: str
    source_length: int
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    @classmethod
    def unchanged(cls, text: str) -> AlignedText:
        """The identity alignment."""
        return cls(text, len(text))

    @classmethod
    def from_edits(cls, source: str, edits: Iterable[tuple[int, int, str]]) -> AlignedText:
        """Apply replacements ``(start, end, new)`` of ``source``, given in order and without overlap.

        A replacement of the same length maps character by character; any other maps each new
        character to the whole replaced range. ``start == end`` inserts.
        """
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        changed = False
        for start, end, new in edits:
            if start < at or end < start or end > len(source):
                raise ValueError(f"edit ({start}, {end}) overlaps or leaves the text")
            changed = True
            pieces += (source[at:start], new)
            starts.extend(range(at, start))
            ends.extend(range(at + 1, start + 1))
            if len(new) == end - start:
                starts.extend(range(start, end))
                ends.extend(range(start + 1, end + 1))
            else:
                starts.extend([start] * len(new))
                ends.extend([end] * len(new))
            at = end
        if not changed:
            return cls.unchanged(source)
        pieces.append(source[at:])
        starts.extend(range(at, len(source)))
        ends.extend(range(at + 1, len(source) + 1))
        return cls("".join(pieces), len(source), tuple(starts), tuple(ends))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The source range that ``text[start:end]`` stands for; ``0 <= start < end <= len(text)``."""
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"span ({start}, {end}) is not inside a text of {len(self.text)}")
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def then(self, later: AlignedText) -> AlignedText:
        """Compose: ``later`` rewrites ``self.text``; the result maps straight to this one's source."""
        if later.source_length != len(self.text):
            raise ValueError("the second text does not rewrite the first")
        if later.starts is None or later.ends is None:
            return self
        if self.starts is None or self.ends is None:
            return AlignedText(later.text, self.source_length, later.starts, later.ends)
        begins, stops = self.starts, self.ends
        starts: list[int] = []
        ends: list[int] = []
        for start, end in zip(later.starts, later.ends, strict=True):
            if start < end:
                starts.append(begins[start])
                ends.append(stops[end - 1])
            else:  # an insertion stands for the empty range before `start`
                at = begins[start] if start < len(begins) else self.source_length
                starts.append(at)
                ends.append(at)
        return AlignedText(later.text, self.source_length, tuple(starts), tuple(ends))

"""A table of figures as every view of ``boilover evaluate`` gives it: for the terminal, for a block of a Markdown file, for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header; the first column has names."""

    block: str
    """Of a Markdown file, see ``training.card.fill_block``."""
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Each as long as the header."""
    numbers: object
    """The same and more, for JSON."""
    notes: tuple[str, ...] = ()
    """Sentences below."""

    def text(self) -> str:
        """Columns of even width, names to the left, figures to the right."""
        lines = [self.header, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.header))]
        return "\n".join([*(_aligned(line, widths) for line in lines), *self.notes])

    def markdown(self) -> str:
        """A Markdown table, with the notes as a paragraph below."""
        rule = "| " + " | ".join("---" for _ in self.header) + " |"
        header, *rows = (f"| {' | '.join(line)} |" for line in (self.header, *self.rows))
        return "\n".join([header, rule, *rows, *(["", *self.notes] if self.notes else [])])


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures = line
    cells = [name.ljust(widths[0]), *(c.rjust(width) for c, width in zip(figures, widths[1:], strict=True))]
    return "  ".join(cells).rstrip()

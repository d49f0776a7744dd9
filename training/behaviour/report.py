"""Failure rates by kind, capability and language, and examples of what failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.behaviour.judge import Kind, Outcome
from training.behaviour.suite import LANGUAGES

ALL = "all"
EXAMPLES = 3
"""Failing cases that the printed report shows of each kind."""
_WIDTH = 76


@dataclass(frozen=True, slots=True)
class Rate:
    """Failed cases among those that were tried."""

    failed: int
    tried: int

    @property
    def share(self) -> float:
        """0 where nothing was tried."""
        return self.failed / self.tried if self.tried else 0.0


ByLanguage = Mapping[str, Rate]


def by_kind(outcomes: Iterable[Outcome]) -> dict[Kind, ByLanguage]:
    """Rates of each kind by language, and over all."""
    found = list(outcomes)
    return {kind: _by_language([o for o in found if o.kind is kind]) for kind in Kind}


def by_capability(outcomes: Iterable[Outcome]) -> dict[Kind, dict[str, ByLanguage]]:
    """Rates of each capability by language, and over all; capabilities in the suite's order."""
    groups: dict[Kind, dict[str, list[Outcome]]] = {kind: {} for kind in Kind}
    for outcome in outcomes:
        groups[outcome.kind].setdefault(outcome.capability, []).append(outcome)
    return {kind: {name: _by_language(each) for name, each in named.items()} for kind, named in groups.items()}


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything: rates and each failed case with what was found."""
    return {
        "kinds": {kind.value: _rates(rates) for kind, rates in by_kind(outcomes).items()},
        "capabilities": {
            kind.value: {name: _rates(rates) for name, rates in named.items()}
            for kind, named in by_capability(outcomes).items()
        },
        "failures": [
            {"kind": o.kind.value, "capability": o.capability, "language": o.language}
            | {"texts": list(o.texts), "wrong": list(o.wrong)}
            for o in outcomes
            if o.wrong
        ],
    }


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table: failures in percent, a kind a line in bold and its capabilities below."""
    columns = (*LANGUAGES, ALL)
    lines = [f"| failures, % | {' | '.join(columns)} | cases |", "| --- |" + " --- |" * (len(columns) + 1)]
    lines += [f"| {name} | {' | '.join(cells)} | {tried} |" for name, cells, tried in _rows(outcomes, "**{}**")]
    return "\n".join(lines)


def as_table(outcomes: Sequence[Outcome], *, examples: int = EXAMPLES) -> str:
    """A text table of the same, then some failing cases of each kind."""
    columns = (*LANGUAGES, ALL)
    lines = [f"{'failures, %':28}" + "".join(f"{name:>8}" for name in columns) + f"{'cases':>8}"]
    lines += [
        f"{name:28}" + "".join(f"{cell:>8}" for cell in cells) + f"{tried:>8}"
        for name, cells, tried in _rows(outcomes, "{}", indent="  ")
    ]
    return "\n".join([*lines, *_examples(outcomes, examples)])


def _rows(outcomes: Sequence[Outcome], heading: str, indent: str = "") -> list[tuple[str, list[str], int]]:
    kinds, named = by_kind(outcomes), by_capability(outcomes)
    rows = []
    for kind in Kind:
        if kinds[kind][ALL].tried:
            rows.append(_row(heading.format(kind.value), kinds[kind]))
            rows += [_row(indent + name, rates) for name, rates in named[kind].items()]
    return rows


def _row(name: str, rates: ByLanguage) -> tuple[str, list[str], int]:
    shown = [rates[column] for column in (*LANGUAGES, ALL)]
    return name, [f"{100 * rate.share:.1f}" if rate.tried else "–" for rate in shown], rates[ALL].tried


def _examples(outcomes: Iterable[Outcome], count: int) -> list[str]:
    """Failing cases of each kind, of as many capabilities as there may be."""
    lines = []
    failed = [o for o in outcomes if o.wrong]
    for kind in Kind:
        first = {(o.capability, o.language): o for o in reversed(failed) if o.kind is kind}
        chosen = _spread([*reversed(first.values())], count)
        if chosen:
            lines.append(f"\n{kind.value}, for example:")
        for o in chosen:
            lines.append(f"  {o.capability} ({o.language}): {'; '.join(o.wrong)}")
            lines += [f"    {_short(text)}" for text in o.texts]
    return lines


def _spread(items: Sequence[Outcome], count: int) -> list[Outcome]:
    step = max(1, len(items) // count) if count else len(items) + 1
    return list(items[::step][:count])


def _short(text: str) -> str:
    line = text.replace("\n", " / ")
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def _by_language(outcomes: Sequence[Outcome]) -> dict[str, Rate]:
    groups = {language: [o for o in outcomes if o.language == language] for language in LANGUAGES}
    return {
        name: Rate(sum(bool(o.wrong) for o in each), len(each)) for name, each in (groups | {ALL: outcomes}).items()
    }


def _rates(rates: ByLanguage) -> dict[str, dict[str, float]]:
    return {
        name: {"failed": rate.failed, "tried": rate.tried, "rate": round(rate.share, 4)} for name, rate in rates.items()
    }

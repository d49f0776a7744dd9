"""Every error that the project raises on purpose, in one tree.

    BoiloverError                 exit code 2 unless said otherwise
    ├── ConfigError               a configuration file or option is wrong
    ├── InputError                an input cannot be read at all
    │   ├── UnknownFormat         no format claims the input, or the name is unknown
    │   └── BadRecord             one record is unusable: counted and skipped by readers
    ├── UnknownName               a registry has no such entry
    ├── ModelError                a model folder is missing, incomplete or damaged
    └── ServiceUnavailable        a broker, database or server cannot be reached (exit code 3)

A message says where, what, why and what to do next::

    data/samples/shop.csv:208: unknown speaker "kefu". Known: customer, agent, bot.
      Fix: map it with --role kefu=agent.

Texts of chats never stand in an error; a quoted value is at most 40 characters of a
structural field (a date, a role, a column name).
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BoiloverError(Exception):
    """Base of all errors.

    Args:
        problem: what is wrong, one sentence.
        path: file, URL or ``-`` that it was found in.
        line: 1-based line, row or record number in ``path``.
        value: the offending value, shortened by the raiser.
        fix: what the user can do.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        path: str | None = None,
        line: int | None = None,
        value: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.problem, self.path, self.line, self.value, self.fix = problem, path, line, value, fix
        super().__init__(self.describe())

    def describe(self) -> str:
        """``path:line: problem`` with the remedy on a second line."""
        where = "" if self.path is None else f"{self.path}: " if self.line is None else f"{self.path}:{self.line}: "
        remedy = "" if self.fix is None else f"\n  Fix: {self.fix}"
        return f"{where}{self.problem}{remedy}"


class ConfigError(BoiloverError):
    """A configuration file or option is wrong."""


class InputError(BoiloverError):
    """An input cannot be read at all."""


class UnknownFormat(InputError):
    """No format claims the input, or the named format does not exist."""


class BadRecord(InputError):
    """One record of an input is unusable; readers count it and go on."""


class UnknownName(BoiloverError):
    """A registry has no such entry; lists what it has and the nearest name."""

    def __init__(self, kind: str, name: str, known: Iterable[str], **where: str | int | None) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=1)
        path, line = where.get("path"), where.get("line")
        super().__init__(
            f'unknown {kind} "{name[:40]}". Known: {", ".join(names)}.',
            path=path if isinstance(path, str) else None,
            line=line if isinstance(line, int) else None,
            value=name,
            fix=f'did you mean "{near[0]}"?' if near else f"choose a {kind} from the list above.",
        )


class ModelError(BoiloverError):
    """A model folder is missing, incomplete or damaged."""


class ServiceUnavailable(BoiloverError):
    """A broker, database or server cannot be reached."""

    exit_code = 3

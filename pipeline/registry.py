"""Name to part: formats, signals and sinks register here; a miss lists what is known."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Generic, TypeVar

from pipeline.errors import UnknownName

T = TypeVar("T")


class Registry(Generic[T]):
    """Parts of one kind by name.

    Args:
        kind: what an entry is called in messages, e.g. ``"format"``.
        package: package whose modules are imported on first use, so that each can register its part.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._parts: dict[str, T] = {}
        self._loaded = False

    def add(self, name: str, part: T) -> T:
        """Register ``part``; a name is given once."""
        if name in self._parts:
            raise ValueError(f"{self.kind} {name!r} is registered twice")
        self._parts[name] = part
        return part

    def get(self, name: str) -> T:
        """The part of that name; raises ``UnknownName`` with the known names."""
        self._load()
        if name not in self._parts:
            raise UnknownName(self.kind, name, self._parts)
        return self._parts[name]

    def names(self) -> list[str]:
        """All names, sorted."""
        self._load()
        return sorted(self._parts)

    def __iter__(self) -> Iterator[T]:
        self._load()
        return iter([self._parts[name] for name in sorted(self._parts)])

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for module in iter_modules(import_module(self._package).__path__):
            import_module(f"{self._package}.{module.name}")

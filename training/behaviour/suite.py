"""The cases of ``configs/behaviour``: capabilities with seed texts in Chinese, English and both mixed.

A file has up to four lists. ``minimum``: texts with what must be said of them. ``additions``: sentences that are added to the texts of
other capabilities, and where scores must go. ``pairs``: two texts each, and where scores must go from the first to the second.
``chats``: short chats, a line a message (``c:`` customer, ``a:`` agent, ``b:`` bot), with what must be said of the last message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.config_file import load_yaml
from pipeline.errors import ConfigError
from pipeline.resources import resource
from training.behaviour.expect import is_direction, is_expectation

LANGUAGES: tuple[Literal["zh", "en", "mixed"], ...] = ("zh", "en", "mixed")
FLOORS = "floors.yaml"
_ROLES = ("a", "b", "c")

S = TypeVar("S")


def _known(check: Callable[[str], bool]) -> Callable[[str], str]:
    def checked(item: str) -> str:
        if not check(item):
            raise ValueError("nothing that can be expected; see training/behaviour/expect.py")
        return item

    return checked


def _chat(text: str) -> str:
    lines = text.splitlines()
    if not lines or any(line[:3] not in {f"{role}: " for role in _ROLES} for line in lines):
        raise ValueError("a chat's lines begin with 'c: ', 'a: ' or 'b: '")
    return text


Expectation = Annotated[str, AfterValidator(_known(is_expectation))]
Direction = Annotated[str, AfterValidator(_known(is_direction))]
Text = Annotated[str, Field(min_length=1)]
ChatText = Annotated[str, AfterValidator(_chat)]


class Seeds(BaseModel, Generic[S]):
    """A capability with seeds in each language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    capability: str = Field(pattern="^[a-z][a-z0-9_]*$")
    zh: tuple[S, ...] = Field(min_length=1)
    en: tuple[S, ...] = Field(min_length=1)
    mixed: tuple[S, ...] = Field(min_length=1)

    def seeds(self) -> Iterator[tuple[str, S]]:
        """Language and seed, in order."""
        for language in LANGUAGES:
            yield from ((language, seed) for seed in getattr(self, language))


class Minimum(Seeds[Text]):
    """Texts of one speaker with what must be said of each."""

    role: Literal["customer", "agent"] = "customer"
    expect: tuple[Expectation, ...] = Field(min_length=1)

    @property
    def is_calm(self) -> bool:
        """Whether the texts must have no anger."""
        return not {"anger none", "anger low"}.isdisjoint(self.expect)


class Addition(Seeds[Text]):
    """Sentences to add to the texts of other capabilities, each to every so-manieth text."""

    to: tuple[str, ...] = Field(min_length=1)
    expect: tuple[Direction, ...] = Field(min_length=1)


class Pairs(Seeds[tuple[Text, Text]]):
    """Two texts each, and where scores go from the first to the second."""

    expect: tuple[Direction, ...] = Field(min_length=1)


class Chats(Seeds[ChatText]):
    """Short chats, and what must be said of the last message."""

    expect: tuple[Expectation, ...] = Field(min_length=1)


class Suite(BaseModel):
    """All cases, as one or several files have them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum: tuple[Minimum, ...] = ()
    additions: tuple[Addition, ...] = ()
    pairs: tuple[Pairs, ...] = ()
    chats: tuple[Chats, ...] = ()

    def capabilities(self) -> list[str]:
        """Names in order."""
        parts: tuple[tuple[Seeds[Any], ...], ...] = (self.minimum, self.additions, self.pairs, self.chats)
        return [seeds.capability for part in parts for seeds in part]


class Floors(BaseModel):
    """The largest share of cases of each kind that the shipped model may fail, in each language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum: float = Field(ge=0, le=1)
    invariance: float = Field(ge=0, le=1)
    invariance_signals: float = Field(ge=0, le=1)
    direction: float = Field(ge=0, le=1)
    chats: float = Field(ge=0, le=1)


def load_suite(folder: Path | None = None) -> Suite:
    """The cases of every file of a folder (default: the shipped ones).

    Raises:
        ConfigError: a value is wrong, a name is used twice, or an addition names a capability that no file has.
    """
    folder = resource("configs", "behaviour") if folder is None else folder
    files = [load_yaml(Suite, path) for path in sorted(folder.glob("*.yaml")) if path.name != FLOORS]
    suite = Suite(
        minimum=tuple(c for f in files for c in f.minimum),
        additions=tuple(c for f in files for c in f.additions),
        pairs=tuple(c for f in files for c in f.pairs),
        chats=tuple(c for f in files for c in f.chats),
    )
    names = suite.capabilities()
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"capability {twice[0]} is given twice", path=str(folder), fix="keep one.")
    customers = {each.capability for each in suite.minimum if each.role == "customer"}
    if missing := sorted({to for addition in suite.additions for to in addition.to} - customers):
        raise ConfigError(f"no customer capability {missing[0]} to add to", path=str(folder), fix="correct its name.")
    return suite


def load_floors(folder: Path | None = None) -> Floors:
    """The floors that stand beside the cases."""
    return load_yaml(Floors, (resource("configs", "behaviour") if folder is None else folder) / FLOORS)

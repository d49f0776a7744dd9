"""YAML files read into typed models, with errors that cite file, line, key and value."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


def load_yaml(model: type[M], path: Path) -> M:
    """A YAML file as a model.

    Raises:
        ConfigError: the file is missing, no YAML, or a value in it is wrong; with file, line, key and remedy.
    """
    value, lines = _read_yaml(path)
    try:
        return model.model_validate({} if value is None else value)
    except ValidationError as error:
        raise _explained(error, path, lines, model) from error


def _read_yaml(path: Path) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    """A YAML file's value, and the line of each of its nodes by path of keys."""
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8-sig"))
        node = loader.get_single_node()
        lines: dict[tuple[str | int, ...], int] = {}
        if node is None:
            return None, lines
        _note_lines(node, (), lines, path, frozenset())
        return loader.construct_document(node), lines
    except OSError as error:
        raise ConfigError("the file cannot be read", path=str(path), fix="check the path and its rights.") from error
    except UnicodeDecodeError as error:
        raise ConfigError("the file is not UTF-8", path=str(path), fix="save it as UTF-8.") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        problem = getattr(error, "problem", None) or "unreadable value"
        raise ConfigError(
            f"not valid YAML: {problem}", path=str(path), line=line, fix="check indentation and quotes there."
        ) from error


def _note_lines(
    node: yaml.Node,
    keys: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    path: Path,
    above: frozenset[int],
) -> None:
    line = node.start_mark.line + 1
    lines.setdefault(keys, line)
    if id(node) in above:
        raise ConfigError("a value contains itself", path=str(path), line=line, fix="remove the alias.")
    above |= {id(node)}
    if isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            _note_lines(item, (*keys, at), lines, path, above)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*keys, str(key.value))
            if place in lines:
                raise ConfigError(
                    f"{_dotted(place)} is given twice", path=str(path), line=key.start_mark.line + 1, fix="keep one."
                )
            lines[place] = key.start_mark.line + 1
            _note_lines(value, place, lines, path, above)


def _explained(
    error: ValidationError, path: Path, lines: Mapping[tuple[str | int, ...], int], model: type[BaseModel]
) -> ConfigError:
    first = error.errors(include_url=False)[0]
    place = _place(first["loc"], lines, is_missing=first["type"] == "missing")
    line = next((lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines), None)
    key, kind, value = _dotted(place) or "the file", first["type"], first["input"]
    if kind == "extra_forbidden":
        near = get_close_matches(str(place[-1]), _known_keys(model), n=1)
        fix = f'did you mean "{near[0]}"?' if near else "remove the key or correct its name."
        return ConfigError(f"{key} is unknown", path=str(path), line=line, value=str(place[-1]), fix=fix)
    if kind == "missing":
        return ConfigError(f"{key} is missing", path=str(path), line=line, fix="add the key.")
    if kind.startswith("union_tag"):
        where = f"{key}.kind"
        kinds = first.get("ctx", {}).get("expected_tags", "risk, event, silence, promise").replace("'", "")
        return ConfigError(
            f"{where} must be one of {kinds}", path=str(path), line=line, fix="name the kind of the rule."
        )
    problem = first["msg"].removeprefix("Value error, ").replace("Input should", "must")
    shown = "" if isinstance(value, dict | list | tuple | BaseModel) else f" is {value!r:.40}"
    said = f"{key}{shown}, {problem}" if shown else f"{key}: {problem}"
    return ConfigError(said, path=str(path), line=line, value=f"{value!r:.40}", fix=_remedy(kind, value))


def _place(
    loc: tuple[str | int, ...], lines: Mapping[tuple[str | int, ...], int], *, is_missing: bool
) -> tuple[str | int, ...]:
    """The path of keys in the file: pydantic adds the tag of a union's member, which is no key."""
    place: tuple[str | int, ...] = ()
    for at, part in enumerate(loc):
        is_key = (*place, part) in lines or (is_missing and at + 1 == len(loc))
        is_tag = not is_key and part in {"risk", "event", "silence", "promise"}
        place = place if is_tag else (*place, part)
    return place


def _dotted(place: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _remedy(kind: str, value: object) -> str:
    if kind in {"less_than_equal", "less_than"} and isinstance(value, int | float) and 1 < value <= 100:
        return "it is a share between 0 and 1, not a percentage."
    return "correct the value; the shipped file of that name shows what may stand there."


def _known_keys(model: type[BaseModel]) -> list[str]:
    """Names of the fields of a model and of the models inside it."""
    known: list[str] = []
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        known.extend(part.get("properties", {}))
    return known

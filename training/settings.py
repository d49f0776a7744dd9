"""Writes one value into a configuration file and keeps everything else, comments included."""

from __future__ import annotations

from pathlib import Path

import yaml

from pipeline.config import Config, load_config
from pipeline.errors import ConfigError


def set_base_rate(path: Path, rate: float) -> Config:
    """Set ``risk.base_rate`` of a configuration file; the file is made where missing.

    Args:
        path: a YAML file as ``--config`` takes it.
        rate: above 0 and below 1.

    Returns:
        The configuration as it now reads.

    Raises:
        ConfigError: the file is not a sound configuration, or is written so that the place cannot be found; it stays as it was.
    """
    before = load_config(path) if path.exists() else Config()
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    value = f"{rate:g}"
    wanted = before.model_copy(update={"risk": before.risk.model_copy(update={"base_rate": float(value)})})
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(_with_rate(text, value), encoding="utf-8")
        if not _reads_as(partial, wanted):
            raise ConfigError(
                "the place of risk.base_rate cannot be found here",
                path=str(path),
                fix=f"write risk: {{base_rate: {value}}}.",
            )
        partial.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot be written ({error.strerror})", path=str(path), fix="check its rights.") from error
    finally:
        partial.unlink(missing_ok=True)
    return wanted


def _reads_as(path: Path, wanted: Config) -> bool:
    try:
        return load_config(path) == wanted
    except ConfigError:
        return False


def _with_rate(text: str, rate: str) -> str:
    risk = _value(yaml.compose(text, Loader=yaml.SafeLoader), "risk")
    if risk is None:
        end = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{end}risk:\n  base_rate: {rate}\n"
    value = _value(risk, "base_rate")
    if value is not None:
        start, stop = value.start_mark.index, value.end_mark.index
        space = " " if text[start - 1] == ":" else ""
        return text[:start] + space + rate + text[stop:]
    start, stop = risk.start_mark.index, risk.end_mark.index
    return f"{text[:start]}{{base_rate: {rate}}}{text[stop:]}"  # an empty mapping: it has no other key


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value of a key of a mapping."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)

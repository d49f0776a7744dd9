"""Writes single values into configuration files and keeps everything else, comments included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from pipeline.config import AlertRule, Config, RiskRule, load_alert_policy, load_config
from pipeline.errors import ConfigError
from pipeline.records import Language


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
    _replace(
        path,
        _with_rate(text, value),
        lambda partial: load_config(partial) == wanted,
        ConfigError(
            "the place of risk.base_rate cannot be found here",
            path=str(path),
            fix=f"write risk: {{base_rate: {value}}}.",
        ),
    )
    return wanted


def alert_file(config: Path) -> Path:
    """The file of alert rules that a configuration file names.

    Raises:
        ConfigError: the file is not a sound configuration, or names none.
    """
    name = load_config(config).alerts
    if name is None:
        raise ConfigError(
            "names no file of alert rules to write into",
            path=str(config),
            fix="copy configs/alerts.yaml beside it and write alerts: alerts.yaml.",
        )
    return config.parent / name


def set_thresholds(path: Path, thresholds: Mapping[Language, float]) -> tuple[AlertRule, ...]:
    """Set ``thresholds`` of the risk rule of a file of alert rules; languages that are not given lose theirs.

    Args:
        path: a YAML file as ``alerts:`` of a configuration names it; it must have one risk rule.
        thresholds: by language, 0..1.

    Returns:
        The rules as they now read.

    Raises:
        ConfigError: the file is no sound list of rules, does not have one risk rule, that rule rearms above a threshold, or is
            written so that the place cannot be found; it stays as it was.
    """
    rules = load_alert_policy(path).rules
    rule = _risk_rule(rules, path)
    lowest = min(rule.threshold, *thresholds.values())
    if rule.rearm_below > lowest:
        raise ConfigError(
            f"rule {rule.name} has rearm_below {rule.rearm_below:g}, above the threshold {lowest:g}",
            path=str(path),
            fix=f"lower rearm_below to {lowest:g} or less.",
        )
    changed = rule.model_copy(update={"thresholds": dict(thresholds)})
    wanted = tuple(changed if each is rule else each for each in rules)
    value = "{" + ", ".join(f"{language}: {threshold:g}" for language, threshold in thresholds.items()) + "}"
    _replace(
        path,
        _with_thresholds(path.read_text(encoding="utf-8-sig"), rule.name, value),
        lambda partial: load_alert_policy(partial).rules == wanted,
        ConfigError(
            f"the place of thresholds of rule {rule.name} cannot be found here",
            path=str(path),
            fix=f"write thresholds: {value}.",
        ),
    )
    return wanted


def _risk_rule(rules: tuple[AlertRule, ...], path: Path) -> RiskRule:
    found = [rule for rule in rules if isinstance(rule, RiskRule)]
    if len(found) != 1:
        raise ConfigError(
            f"has {len(found)} rules of kind risk, must be 1 for thresholds from a budget",
            path=str(path),
            fix="write them by hand, or keep one risk rule.",
        )
    return found[0]


def _replace(path: Path, text: str, is_as_wanted: Callable[[Path], bool], lost: ConfigError) -> None:
    """Put the text in the file's place in one step, once it reads as wanted; else ``lost`` is raised."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        if not _reads(partial, is_as_wanted):
            raise lost
        partial.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot be written ({error.strerror})", path=str(path), fix="check its rights.") from error
    finally:
        partial.unlink(missing_ok=True)


def _reads(path: Path, is_as_wanted: Callable[[Path], bool]) -> bool:
    try:
        return is_as_wanted(path)
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


def _with_thresholds(text: str, name: str, value: str) -> str:
    """The text with that value in the rule of that name; after its kind where it had none."""
    rules = _value(yaml.compose(text, Loader=yaml.SafeLoader), "rules")
    nodes = rules.value if isinstance(rules, yaml.SequenceNode) else []
    rule = next(node for node in nodes if getattr(_value(node, "name"), "value", None) == name)
    old = next((pair for pair in rule.value if pair[0].value == "thresholds"), None)
    if old is not None:
        key, had = old
        last = had.value[-1][1] if isinstance(had, yaml.MappingNode) and not had.flow_style and had.value else had
        return f"{text[: key.end_mark.index]}: {value}{text[last.end_mark.index :]}"
    kind, risk = next(pair for pair in rule.value if pair[0].value == "kind")
    if rule.flow_style:
        stop = risk.end_mark.index
        return f"{text[:stop]}, thresholds: {value}{text[stop:]}"
    stop = text.find("\n", risk.end_mark.index)
    stop = len(text) if stop < 0 else stop
    return f"{text[:stop]}\n{' ' * kind.start_mark.column}thresholds: {value}{text[stop:]}"


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value of a key of a mapping."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)

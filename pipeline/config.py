"""Configuration: typed models with every default, and YAML files that override them.

Unknown keys are rejected, every number has a range, and an error cites the file and line::

    configs/default.yaml:9: risk.base_rate is 35, must be less than or equal to 1.
      Fix: it is a share between 0 and 1, not a percentage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pipeline.config_file import load_yaml
from pipeline.records import Language, Severity, SignalName
from pipeline.resources import resource

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PLACEHOLDERS = frozenset({"minutes"})
"""What a next step's text may mention: how long the customer has waited."""

SITUATIONS = frozenset(SignalName) | {
    "broken_promise",
    "waiting",
    "bot_loop",
    "repeated_demand",
    "refused",
    "policy",
    "stalled",
    "blamed",
    "angry",
    "frustrated",
    "always",
}
"""What the ``when`` of a next step may name; ``pipeline.stages.advise`` says what each means."""


def _duration(value: object) -> object:
    """``10m`` as a duration; anything else is refused, so that no bare number hides its unit."""
    match = re.fullmatch(r"(\d{1,6})\s*([smhd])", value.strip()) if isinstance(value, str) else None
    if match is None:
        if isinstance(value, timedelta):
            return value
        raise ValueError("must be a number and a unit (s, m, h or d), such as 10m")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SessionConfig(_Strict):
    """How long exports are cut into conversations."""

    gap: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=365))] = timedelta(hours=24)
    """A conversation ends where nothing was said for this long."""


class RuntimeConfig(_Strict):
    """The machine."""

    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    """Threads of the model; all cores where not given."""


class RiskConfig(_Strict):
    """What the risk is calibrated for."""

    base_rate: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    """Share of conversations that escalate at this desk; the model's own where not given."""


class Config(_Strict):
    """Everything that ``configs/default.yaml`` may override."""

    model: str | None = None
    """Folder of the model, or its name in a store (``models:/boilover@champion``); the shipped one where not given."""
    alerts: str | None = None
    """File of alert rules, relative to the configuration file; the shipped one where not given."""
    next_steps: str | None = None
    """File of next steps, relative to the configuration file; the shipped one where not given."""
    sessions: SessionConfig = SessionConfig()
    runtime: RuntimeConfig = RuntimeConfig()
    risk: RiskConfig = RiskConfig()


class SeverityStep(_Strict):
    """A severity from some risk on."""

    risk: Share
    severity: Annotated[Severity, Field(strict=False)]


class _Rule(_Strict):
    name: Name
    severity: Annotated[Severity, Field(strict=False)] = Severity.MEDIUM
    severities: tuple[SeverityStep, ...] = Field(default=(), strict=False)
    """Other severities by risk; the highest step at or below the risk counts."""
    cool_down: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=30))] = timedelta(0)
    """After an alert the rule is silent for this long in the same conversation."""

    def severity_at(self, risk: float) -> Severity:
        """The severity of an alert of this rule at that risk."""
        steps = [step for step in self.severities if step.risk <= risk]
        return max(steps, key=lambda step: step.risk).severity if steps else self.severity


class RiskRule(_Rule):
    """Warns when the risk rises over a threshold, again only after it fell below ``rearm_below``."""

    kind: Literal["risk"]
    threshold: Share = 0.5
    thresholds: Mapping[Annotated[Language, Field(strict=False)], Share] = Field(default_factory=dict)
    """Thresholds of single languages of the chat (``zh``, ``en``)."""
    rearm_below: Share = 0.35

    @model_validator(mode="after")
    def _rearms_below_threshold(self) -> RiskRule:
        if self.rearm_below > min((self.threshold, *self.thresholds.values())):
            raise ValueError("rearm_below must not be above a threshold")
        return self


class EventRule(_Rule):
    """Warns at an escalation event."""

    kind: Literal["event"]


class SilenceRule(_Rule):
    """Warns when the customer waits too long, once a wait."""

    kind: Literal["silence"]
    strained_after: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(days=30))] = timedelta(minutes=10)
    """For a customer with anger or frustration of at least 1."""
    calm_after: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(days=30))] = timedelta(minutes=60)


class PromiseRule(_Rule):
    """Warns when a stated deadline passes and the promise was not kept."""

    kind: Literal["promise"]


AlertRule = Annotated[RiskRule | EventRule | SilenceRule | PromiseRule, Field(discriminator="kind")]


def _with_own_names(rules: tuple[AlertRule, ...]) -> tuple[AlertRule, ...]:
    if len({rule.name for rule in rules}) != len(rules):
        raise ValueError("two rules have the same name")
    return rules


Rules = Annotated[tuple[AlertRule, ...], Field(strict=False), AfterValidator(_with_own_names)]


class StepTexts(_Strict):
    """The words of a next step by language."""

    zh: Annotated[str, Field(min_length=1, max_length=400)]
    zh_hant: Annotated[str, Field(min_length=1, max_length=400)]
    en: Annotated[str, Field(min_length=1, max_length=400)]

    @model_validator(mode="after")
    def _knows_placeholders(self) -> StepTexts:
        for text in (self.zh, self.zh_hant, self.en):
            unknown = set(_PLACEHOLDER.findall(text)) - PLACEHOLDERS
            if unknown:
                raise ValueError(f"placeholders must be among {{{'}, {'.join(sorted(PLACEHOLDERS))}}}")
        return self


class StepRule(_Strict):
    """What to do next in one situation; the first rule of the list that fits is taken."""

    id: Name
    when: tuple[str, ...] = Field(min_length=1, strict=False)
    """Situations, all of which must hold."""
    text: StepTexts

    @field_validator("when")
    @classmethod
    def _knows_situations(cls, when: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(when) - SITUATIONS:
            raise ValueError(f"{min(unknown)[:40]} must be one of {', '.join(sorted(SITUATIONS))}")
        return when


def _end_with_always(steps: tuple[StepRule, ...]) -> tuple[StepRule, ...]:
    if steps[-1].when != ("always",):
        raise ValueError("the last step must have when: [always]")
    return steps


Steps = Annotated[tuple[StepRule, ...], Field(min_length=1, strict=False), AfterValidator(_end_with_always)]


class AlertPolicy(_Strict):
    """When to warn, and what to advise."""

    rules: Rules = ()
    steps: Steps


class Names(_Strict):
    """A name in both languages."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Examples(_Strict):
    """Invented messages of a category."""

    zh: tuple[str, ...] = Field(min_length=1, strict=False)
    en: tuple[str, ...] = Field(min_length=1, strict=False)


class Category(_Strict):
    """One complaint category of the codebook."""

    id: Name
    name: Names
    definition: Names
    examples: Examples


class Categories(_Strict):
    """All complaint categories, in the codebook's order."""

    categories: tuple[Category, ...] = Field(min_length=1, strict=False)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Categories:
        ids = [category.id for category in self.categories]
        if len(set(ids)) != len(ids):
            raise ValueError("ids must differ")
        return self


class _AlertFile(_Strict):
    rules: Rules = ()


class _StepFile(_Strict):
    steps: Steps


def load_config(path: Path | None = None) -> Config:
    """The configuration; the shipped file where no path is given.

    Raises:
        ConfigError: the file is missing, no YAML, or a value in it is wrong.
    """
    return load_yaml(Config, path or resource("configs", "default.yaml"))


def load_alert_policy(path: Path | None = None, *, next_steps: Path | None = None) -> AlertPolicy:
    """Alert rules and next steps; the shipped files where no paths are given.

    Raises:
        ConfigError: as for ``load_config``.
    """
    rules = load_yaml(_AlertFile, path or resource("configs", "alerts.yaml")).rules
    steps = load_yaml(_StepFile, next_steps or resource("configs", "next_steps.yaml")).steps
    return AlertPolicy(rules=rules, steps=steps)


def load_categories(path: Path | None = None) -> tuple[Category, ...]:
    """The complaint categories; the shipped file where no path is given.

    Raises:
        ConfigError: as for ``load_config``.
    """
    return load_yaml(Categories, path or resource("configs", "categories.yaml")).categories

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import Config, load_alert_policy, load_categories, load_config
from pipeline.errors import ConfigError
from pipeline.resources import resource

CODEBOOK = [
    "account_security", "account_access", "payment_billing", "refund_return", "logistics", "product_quality",
    "promotion_advertising", "technical_feature", "content_moderation", "service_quality", "contract_policy",
    "subscription_cancellation", "privacy_harassment", "fraud_scam", "repair_claim", "other",
]  # fmt: skip


def written(folder: Path, text: str) -> Path:
    path = folder / "some.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_file_of_ours_loads() -> None:
    loaders = {
        "default.yaml": load_config,
        "alerts.yaml": load_alert_policy,
        "next_steps.yaml": lambda path: load_alert_policy(next_steps=path),
        "categories.yaml": load_categories,
    }
    for name, load in loaders.items():
        assert load(resource("configs", name)) is not None


def test_the_shipped_file_changes_no_default() -> None:
    assert load_config() == Config()


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "")) == Config()


def test_values_override_defaults(tmp_path: Path) -> None:
    path = written(tmp_path, "sessions:\n  gap: 90m\nruntime: {threads: 2}\nrisk: {base_rate: 0.1}\n")
    config = load_config(path)
    assert (config.sessions.gap, config.runtime.threads, config.risk.base_rate) == (timedelta(minutes=90), 2, 0.1)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("sessions:\n  gap: 1h\nrisk:\n  base_rate: 35\n", 4, "risk.base_rate is 35, must be less than 1"),
        ("risk:\n  base_rate: .nan\n", 2, "risk.base_rate"),
        ("risk:\n  base_rate: yes\n", 2, "risk.base_rate"),
        ("runtime:\n  threads: 0\n", 2, "runtime.threads is 0"),
        ("runtime:\n  threads: '4'\n", 2, "runtime.threads"),
        ("sessions:\n  gap: 24\n", 2, "must be a number and a unit"),
        ("sessions:\n  gap: 0s\n", 2, "sessions.gap"),
        ("# nothing\nsessions: 3\n", 2, "sessions is 3"),
        ("risk: {}\nrsik: {}\n", 2, "rsik is unknown"),
        ("model: a\nmodel: b\n", 2, "model is given twice"),
        ("a: [1\n", None, "not valid YAML"),
        ("- 1\n", 1, "the file"),
        ("x: &a [*a]\n", 1, "contains itself"),
        ("model: \x00\n", None, "not valid YAML"),
    ],
)
def test_an_error_says_where_what_and_what_next(tmp_path: Path, text: str, line: int | None, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert says in str(raised.value)
    assert raised.value.fix
    assert raised.value.path == str(path)
    if line is not None:
        assert raised.value.line == line


def test_a_misspelt_key_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='did you mean "base_rate"'):
        load_config(written(tmp_path, "risk:\n  baserate: 0.1\n"))


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\x00\xd8", b"\x80abc"])
def test_a_file_that_is_not_utf8_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.binary(max_size=60) | st.text("ab:[]{}-&*! \n'\"#|>?,0.~", max_size=40).map(str.encode))
def test_any_bytes_load_or_raise_a_config_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(data)
    with contextlib.suppress(ConfigError):
        assert isinstance(load_config(path), Config)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("rules:\n  - name: a\n    kind: risk\n    threshold: 1.4\n", 4, "rules[0].threshold is 1.4"),
        ("rules:\n  - name: a\n    kind: rsk\n", 2, "rules[0].kind must be one of risk, event, silence, promise"),
        ("rules:\n  - name: a\n", 2, "rules[0].kind"),
        ("rules:\n  - name: a\n    kind: risk\n    threshold: 0.2\n", 2, "rearm_below must not be above"),
        ("rules:\n  - {name: a, kind: event}\n  - {name: a, kind: event}\n", 1, "the same name"),
        ("rules:\n  - name: a\n    kind: event\n    severity: huge\n", 4, "rules[0].severity"),
        (
            "rules:\n  - name: a\n    kind: risk\n    severities: [{severity: high}]\n",
            4,
            "severities[0].risk is missing",
        ),
        ("rules:\n  - name: a\n    kind: risk\n    thresholds: {fr: 0.4}\n", 4, "thresholds"),
        ("rules:\n  - name: A b\n    kind: event\n", 2, "rules[0].name"),
    ],
)
def test_a_wrong_alert_rule_is_explained(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_alert_policy(written(tmp_path, text))
    assert says in str(raised.value)
    assert raised.value.line == line


STEP = "steps:\n  - id: a\n    when: [{when}]\n    text: {{zh: {zh}, zh_hant: b, en: c}}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (STEP.format(when="nowhere", zh="a"), "nowhere must be one of"),
        (STEP.format(when="abuse", zh="a"), "the last step must have when: [always]"),
        (STEP.format(when="always", zh="'{name}'"), "placeholders must be among {minutes}"),
        ("steps: []\n", "steps"),
    ],
)
def test_a_wrong_next_step_is_explained(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_alert_policy(next_steps=written(tmp_path, text))
    assert says in str(raised.value)


def test_categories_are_those_of_the_codebook_in_its_order() -> None:
    categories = load_categories()
    assert [category.id for category in categories] == CODEBOOK
    assert all(len(c.examples.zh) > 1 and len(c.examples.en) > 1 for c in categories)


def test_a_category_is_given_once(tmp_path: Path) -> None:
    text = resource("configs", "categories.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="ids must differ"):
        load_categories(written(tmp_path, text.replace("id: logistics", "id: other")))

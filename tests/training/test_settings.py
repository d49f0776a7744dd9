"""One value is written into a configuration file, and the rest stays as it was, to the letter."""

from pathlib import Path

import pytest

from pipeline.config import RiskRule, load_alert_policy, load_config
from pipeline.errors import ConfigError
from pipeline.records import Language
from training.settings import alert_file, set_base_rate, set_thresholds

CASES = {
    "": "risk:\n  base_rate: 0.02\n",
    "# mine\nruntime: {threads: 2}": "# mine\nruntime: {threads: 2}\nrisk:\n  base_rate: 0.02\n",
    "# mine\n": "# mine\nrisk:\n  base_rate: 0.02\n",
    "risk:\n  base_rate: 0.3 # of last year\nruntime:\n  threads: 2\n": "risk:\n  base_rate: 0.02 # of last year\nruntime:\n  threads: 2\n",
    "risk: {base_rate: 0.3}  # here\n": "risk: {base_rate: 0.02}  # here\n",
    "risk: {}\nmodel: m\n": "risk: {base_rate: 0.02}\nmodel: m\n",
    "risk:\n  base_rate:\nmodel: m\n": "risk:\n  base_rate: 0.02\nmodel: m\n",
}


@pytest.mark.parametrize(("before", "after"), CASES.items(), ids=range(len(CASES)))
def test_only_the_value_changes(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(before, encoding="utf-8")
    kept = load_config(path)
    assert set_base_rate(path, 0.02).risk.base_rate == 0.02
    assert path.read_text(encoding="utf-8") == after
    assert load_config(path) == kept.model_copy(update={"risk": load_config(path).risk})
    set_base_rate(path, 0.02)
    assert path.read_text(encoding="utf-8") == after


def test_a_missing_file_is_made(tmp_path: Path) -> None:
    set_base_rate(tmp_path / "new.yaml", 0.25)
    assert (tmp_path / "new.yaml").read_text(encoding="utf-8") == "risk:\n  base_rate: 0.25\n"


def test_the_shipped_file_can_be_changed(repository: Path, tmp_path: Path) -> None:
    text = (repository / "configs" / "default.yaml").read_text(encoding="utf-8")
    (tmp_path / "d.yaml").write_text(text, encoding="utf-8")
    set_base_rate(tmp_path / "d.yaml", 0.02)
    assert (tmp_path / "d.yaml").read_text(encoding="utf-8").startswith(text)


@pytest.mark.parametrize("text", ["{model: m}\n", "colour: red\n", "- list\n"])
def test_what_cannot_be_changed_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        set_base_rate(path, 0.02)
    assert path.read_text(encoding="utf-8") == text
    assert [p.name for p in tmp_path.iterdir()] == ["c.yaml"]


CHOSEN = {Language.ZH: 0.81, Language.EN: 0.7}
SET = "thresholds: {zh: 0.81, en: 0.7}"
RULES = {
    "# ours\nrules:\n  - name: rising # early\n    kind: risk # here\n    severity: high\n": (
        f"# ours\nrules:\n  - name: rising # early\n    kind: risk # here\n    {SET}\n    severity: high\n"
    ),
    "rules:\n- kind: risk\n  name: rising": f"rules:\n- kind: risk\n  {SET}\n  name: rising",
    "rules: [{name: rising, kind: risk, threshold: 0.9}]\n": (
        f"rules: [{{name: rising, kind: risk, {SET}, threshold: 0.9}}]\n"
    ),
    "rules:\n  - name: rising\n    kind: risk\n    thresholds: {zh: 0.5} # old\n    severity: low\n": (
        f"rules:\n  - name: rising\n    kind: risk\n    {SET} # old\n    severity: low\n"
    ),
    "rules:\n  - name: rising\n    kind: risk\n    thresholds:\n      zh: 0.5\n      en: 0.6\n    severity: low\n": (
        f"rules:\n  - name: rising\n    kind: risk\n    {SET}\n    severity: low\n"
    ),
}


@pytest.mark.parametrize(("before", "after"), RULES.items(), ids=range(len(RULES)))
def test_only_the_thresholds_change(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(before, encoding="utf-8")
    rule = set_thresholds(path, CHOSEN)[0]
    assert isinstance(rule, RiskRule)
    assert rule.thresholds == CHOSEN
    assert path.read_text(encoding="utf-8") == after
    set_thresholds(path, CHOSEN)
    assert path.read_text(encoding="utf-8") == after


def test_the_shipped_rules_can_take_thresholds(repository: Path, tmp_path: Path) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text((repository / "configs" / "alerts.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    others = load_alert_policy(path).rules[1:]
    assert set_thresholds(path, CHOSEN)[1:] == others == load_alert_policy(path).rules[1:]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rules: [{name: e, kind: event}]\n", "0 rules of kind risk"),
        ("rules: [{name: a, kind: risk}, {name: b, kind: risk}]\n", "2 rules of kind risk"),
        (
            "rules: [{name: a, kind: risk, threshold: 0.9, rearm_below: 0.75}]\n",
            "rearm_below 0.75, above the threshold 0.7",
        ),
    ],
)
def test_rules_that_cannot_take_thresholds_stay(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=why):
        set_thresholds(path, CHOSEN)
    assert path.read_text(encoding="utf-8") == text
    assert [p.name for p in tmp_path.iterdir()] == ["a.yaml"]


def test_the_rules_lie_where_the_configuration_says(tmp_path: Path) -> None:
    path = tmp_path / "desk.yaml"
    path.write_text("alerts: rules/ours.yaml\n", encoding="utf-8")
    assert alert_file(path) == tmp_path / "rules" / "ours.yaml"
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="names no file of alert rules"):
        alert_file(path)

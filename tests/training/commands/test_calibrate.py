"""`boilover calibrate` on chats with and without labels."""

import argparse
import json
from pathlib import Path

import pytest
import yaml
from toy_run import Run

from pipeline.config import RiskRule, load_alert_policy
from pipeline.errors import InputError
from training.commands import calibrate


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    calibrate.add_arguments(parser)
    return parser.parse_args(given)


@pytest.fixture
def bare(run: Run, tmp_path: Path) -> Path:
    """The toy's chats without their labels."""
    lines = (run.place.config.chats / "some.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [{key: value for key, value in json.loads(line).items() if key != "labels"} for line in lines]
    (tmp_path / "bare.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path / "bare.jsonl"


def test_annotated_chats_are_counted_and_the_value_is_written(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "desk.yaml"
    config.write_text("# our desk\nrisk:\n  base_rate: 0.5\n", encoding="utf-8")
    given = [str(run.place.config.chats / "some.jsonl"), "--into", str(config)]
    assert calibrate.run(arguments(*given)) == 0
    out = capsys.readouterr().out
    assert out.startswith("# 33.3% (")
    assert "counted from their labels" in out
    assert yaml.safe_load(out) == {"risk": {"base_rate": 0.333}}
    assert config.read_text(encoding="utf-8") == "# our desk\nrisk:\n  base_rate: 0.333\n"


def test_without_labels_it_is_estimated(run: Run, bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reference = str(run.place.config.chats / "some.jsonl")
    given = [str(bare), "--model", str(run.finished.folder), "--reference", reference]
    assert calibrate.run(arguments(*given)) == 0
    out = capsys.readouterr().out
    assert "estimated without labels" in out
    assert 0 < yaml.safe_load(out)["risk"]["base_rate"] < 1


def test_skipped_input_is_told(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (run.place.config.chats / "some.jsonl").read_text(encoding="utf-8")
    (tmp_path / "some.jsonl").write_text(lines + '{"conversation_id": "x", "messages": 3}\n', encoding="utf-8")
    assert calibrate.run(arguments(str(tmp_path / "some.jsonl"))) == 1
    assert "1 skipped" in capsys.readouterr().err


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        calibrate.run(arguments(str(tmp_path / "none.jsonl")))


def test_thresholds_for_a_budget_go_into_the_rules_of_the_configuration(
    run: Run, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules, config = tmp_path / "rules.yaml", tmp_path / "desk.yaml"
    shipped = (repository / "configs" / "alerts.yaml").read_text(encoding="utf-8")
    rules.write_text(shipped.replace("rearm_below: 0.6", "rearm_below: 0"), encoding="utf-8")
    config.write_text("alerts: rules.yaml\n", encoding="utf-8")
    doubled = tmp_path / "reference.jsonl"
    doubled.write_text((run.place.config.chats / "some.jsonl").read_text(encoding="utf-8") * 3, encoding="utf-8")
    given = ["--budget", "10", "--model", str(run.finished.folder), "--reference", str(doubled), "--into", str(config)]
    assert calibrate.run(arguments(*given)) == 0
    told = yaml.safe_load(capsys.readouterr().out)["thresholds"]
    rule = next(rule for rule in load_alert_policy(rules).rules if isinstance(rule, RiskRule))
    assert dict(rule.thresholds) == told
    assert told
    assert config.read_text(encoding="utf-8") == "alerts: rules.yaml\n"


def test_a_budget_takes_no_bare_chats(bare: Path) -> None:
    with pytest.raises(InputError, match="annotated"):
        calibrate.run(arguments(str(bare), "--budget", "5"))


def test_neither_chats_nor_a_budget_is_an_error() -> None:
    with pytest.raises(InputError, match="no chats"):
        calibrate.run(arguments())

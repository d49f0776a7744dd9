"""One value is written into a configuration file, and the rest stays as it was, to the letter."""

from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.errors import ConfigError
from training.settings import set_base_rate

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

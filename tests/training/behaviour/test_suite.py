"""The cases of ``configs/behaviour`` are sound, and unsound ones are explained."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.text.language import detect_language
from training.behaviour.changes import CALM_ONLY, INVARIANT
from training.behaviour.suite import LANGUAGES, Suite, load_floors, load_suite

LEAST_CAPABILITIES, LEAST_SEEDS = 25, 8
GRAVE = ("safety_risk", "legal_threat", "regulator_threat")
MOBILE = re.compile(r"1[3-9]\d[- ]?\d{4}[- ]?\d{4}")


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load_suite()


def seeds(suite: Suite) -> list[tuple[str, str, object]]:
    parts = (*suite.minimum, *suite.additions, *suite.pairs, *suite.chats)
    return [(each.capability, language, seed) for each in parts for language, seed in each.seeds()]


def test_there_are_enough_capabilities_and_seeds_in_every_language(suite):
    assert len(suite.capabilities()) >= LEAST_CAPABILITIES
    counts = Counter((name, language) for name, language, _ in seeds(suite))
    assert len(counts) == len(suite.capabilities()) * len(LANGUAGES)
    assert {key: count for key, count in counts.items() if count < LEAST_SEEDS} == {}


def test_no_seed_is_given_twice(suite):
    counts = Counter(seed for _, _, seed in seeds(suite))
    assert [seed for seed, count in counts.items() if count > 1] == []


def test_texts_are_of_the_language_that_they_stand_under(suite):
    texts = [(language, text) for each in suite.minimum for language, text in each.seeds()]
    foreign = {"zh": r"[A-Za-z]{6,}", "en": "[\u3400-\u9fff]"}
    assert [text for language, text in texts if language in foreign and re.search(foreign[language], text)] == []
    assert all(detect_language(text) != "und" for _, text in texts)
    mixed = [text for language, text in texts if language == "mixed"]
    assert [t for t in mixed if not (re.search("[A-Za-z]", t) and re.search("[\u3400-\u9fff]", t))] == []


def test_grave_signals_have_texts_and_look_alikes(suite):
    expected = {item for each in suite.minimum for item in each.expect}
    assert {f"{no}signal {name}" for name in GRAVE for no in ("", "no ")} <= expected


def test_every_rule_of_escalation_has_chats_and_so_has_their_absence(suite):
    expected = {item for each in suite.chats for item in each.expect}
    assert {"no event", *(f"event E{number}" for number in range(1, 6))} <= expected


def test_every_change_applies_in_every_language_that_it_can(suite):
    spoken = [each for each in suite.minimum if each.role == "customer"]
    for name, change in INVARIANT.items():
        calm = [each for each in spoken if name not in CALM_ONLY or each.is_calm]
        applied = Counter(language for each in calm for language, text in each.seeds() if change(text) is not None)
        assert sum(applied.values()) >= LEAST_SEEDS, name
    names = next(each for each in spoken if each.capability == "names_and_numbers")
    for language, text in names.seeds():
        assert INVARIANT["other_names"](text) or INVARIANT["other_numbers"](text), (language, text)


def test_telephone_numbers_are_of_the_invented_range():
    texts = [path.read_text(encoding="utf-8") for path in folder().glob("*.yaml")]
    assert all(number.startswith("138-0000-") for text in texts for number in MOBILE.findall(text))


def folder() -> Path:
    from pipeline.resources import resource

    return resource("configs", "behaviour")


def test_the_floors_can_be_read():
    assert all(0 <= share <= 1 for share in load_floors().model_dump().values())


MINIMUM = "minimum:\n  - capability: a\n    expect: [{expect}]\n    zh: [好]\n    en: [ok]\n    mixed: [ok 好]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MINIMUM.format(expect="anger hot"), "minimum[0].expect[0]"),
        (MINIMUM.format(expect="anger low") * 1 + "    role: bot\n", "role"),
        (MINIMUM.format(expect="anger low").replace("zh: [好]", "zh: []"), "minimum[0].zh"),
        (MINIMUM.format(expect="no event").replace("minimum", "chats"), "chats[0].zh[0]"),
        (MINIMUM.format(expect="raises anger").replace("minimum", "additions"), "additions[0].to"),
        (MINIMUM.format(expect="anger low") + "additional: []\n", "additional is unknown"),
    ],
)
def test_an_unsound_file_is_explained(tmp_path, text, says):
    (tmp_path / "some.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_suite(tmp_path)
    assert says in str(raised.value)


def test_a_capability_is_given_once_over_all_files(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(MINIMUM.format(expect="anger low"), encoding="utf-8")
    with pytest.raises(ConfigError, match="a is given twice"):
        load_suite(tmp_path)


def test_an_addition_names_capabilities_that_there_are(tmp_path):
    text = MINIMUM.format(expect="raises anger").replace("minimum", "additions") + "    to: [nowhere]\n"
    (tmp_path / "some.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="no customer capability nowhere"):
        load_suite(tmp_path)

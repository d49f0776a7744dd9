"""How failure rates are counted and shown."""

import json

from training.behaviour.judge import Kind, Outcome
from training.behaviour.report import ALL, Rate, as_json, as_markdown, as_table, by_capability, by_kind

OUTCOMES = [
    Outcome(Kind.MINIMUM, "abuse", "zh", ("骗子",), ("anger high: 0.20",)),
    Outcome(Kind.MINIMUM, "abuse", "zh", ("废物",)),
    Outcome(Kind.MINIMUM, "thanks", "en", ("Thanks",)),
    Outcome(Kind.DIRECTION, "insult_added", "en", ("Hi", "Hi. Idiots"), ("raises anger: 0.20 → 0.20",)),
]


def test_rates_are_counted_by_kind_capability_and_language():
    kinds = by_kind(OUTCOMES)
    assert kinds[Kind.MINIMUM]["zh"] == Rate(1, 2)
    assert kinds[Kind.MINIMUM][ALL] == Rate(1, 3)
    assert kinds[Kind.CHATS][ALL].share == 0
    assert by_capability(OUTCOMES)[Kind.MINIMUM]["thanks"]["en"] == Rate(0, 1)


def test_the_table_shows_percent_and_what_was_not_tried():
    rows = {line.split()[0]: line.split()[1:] for line in as_table(OUTCOMES, examples=0).splitlines()}
    assert rows["minimum"] == ["50.0", "0.0", "–", "33.3", "3"]
    assert rows["abuse"] == ["50.0", "–", "–", "50.0", "2"]
    assert "chats" not in rows


def test_the_table_shows_some_failing_cases():
    shown = as_table(OUTCOMES)
    assert "  insult_added (en): raises anger: 0.20 → 0.20\n    Hi\n    Hi. Idiots" in shown
    assert "废物" not in shown
    assert "骗子" not in as_table(OUTCOMES, examples=0)


def test_long_texts_and_chats_are_shown_on_one_line():
    outcome = Outcome(Kind.CHATS, "row", "en", ("c: hi\n" + "c: long " * 30,), ("no event: event E4",))
    (line,) = [line for line in as_table([outcome]).splitlines() if "c: hi" in line]
    assert line.startswith("    c: hi / c: long")
    assert line.endswith("…")


def test_markdown_has_a_row_for_each_capability():
    lines = as_markdown(OUTCOMES).splitlines()
    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|")
    assert "| **minimum** | 50.0 | 0.0 | – | 33.3 | 3 |" in lines
    assert "| insult_added | – | 100.0 | – | 100.0 | 1 |" in lines


def test_json_has_all_rates_and_failures():
    found = json.loads(json.dumps(as_json(OUTCOMES)))
    assert found["kinds"]["minimum"]["all"] == {"failed": 1, "tried": 3, "rate": 0.3333}
    assert found["capabilities"]["direction"]["insult_added"]["en"]["rate"] == 1
    assert [failure["texts"] for failure in found["failures"]] == [["骗子"], ["Hi", "Hi. Idiots"]]

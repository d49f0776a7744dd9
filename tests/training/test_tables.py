"""One table, three ways to show it."""

from training.tables import Table

TABLE = Table(
    "figures", ("name", "value"), (("anger", "0.5"), ("a longer name", "12.25")), {"anger": 0.5}, ("A note.",)
)


def test_columns_are_even_and_figures_to_the_right() -> None:
    assert TABLE.text().splitlines() == [
        "name           value",
        "anger            0.5",
        "a longer name  12.25",
        "A note.",
    ]


def test_markdown_has_a_rule_and_the_notes_below() -> None:
    lines = TABLE.markdown().splitlines()
    assert lines[:3] == ["| name | value |", "| --- | --- |", "| anger | 0.5 |"]
    assert lines[-2:] == ["", "A note."]
    assert Table("b", ("name",), (), None).markdown().splitlines() == ["| name |", "| --- |"]

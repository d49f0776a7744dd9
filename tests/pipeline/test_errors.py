import pytest

from pipeline import errors
from pipeline.errors import BadRecord, BoiloverError, ServiceUnavailable, UnknownName


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, "no such thing"),
        ({"path": "a.csv"}, "a.csv: no such thing"),
        ({"path": "a.csv", "line": 7}, "a.csv:7: no such thing"),
        ({"path": "a.csv", "line": 7, "fix": "look again."}, "a.csv:7: no such thing\n  Fix: look again."),
    ],
)
def test_an_error_says_where_what_and_what_to_do(where, expected):
    assert str(BoiloverError("no such thing", **where)) == expected


def test_the_offending_value_is_kept_apart_from_the_message():
    error = BadRecord("unknown role", value="kefu")
    assert error.value == "kefu"
    assert "kefu" not in str(error)


@pytest.mark.parametrize(
    ("name", "advice"), [("whatsap", 'did you mean "whatsapp"?'), ("zzz", "choose a format from the list above.")]
)
def test_an_unknown_name_lists_the_known_ones_and_the_nearest(name, advice):
    error = UnknownName("format", name, ["whatsapp", "csv"])
    assert error.problem == f'unknown format "{name}". Known: csv, whatsapp.'
    assert error.fix == advice


def test_a_long_unknown_name_is_cut():
    assert "x" * 41 not in str(UnknownName("format", "x" * 5000, ["csv"]))


def test_every_error_ends_a_command_with_two_but_a_missing_service_with_three():
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, BoiloverError)]
    assert {k.exit_code for k in kinds if k is not ServiceUnavailable} == {2}
    assert ServiceUnavailable.exit_code == 3
    assert len(kinds) == 8

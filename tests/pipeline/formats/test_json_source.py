import json
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.formats.format import Head, ReadOptions, ReadReport
from pipeline.formats.json_source import JsonError, load_json, parse, payloads, sniff_json


def read(tmp_path, content, **limits):
    path = tmp_path / "in.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = ReadReport(path=str(path))
    return [value for _, value in payloads(path, ReadOptions(), report, **limits)], report


ROWS = [{"a": "第一"}, {"b": 2}]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2, ensure_ascii=False),
        "\n".join(map(json.dumps, ROWS)),
        "\r\n\r\n".join(map(json.dumps, ROWS)) + "\r\n",
        "\n".join(json.dumps(row, indent=1) for row in ROWS),
        "".join(map(json.dumps, ROWS)),
        ("\ufeff" + json.dumps(ROWS)).encode("utf-16-le"),
    ],
)
def test_every_layout_gives_the_same_payloads(tmp_path, content):
    assert read(tmp_path, content)[0] == ROWS


def test_one_document_is_one_payload(tmp_path):
    assert read(tmp_path, '{"a": {"b": [1]}}')[0] == [{"a": {"b": [1]}}]


@pytest.mark.parametrize("body", [{"a": "第一"}, '{"a": "第一"}'])
def test_a_recorded_request_gives_its_body(tmp_path, body):
    assert read(tmp_path, json.dumps([{"headers": {"host": "example.com"}, "body": body}]))[0] == [{"a": "第一"}]


def test_of_duplicate_keys_the_last_counts(tmp_path):
    assert read(tmp_path, '{"a": 1, "a": 2}')[0] == [{"a": 2}]


def test_a_bad_line_is_a_counted_skip(tmp_path):
    values, report = read(tmp_path, '{"a": 1}\n{"b": 2}\n{"broken\n{"c": 3}\n')
    assert values == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert sum(report.skipped.values()) == 1
    assert report.errors[0].line == 3


def test_a_first_bad_line_does_not_lose_the_rest(tmp_path):
    values, report = read(tmp_path, '{"broken\n{"b": 2}\n{"c": 3}\n')
    assert values == [{"b": 2}, {"c": 3}]
    assert sum(report.skipped.values()) == 1


def test_an_array_cut_in_half_gives_what_was_whole(tmp_path):
    values, report = read(tmp_path, json.dumps([*ROWS, {"c": "x" * 50}], indent=1)[:-20])
    assert values == ROWS
    assert sum(report.skipped.values()) == 1


def test_invalid_json_names_the_line(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, '{\n "a": 1,\n "b": oops\n}')
    assert caught.value.line == 3
    assert "oops" not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"a":' * 100_000, "9" * 5000, '{"a": ' + "9" * 5000 + "}", "", "\n"]
)
def test_hostile_documents_are_input_errors(tmp_path, content):
    with pytest.raises(InputError):
        read(tmp_path, content)


def test_a_document_over_the_limit_is_refused(tmp_path):
    with pytest.raises(InputError, match="split it"):
        read(tmp_path, '{"a": "' + "x" * 100 + '"}', limit=50)


def test_load_json_gives_the_document_or_says_what_is_wrong(tmp_path):
    path = tmp_path / "one.json"
    path.write_text('{"a": [1, 2]}')
    assert load_json(path, ReadOptions(), ReadReport(path=str(path))) == {"a": [1, 2]}
    path.write_text('{"a": [1, 2}')
    with pytest.raises(InputError, match="not valid JSON"):
        load_json(path, ReadOptions(), ReadReport(path=str(path)))


@given(st.text(alphabet=st.sampled_from('{}[]",:0 1e\\u-dn\n')) | st.text())
def test_parsing_any_text_gives_a_value_or_a_json_error(text):
    with suppress(JsonError):
        parse(text)


def test_sniffing_judges_whole_payloads_and_else_the_keys():
    keys = (re.compile('"mine"'),)

    def sniff(text):
        return sniff_json(
            Head("x.json", text.encode(), text), lambda value: isinstance(value, dict) and "mine" in value, keys
        )

    assert sniff('{"mine": 1}') > 0.9
    assert sniff('[{"mine": 1}, {"mi') > 0.9
    assert sniff('{"note": "\\"mine\\" stands here"}') == 0
    assert sniff('{"mine": {"broken') == 0.9
    assert sniff('"mine"') == sniff("") == sniff("mine: 1") == 0

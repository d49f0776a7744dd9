import json
from datetime import datetime

import pytest

from pipeline.errors import BadRecord
from pipeline.serialise import conversation_from_json, conversation_schema

REGENERATE = """pipeline/conversation.schema.json is not what the code says; write it anew:
python -c "import json, pathlib; from pipeline.serialise import conversation_schema as schema; \
pathlib.Path('pipeline/conversation.schema.json').write_text(json.dumps(schema(), ensure_ascii=False, indent=2) + '\\n')\""""

MESSAGE = {"id": "m1", "ts": "2026-05-01T10:00:00+08:00", "role": "customer", "text": "退款"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


@pytest.fixture(scope="module")
def schema(repository):
    return json.loads((repository / "pipeline" / "conversation.schema.json").read_text(encoding="utf-8"))


def valid(value, schema) -> bool:
    """Whether a value fits the part of JSON Schema that ours uses; any other keyword is an error."""
    checks = {
        "type": lambda kinds: any(_is(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)),
        "enum": lambda values: value in values,
        "minimum": lambda least: value >= least,
        "maximum": lambda most: value <= most,
        "required": lambda names: set(names) <= set(value),
        "properties": lambda parts: all(valid(value[name], part) for name, part in parts.items() if name in value),
        "additionalProperties": lambda part: all(valid(inner, part) for inner in value.values()),
        "items": lambda part: all(valid(inner, part) for inner in value),
        "uniqueItems": lambda _: len({json.dumps(inner) for inner in value}) == len(value),
        "oneOf": lambda parts: sum(valid(value, part) for part in parts) == 1,
        "format": lambda _: datetime.fromisoformat(value).utcoffset() is not None,
        "$schema": bool,
        "title": bool,
    }
    return all(checks[keyword](wanted) for keyword, wanted in schema.items())


def _is(value, kind) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def test_the_committed_schema_is_what_the_code_says(schema):
    assert schema == conversation_schema(), REGENERATE


@pytest.mark.parametrize("name", ["angry_whatsapp_customer.jsonl", "chats.jsonl"])
def test_annotated_samples_are_valid(repository, schema, name):
    rows = (repository / "data" / "samples" / name).read_text(encoding="utf-8").splitlines()
    assert rows
    for row in map(json.loads, rows):
        assert "labels" in row
        assert valid(row, schema)


@pytest.mark.parametrize(
    "row",
    [
        {"conversation_id": "c"},
        {"conversation_id": 1, "messages": []},
        {"conversation_id": "c", "messages": [{**MESSAGE, "role": "kefu"}]},
        {"conversation_id": "c", "messages": [{**MESSAGE, "seq": True}]},
        {"conversation_id": "c", "messages": [{**MESSAGE, "text": 1}]},
        {"conversation_id": "c", "messages": [{"id": "m1"}]},
        {"conversation_id": "c", "messages": [], "labels": {"conversation": {}, "messages": {}}},
    ],
)
def test_schema_and_parser_refuse_the_same(schema, row):
    assert not valid(row, schema)
    with pytest.raises(BadRecord):
        conversation_from_json(row)


@pytest.mark.parametrize(
    "row",
    [
        {"conversation_id": "c", "messages": []},
        {"conversation_id": "c", "messages": [MESSAGE], "channel": "whatsapp", "team": "t", "unknown": 1},
        {"conversation_id": "c", "messages": [{**MESSAGE, "seq": 3, "sender": "李"}], "source": "s"},
    ],
)
def test_schema_and_parser_take_the_same(schema, row):
    assert valid(row, schema)
    conversation_from_json(row)

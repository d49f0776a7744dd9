import argparse
import json

import pytest

from pipeline.formats.format import FORMATS
from serve.commands import formats


def run(*words):
    parser = argparse.ArgumentParser()
    formats.add_arguments(parser)
    return formats.run(parser.parse_args(words))


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_every_format_is_listed_with_its_example(capsys, flags):
    assert run(*flags) == 0
    out = capsys.readouterr().out
    for entry in FORMATS:
        assert entry.name in out
        assert entry.title in out


def test_json_lines_hold_the_example(capsys):
    run("--json")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == FORMATS.names()
    assert all(row["example"] == FORMATS.get(row["name"]).example for row in rows)

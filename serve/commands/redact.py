"""`boilover redact`: personal data out of texts or conversations; a filter for pipes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serve.lines import Line

SUMMARY = "replace personal data by placeholders (lines of text, or canonical JSONL with --jsonl)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="input file; - or nothing reads standard input"
    )
    parser.add_argument("--jsonl", action="store_true", help="the input is canonical conversations, one a line")
    parser.add_argument(
        "--name", action="append", default=[], metavar="NAME", help="a person's name to redact (may be repeated)"
    )


def run(args: argparse.Namespace) -> int:
    """Redact the input line by line; with ``--jsonl`` 1 where lines were skipped, 2 where none could be read."""
    from serve.lines import lines_as_they_come, open_source

    with open_source(args.file) as source:
        groups = lines_as_they_come(source, args.file)
        return _redact_conversations(groups, args) if args.jsonl else _redact_texts(groups, args.name)


def _redact_texts(groups: Iterator[list[Line]], names: list[str]) -> int:
    from pipeline.text.redact import redact

    for lines in groups:
        for _, line in lines:
            sys.stdout.write(redact(line.decode("utf-8", "replace"), names).text + "\n")
        sys.stdout.flush()
    return 0


def _redact_conversations(groups: Iterator[list[Line]], args: argparse.Namespace) -> int:
    from collections import Counter
    from dataclasses import replace

    from pipeline.run import prepare_all, redacted
    from pipeline.serialise import conversation_to_json, dump_line
    from pipeline.text.redact import redact
    from serve.commands.score import read_conversations

    skipped: Counter[str] = Counter()
    count = 0
    for lines in groups:
        for conversation in read_conversations(lines, args.file, skipped):
            clean = redacted(conversation, prepare_all(conversation))
            if args.name:
                messages = tuple(replace(m, text=redact(m.text, args.name).text) for m in clean.messages)
                clean = replace(clean, messages=messages)
            sys.stdout.write(dump_line(conversation_to_json(replace(clean, labels=conversation.labels))) + "\n")
            count += 1
        sys.stdout.flush()
    if skipped:
        sys.stderr.write(f"boilover: {sum(skipped.values())} lines skipped\n")
        return 1 if count else 2
    return 0

"""`boilover redact`: personal data out of texts or conversations; a filter for pipes."""

from __future__ import annotations

import argparse
import sys
from typing import Any

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
    from serve.commands.score import open_source

    with open_source(args.file) as source:
        if args.jsonl:
            return _redact_conversations(source, args)
        from pipeline.text.redact import redact

        for line in source:
            text = line.removesuffix(b"\n").decode("utf-8", "replace")
            sys.stdout.write(redact(text, args.name).text + "\n")
    return 0


def _redact_conversations(source: Any, args: argparse.Namespace) -> int:
    from collections import Counter
    from dataclasses import replace

    from pipeline.run import prepare_all, redacted
    from pipeline.serialise import conversation_to_json, dump_line
    from pipeline.text.redact import redact
    from serve.commands.score import read_conversations

    skipped: Counter[str] = Counter()
    count = 0
    for conversation in read_conversations(enumerate(source, 1), args.file, skipped):
        clean = redacted(conversation, prepare_all(conversation))
        if args.name:
            messages = tuple(replace(m, text=redact(m.text, args.name).text) for m in clean.messages)
            clean = replace(clean, messages=messages)
        sys.stdout.write(dump_line(conversation_to_json(replace(clean, labels=conversation.labels))) + "\n")
        count += 1
    if skipped:
        sys.stderr.write(f"boilover: {sum(skipped.values())} lines skipped\n")
        return 1 if count else 2
    return 0

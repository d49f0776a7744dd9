"""`boilover score`: conversations in, scoring output out; a filter for pipes."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.records import Conversation
    from serve.lines import Line

SUMMARY = "score conversations (canonical JSONL in, one result a line out), or single messages with --lines"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="JSONL file; - or nothing reads standard input"
    )
    parser.add_argument(
        "--lines", action="store_true", help="one customer message a line in, one message result a line out"
    )
    parser.add_argument("--full", action="store_true", help="add every head's probability to each message")
    parser.add_argument(
        "--model", metavar="MODEL", help="model folder or models:/NAME@ALIAS (default: the shipped model)"
    )
    parser.add_argument("--config", metavar="YAML", type=Path, help="configuration file")
    parser.add_argument(
        "--threads", type=_positive, metavar="N", help="texts scored at the same time (default: every core)"
    )


def run(args: argparse.Namespace) -> int:
    """Score the input; 1 where lines were skipped, 2 where nothing could be read."""
    from pipeline.api import Model
    from pipeline.serialise import dump_line
    from serve.lines import lines_as_they_come, open_source

    skipped: Counter[str] = Counter()
    count = 0
    with open_source(args.file) as source:
        model = Model.load(args.model, config=args.config, threads=args.threads)
        for lines in lines_as_they_come(source, args.file):
            if args.lines:
                results = model.score_lines((_text(line) for _, line in lines), full=args.full, first=lines[0][0])
            else:
                results = model.audit(read_conversations(lines, args.file, skipped), full=args.full)
            for result in results:
                sys.stdout.write(dump_line(result) + "\n")
                count += 1
            sys.stdout.flush()
    for problem, times in skipped.most_common():
        sys.stderr.write(f"boilover: {times} skipped: {problem}\n")
    if skipped:
        return 1 if count else 2
    return 0


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace").removeprefix("\ufeff")


def read_conversations(lines: Iterable[Line], name: str, skipped: Counter[str]) -> Iterator[Conversation]:
    """Canonical conversations of numbered lines; what cannot be used is reported, counted and left out."""
    import json

    from pipeline.errors import BadRecord
    from pipeline.serialise import conversation_from_json

    for number, line in lines:
        if not line.strip():
            continue
        try:
            yield conversation_from_json(json.loads(line.decode("utf-8-sig")))
        except BadRecord as error:
            _skip(skipped, name, number, error.problem, error.fix)
        except (ValueError, RecursionError):
            _skip(skipped, name, number, "a line is not JSON", "write one conversation as JSON on each line.")


def _skip(skipped: Counter[str], name: str, number: int, problem: str, fix: str | None) -> None:
    from pipeline.errors import BadRecord

    if sum(skipped.values()) < 20:
        sys.stderr.write(f"boilover: skipped {BadRecord(problem, path=name, line=number, fix=fix).describe()}\n")
    skipped[problem] += 1


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number

"""`boilover score`: conversations in, scoring output out; a filter for pipes."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pipeline.records import Conversation

SUMMARY = "score conversations (canonical JSONL in, one result a line out), or single messages with --lines"

GROUP = 256
"""Lines scored together at most."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="JSONL file; - or nothing reads standard input"
    )
    parser.add_argument(
        "--lines", action="store_true", help="one customer message a line in, one message result a line out"
    )
    parser.add_argument("--full", action="store_true", help="add every head's probability to each message")
    parser.add_argument("--model", metavar="DIR", help="model folder (default: the shipped model)")
    parser.add_argument("--config", metavar="YAML", type=Path, help="configuration file")
    parser.add_argument(
        "--threads", type=_positive, metavar="N", help="texts scored at the same time (default: every core)"
    )


def run(args: argparse.Namespace) -> int:
    """Score the input; 1 where lines were skipped, 2 where nothing could be read."""
    from pipeline.api import Model
    from pipeline.serialise import dump_line

    skipped: Counter[str] = Counter()
    count = 0
    with open_source(args.file) as source:
        model = Model.load(args.model, config=args.config, threads=args.threads)
        for lines in _as_they_come(source):
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


def _as_they_come(source: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    """Numbered lines in groups: whatever has arrived, at most ``GROUP``, so that a slow pipe is answered line by line."""
    lines: Queue[tuple[int, bytes] | None] = Queue(maxsize=2 * GROUP)

    def feed() -> None:
        for numbered in enumerate(source, 1):
            lines.put(numbered)
        lines.put(None)

    Thread(target=feed, daemon=True).start()
    while (first := lines.get()) is not None:
        group = [first]
        while len(group) < GROUP and not lines.empty():
            following = lines.get()
            if following is None:
                yield group
                return
            group.append(following)
        yield group


def open_source(name: str) -> BinaryIO:
    """A file, or standard input for ``-``; raises ``InputError``."""
    from pipeline.errors import InputError

    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=name, fix="check the path.") from error


def _text(line: bytes) -> str:
    return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace").removeprefix("\ufeff")


def read_conversations(lines: Iterable[tuple[int, bytes]], name: str, skipped: Counter[str]) -> Iterator[Conversation]:
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

"""Seconds from the start of the command to its first result, on a warm disk.

`boilover score`: the first line on standard output. `boilover audit`: the word on the terminal that the first
conversation is scored.
"""

from __future__ import annotations

import argparse
import os
import pty
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from record import add_json_option, machine, publish, spread

from pipeline.models.bundle import read_manifest
from pipeline.resources import resource

COMMAND = [sys.executable, "-c", "from serve.cli import script; script()"]
FIRST = b"first conversation scored"


def score_seconds(source: Path, model: Path) -> float:
    """Until the first line of `boilover score`."""
    began = time.perf_counter()
    command = [*COMMAND, "score", str(source), "--model", str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
        process.stdout.read()
    if not line:
        raise SystemExit("boilover score gave nothing")
    return seconds


def audit_seconds(source: Path, model: Path, out: Path) -> float:
    """Until `boilover audit` says on its terminal that the first conversation is scored."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    command = [*COMMAND, "audit", str(source), "--model", str(model), "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        seen, seconds = b"", None
        while seconds is None:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # the other end is closed: the command has ended
                break
            if FIRST in seen:
                seconds = time.perf_counter() - began
        process.terminate()
    os.close(ours)
    if seconds is None:
        raise SystemExit(f"boilover audit said nothing: {seen!r}")
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=resource("data", "samples") / "chats.jsonl", metavar="JSONL")
    parser.add_argument("--model", type=Path, default=resource("models", "boilover"), metavar="DIR")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="runs of each (%(default)s)")
    add_json_option(parser)
    args = parser.parse_args()
    around = machine()
    _, identity = read_manifest(args.model)
    with tempfile.TemporaryDirectory() as name:
        score_seconds(args.source, args.model)  # warms the disk
        score = [score_seconds(args.source, args.model) for _ in range(args.repeats)]
        audit = [audit_seconds(args.source, args.model, Path(name) / str(i)) for i in range(args.repeats)]
    figures = {"model": identity.sha256, "score_seconds": spread(score), "audit_seconds": spread(audit)}
    publish("first_result", figures, around=around, path=args.json)


if __name__ == "__main__":
    main()

"""`boilover calibrate`: the desk's share of escalating chats, for the risk; thresholds of the risk rule from an alert budget."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.formats.format import ReadReport
    from pipeline.records import Conversation
    from training.base_rate import BaseRate

SUMMARY = "estimate which share of a desk's chats escalates, for the configuration (needs the train extra)"
DESCRIPTION = """\
Reads chats as `boilover audit` does. Where all are annotated their share is counted; else it is estimated from what the model says of
them, allowing for its errors on annotated reference chats. Prints the lines for a configuration file.

With --budget no chats are read but the annotated ones: it finds the lowest threshold of the risk rule in each language under which at most
so many of 100 calm conversations are warned of. Give the share of escalating chats first: risks, and so thresholds, depend on it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = DESCRIPTION
    parser.add_argument("chats", nargs="*", metavar="CHATS", help="file, folder or glob of the desk's finished chats")
    parser.add_argument(
        "--budget",
        type=float,
        metavar="N",
        help="choose thresholds for at most N false alarms per 100 calm conversations (default: none)",
    )
    parser.add_argument(
        "--model", metavar="MODEL", help="model folder or models:/NAME@ALIAS (default: the shipped model)"
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="YAML",
        help="also write the value into this configuration file (thresholds into its file of alert rules)",
    )
    parser.add_argument(
        "--reference",
        nargs="+",
        type=Path,
        default=[],
        metavar="JSONL",
        help="annotated chats that tell the model's errors, or that thresholds are chosen on (default: the development part "
        "of data/conversations)",
    )
    parser.add_argument("--format", default="auto", metavar="NAME", help="format of CHATS (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Print the share as YAML; 1 where input was skipped, 2 where nothing could be read."""
    from pipeline.errors import InputError
    from training.base_rate import counted
    from training.settings import set_base_rate

    if args.budget is not None:
        return _thresholds(args)
    chats, skipped = _read(args.chats, args.format)
    if not chats:
        raise InputError("no chats", path=next(iter(args.chats), None), fix="give files that `boilover audit` reads.")
    found = counted(chats) if all(c.labels is not None for c in chats) else _estimate(args, chats)
    sys.stdout.write(
        f"# {found.rate:.1%} ({found.low:.1%} to {found.high:.1%} at 95 %) of {found.chats} chats, {found.how}\n"
        f"risk:\n  base_rate: {found.rate:.3g}\n"
    )
    if args.into is not None:
        set_base_rate(args.into, float(f"{found.rate:.3g}"))
        sys.stderr.write(f"boilover: written into {args.into}\n")
    return 1 if skipped else 0


def _thresholds(args: argparse.Namespace) -> int:
    """Print thresholds that keep the budget as YAML."""
    from pipeline.errors import InputError
    from pipeline.run import build
    from training.alerts import choose, course
    from training.evaluation import annotated
    from training.settings import alert_file, set_thresholds

    if args.chats:
        raise InputError(
            "thresholds are chosen on annotated chats", path=args.chats[0], fix="give them with --reference."
        )
    rules = None if args.into is None else alert_file(args.into)
    pipeline = build(args.into, args.model)
    chosen = choose([course(pipeline, chat) for chat in annotated(args.reference, "dev")], args.budget)
    sys.stdout.write(f"# at most {args.budget:g} false alarms per 100 calm chats; on annotated chats it warned of\n")
    sys.stdout.writelines(
        f"# {name}: {c.false_alarms} of {c.calm} calm chats, {c.foreseen} of {c.escalating} before they escalated\n"
        for name, c in chosen.items()
    )
    shown = ", ".join(f"{name}: {c.threshold:g}" for name, c in chosen.items())
    sys.stdout.write(f"thresholds: {{{shown}}}\n")
    if rules is not None:
        set_thresholds(rules, {name: c.threshold for name, c in chosen.items()})
        sys.stderr.write(f"boilover: written into {rules}\n")
    return 0


def _estimate(args: argparse.Namespace, chats: Sequence[Conversation]) -> BaseRate:
    import numpy as np

    from pipeline.run import build
    from training.base_rate import estimated, evidence
    from training.evaluation import annotated

    pipeline = build(model=args.model)
    reference = annotated(args.reference, "dev")
    known = np.array([c.labels is not None and c.labels.conversation.escalated for c in reference])
    desk, other = (evidence([done.assessment for done in pipeline.run_batch(side)]) for side in (chats, reference))
    return estimated(desk, other, known)


def _read(paths: Sequence[str], format_name: str) -> tuple[list[Conversation], int]:
    """The chats of all files, and how many records were skipped; each skip is told on standard error."""
    from pipeline.formats.format import ReadOptions, ReadReport
    from pipeline.formats.read import discover, read_path

    chats: list[Conversation] = []
    skipped = 0
    for path in discover(paths):
        report = ReadReport(str(path))
        chats += read_path(path, format_name=format_name, options=ReadOptions(), report=report)
        skipped += _tell(report)
    return chats, skipped


def _tell(report: ReadReport) -> int:
    for reason, times in sorted(report.skipped.items()):
        sys.stderr.write(f"boilover: {report.path}: {times} skipped: {reason}\n")
    return sum(report.skipped.values())

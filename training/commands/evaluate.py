"""`boilover evaluate`: a model's figures on annotated chats, by language; or two models side by side."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.measures import Judged

SUMMARY = "measure a model on annotated chats, or compare two (needs the train extra)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "chats", nargs="*", type=Path, metavar="JSONL", help="annotated chats (default: a part of data/conversations)"
    )
    parser.add_argument(
        "--part",
        choices=("dev", "test", "train", "all"),
        default="test",
        help="part of data/conversations where no files are given (default: %(default)s)",
    )
    parser.add_argument(
        "--model", metavar="MODEL", help="model folder or models:/NAME@ALIAS (default: the shipped model)"
    )
    parser.add_argument(
        "--against",
        metavar="MODEL",
        help="another model on the same chats: both side by side, with bootstrap intervals of the difference",
    )
    parser.add_argument("--draws", type=int, default=1000, metavar="N", help="bootstrap draws (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the draws (default: %(default)s)")
    parser.add_argument(
        "--corpora",
        type=Path,
        metavar="DIR",
        help="also measure the broad heads on the development parts of the public corpora",
    )
    parser.add_argument(
        "--behaviour", action="store_true", help="instead of chats, try the cases of configs/behaviour (CheckList)"
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="MD",
        help="also replace the block of figures between the markers in a Markdown file",
    )
    parser.add_argument("--json", action="store_true", help="all measures as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Score and measure; prints a table or JSON."""
    if args.behaviour:
        return _behaviour(args)
    from pipeline.resources import resource
    from pipeline.run import build
    from training.card import fill_in
    from training.corpora import load_table
    from training.evaluation import annotated, as_table, figures, judge, public_figures
    from training.targets import Layout

    chats = annotated(args.chats, args.part)
    pipeline = build(model=args.model)
    judged = judge(pipeline, chats)
    if args.against is not None:
        return _side_by_side(args, judged)
    found = figures(judged)
    if args.corpora is not None:
        table = load_table(resource("configs", "train", "corpora.yaml"))
        found["public"] = public_figures(pipeline.scorer, table, args.corpora, Layout(pipeline.scorer.categories))
    if args.into is not None:
        chats_figures = {name: values for name, values in found.items() if name != "public"}
        fill_in(args.into, "chats" if args.chats else args.part, chats_figures)
        if "public" in found:
            fill_in(args.into, "public", {"public": found["public"]})
    if args.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return 0
    sys.stdout.write(as_table(found) + "\n")
    for name, value in found.get("public", {}).items():
        sys.stdout.write(f"{name:40} {value:.3f}\n")
    return 0


def _side_by_side(args: argparse.Namespace, judged: list[Judged]) -> int:
    """Print the main measures of both models, and the intervals of their differences."""
    from pipeline.run import build
    from training.compare import as_comparison, as_numbers, compare
    from training.corpora import chat_language
    from training.evaluation import judge

    against = judge(build(model=args.against), [j.conversation for j in judged])
    found = compare(judged, against, chat_language, draws=args.draws, seed=args.seed)
    if args.json:
        models = {name: asdict(side[0].assessment.model) for name, side in (("model", judged), ("against", against))}
        sys.stdout.write(json.dumps({**models, "measures": as_numbers(found)}, indent=2) + "\n")
        return 0
    sys.stdout.write(as_comparison(found) + "\n")
    return 0


def _behaviour(args: argparse.Namespace) -> int:
    """Failure rates of the behavioural suite."""
    from pipeline.run import build
    from training.behaviour.judge import behave
    from training.behaviour.report import as_json, as_markdown, as_table
    from training.behaviour.suite import load_suite
    from training.card import fill_block

    outcomes = behave(build(model=args.model), load_suite())
    if args.into is not None:
        fill_block(args.into, "behaviour", as_markdown(outcomes))
    shown = json.dumps(as_json(outcomes), indent=2, ensure_ascii=False) if args.json else as_table(outcomes)
    sys.stdout.write(shown + "\n")
    return 0

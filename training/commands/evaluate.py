"""`boilover evaluate`: a model's figures on annotated chats, by language."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

SUMMARY = "measure a model on annotated chats (needs the train extra)"


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
    parser.add_argument("--model", type=Path, metavar="DIR", help="model folder (default: the shipped model)")
    parser.add_argument(
        "--corpora",
        type=Path,
        metavar="DIR",
        help="also measure the broad heads on the development parts of the public corpora",
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
    from pipeline.errors import InputError
    from pipeline.resources import resource
    from pipeline.run import build
    from training.card import fill_in
    from training.corpora import load_chats, load_table, read_chats, split_of
    from training.evaluation import as_table, figures, judge, public_figures
    from training.targets import Layout

    if args.chats:
        chats = [chat for path in args.chats for chat in read_chats(path)]
    else:
        chats = load_chats(resource("data", "conversations"))
        chats = [c for c in chats if args.part in ("all", split_of(c.conversation_id))]
    chats = [c for c in chats if c.labels is not None]
    if not chats:
        raise InputError("no annotated chats", fix="give canonical JSONL with labels.")
    pipeline = build(model=args.model)
    found = figures(judge(pipeline, chats))
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

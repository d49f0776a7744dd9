"""`boilover promote`: a model becomes the champion, if the gate lets it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

SUMMARY = "make a model the champion, if it passes the gate (needs the train extra)"
DESCRIPTION = """\
Measures MODEL and the present champion on the development chats and moves the alias `champion` if no floor is broken, no language
or complaint category is worse by more than chance, and size and speed are within budget (configs/train/gate.yaml). Exit code 1 where it is not promoted."""
CHALLENGER = "models:/boilover@challenger"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = DESCRIPTION
    parser.add_argument(
        "model", nargs="?", default=CHALLENGER, metavar="MODEL", help="model folder or registered model (%(default)s)"
    )
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="also put the model's folder here, in one step, for running workers"
    )
    parser.add_argument(
        "--against", metavar="MODEL", help="compare with this model (default: the champion; else the shipped model)"
    )
    parser.add_argument("--gate", type=Path, metavar="YAML", help="what is demanded (default: configs/train/gate.yaml)")
    parser.add_argument(
        "--chats",
        nargs="+",
        type=Path,
        default=[],
        metavar="JSONL",
        help="annotated chats (default: the development part of data/conversations)",
    )
    parser.add_argument(
        "--tracking", metavar="URI", help="MLflow store (default: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db)"
    )


def run(args: argparse.Namespace) -> int:
    """Examine and promote; 1 where a check failed, each told in a line of its own."""
    from pipeline.models.named import folder_of
    from pipeline.resources import resource
    from training import tracking
    from training.deploy import copy_model
    from training.evaluation import annotated
    from training.gate import examine, load_gate

    gate = load_gate(args.gate)
    tracking.use(args.tracking)
    folder = folder_of(args.model)
    against = args.against or tracking.champion()
    champion = resource("models", "boilover") if against is None else folder_of(against)
    verdict = examine(folder, champion, annotated(args.chats, "dev"), gate)
    if verdict.left_out:
        few = ", ".join(f"{name} ({count})" for name, count in verdict.left_out.items())
        sys.stdout.write(f"not compared, fewer than {gate.least_chats} chats: {few}\n")
    if not verdict.is_open:
        sys.stdout.write(f"not promoted: {len(verdict.failures)} of {verdict.checks} checks failed\n")
        sys.stdout.writelines(f"  {line}\n" for line in verdict.failures)
        return 1
    measured = {f"dev.{group}.{name}": value for group, by in verdict.figures.items() for name, value in by.items()}
    number = tracking.crown(folder, model=args.model, figures=measured, uri=args.tracking)
    sys.stdout.write(f"promoted: models:/{tracking.REGISTERED}/{number} is the champion ({verdict.checks} checks)\n")
    if args.to is not None:
        identity = copy_model(folder, args.to)
        sys.stdout.write(f"model: {args.to} ({identity.sha256[:12]})\n")
    return 0

"""`boilover export`: the folder of a registered model, for a runtime without MLflow."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

SUMMARY = "write the folder of a registered model (needs the train extra)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "model", metavar="MODEL", help="e.g. models:/boilover@champion, models:/boilover/3, or a folder"
    )
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FOLDER", help="new folder; a model that stands there is replaced"
    )
    parser.add_argument(
        "--tracking", metavar="URI", help="MLflow store (default: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db)"
    )


def run(args: argparse.Namespace) -> int:
    """Copy and check; moves no alias."""
    from pipeline.models.named import folder_of
    from training import tracking
    from training.deploy import copy_model

    tracking.use(args.tracking)
    identity = copy_model(folder_of(args.model), args.to)
    sys.stdout.write(f"model: {args.to} ({identity.name} {identity.version}, {identity.sha256[:12]})\n")
    return 0

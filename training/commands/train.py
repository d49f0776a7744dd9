"""`boilover train`: fine-tune, calibrate, fit the conversation head, export, evaluate, track."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.fit import Progress
    from training.tracking import Run

SUMMARY = "train a model as a configuration says, and write the model folder (needs the train extra)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="e.g. configs/train/boilover.yaml")
    parser.add_argument(
        "--base", type=Path, required=True, metavar="DIR", help="base encoder (BERT checkpoint with tokenizer.json)"
    )
    parser.add_argument(
        "--corpora",
        type=Path,
        metavar="DIR",
        help="folder of the public corpora; without it an earlier public stage must be there",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/boilover"),
        metavar="DIR",
        help="run folder; a killed run goes on from it (default: %(default)s)",
    )
    parser.add_argument(
        "--model-version", default="1", metavar="V", help="version to write into the manifest (default: %(default)s)"
    )
    parser.add_argument(
        "--tracking", metavar="URI", help="MLflow store (default: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db)"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads of torch (default: its own)")


def run(args: argparse.Namespace) -> int:
    """Run or finish a training run; prints the development figures and the folder."""
    import torch

    from pipeline.config import load_categories
    from pipeline.models.bundle import read_manifest
    from training import tracking
    from training.corpora import checksum
    from training.evaluation import as_table
    from training.proof import write_proof
    from training.train import data_files, finish, load_config, train, workplace

    if args.threads:
        torch.set_num_threads(args.threads)
    config = load_config(args.config)
    categories = tuple(category.id for category in load_categories())
    place = workplace(config, base=args.base, corpora=args.corpora, out=args.out, categories=categories)
    parameters = {"base": args.base.name, "model.version": args.model_version, **config.model_dump(mode="json")}
    tags = {f"sha256.{path.parent.name}/{path.name}": checksum(path) for path in data_files(config)}
    with tracking.run(args.out.name, uri=args.tracking, parameters=parameters, tags=tags) as tracked:
        trained = train(place, lambda stage, progress: _report(tracked, stage, progress))
        done = finish(place, trained, version=args.model_version)
        for language, values in done.figures.items():
            tracked.metrics({f"dev.{language}.{name}": value for name, value in values.items()})
        tracked.metrics({f"public.{name}": value for name, value in done.public.items()})
        tracked.file(args.config)
        write_proof(done.judged, args.out / "proof")
        (args.out / "proof" / "environment.txt").write_text(tracking.environment(), encoding="utf-8")
        tracked.file(args.out / "proof", "proof")
        number = tracked.register(done.folder, alias=tracking.CHALLENGER)
    sys.stdout.write(as_table(done.figures) + "\n")
    for name, value in done.public.items():
        sys.stdout.write(f"{name:40} {value:.3f}\n")
    sys.stdout.write(f"model: {done.folder} ({read_manifest(done.folder)[1].sha256[:12]})\n")
    sys.stdout.write(f"registered: models:/{tracking.REGISTERED}/{number} (alias {tracking.CHALLENGER})\n")
    return 0


def _report(tracked: Run, stage: str, progress: Progress) -> None:
    tracked.metrics({f"{stage}.loss": progress.loss}, step=progress.step)
    end = "\r" if sys.stderr.isatty() else "\n"
    if sys.stderr.isatty() or progress.step % 200 < 20:
        left = f"{progress.seconds_left / 60:.1f} min left"
        line = f"{stage}: epoch {progress.epoch + 1}, step {progress.step}/{progress.steps}, loss {progress.loss:.3f}, {left}"
        sys.stderr.write(line.ljust(78) + end)
        sys.stderr.flush()

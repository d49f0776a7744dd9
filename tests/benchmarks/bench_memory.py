"""Peak memory of an audit at 100,000 and at 1,000,000 messages, with a scorer that costs nothing.

Each size runs in a process of its own, on a canonical JSONL file that was written before. The peak is the
process's own highest resident size.
"""

from __future__ import annotations

import argparse
import json
import resource as limits
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from record import add_json_option, machine, publish
from small_head import drivers, points, weights
from workload import write

from pipeline.config import load_alert_policy
from pipeline.models.context import ContextHead
from pipeline.models.drivers import Drivers
from pipeline.models.fake import FakeScorer
from pipeline.run import Pipeline
from pipeline.stages.features import feature_names
from serve.audit.driver import Surroundings, audit
from serve.audit.options import AuditOptions


def random_head(scorer: FakeScorer) -> ContextHead:
    """A conversation head of the real size and random weights."""
    known = weights(width=scorer.width, categories=len(scorer.categories))
    reasons = Drivers(drivers(feature_names(scorer.categories)))
    return ContextHead(known, points(), reasons, scorer.categories, [0.0] * len(scorer.categories))


def one(source: Path, out: Path) -> None:
    """Audit a file and print the peak in bytes and the seconds."""
    scorer = FakeScorer()
    pipeline = Pipeline(scorer, random_head(scorer), load_alert_policy())
    around = Surroundings(
        say=lambda _: None,
        advance=lambda *_: None,
        should_stop=lambda: False,
        monotonic=time.monotonic,
        now=lambda: datetime.now(UTC),
    )
    began = time.perf_counter()
    audit(AuditOptions(paths=(str(source),), out=out), pipeline, [source], around)
    peak = limits.getrusage(limits.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    sys.stdout.write(json.dumps({"peak_bytes": peak, "seconds": time.perf_counter() - began}) + "\n")


def measure(folder: Path, messages: int) -> dict[str, float]:
    """Peak of an audit of that many messages, in a fresh process."""
    source = folder / f"{messages}.jsonl"
    count = write(source, messages)
    command = [sys.executable, __file__, "--one", str(source), str(folder / f"out-{messages}")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    source.unlink()
    row = json.loads(done.stdout)
    sys.stderr.write(f"{count:,} messages: {row['peak_bytes'] / 1e6:.0f} MB in {row['seconds']:.0f} s\n")
    return {"messages": count, "peak_mb": round(row["peak_bytes"] / 1e6, 1), "seconds": round(row["seconds"], 1)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=100_000, metavar="N", help="messages of the first (%(default)s)")
    parser.add_argument(
        "--large", type=int, default=1_000_000, metavar="N", help="messages of the second (%(default)s)"
    )
    parser.add_argument("--one", nargs=2, type=Path, metavar=("SOURCE", "OUT"), help=argparse.SUPPRESS)
    add_json_option(parser)
    args = parser.parse_args()
    if args.one:
        one(*args.one)
        return
    around = machine()
    with tempfile.TemporaryDirectory() as name:
        small, large = (measure(Path(name), size) for size in (args.small, args.large))
    figures = {"small": small, "large": large, "ratio": round(large["peak_mb"] / small["peak_mb"], 3)}
    publish("memory", figures, around=around, path=args.json)


if __name__ == "__main__":
    main()

"""What every benchmark says beside its figures: machine, versions, data, model; and where results are kept."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from workload import data_version

LIBRARIES = ("boilover", "onnxruntime", "tokenizers", "numpy")


def machine() -> dict[str, Any]:
    """Processor, cores, memory, load, versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {name: version(name) for name in LIBRARIES},
        "data": data_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, lowest and highest."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Declare ``--json``."""
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write figures and machine there")


def publish(name: str, figures: Mapping[str, Any], *, around: Mapping[str, Any], path: Path | None) -> None:
    """Print the figures and the machine, and keep them."""
    row = {"benchmark": name, "figures": dict(figures), "machine": dict(around)}
    text = json.dumps(row, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write(text + "\n")
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")

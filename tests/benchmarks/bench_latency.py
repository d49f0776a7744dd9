"""One message at a time on one core: the shipped graph against the whole base encoder in float32, in turns within one run.

The base has all its layers and the same heads, written by the same code and run by the same ONNX Runtime.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
from record import add_json_option, machine, publish, spread
from tokenizers import Tokenizer
from transformers import AutoConfig
from workload import conversations

from pipeline.models.bundle import read_manifest
from pipeline.resources import resource
from pipeline.run import prepare_all
from pipeline.stages.score import text_to_score
from training.export import graph_of
from training.model import HeadSizes, load_base


def session_of(graph: bytes) -> ort.InferenceSession:
    """A session on one core, set up as the scorer's."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def milliseconds(session: ort.InferenceSession, ids: list[np.ndarray]) -> float:
    """Median time of one message."""
    times = []
    for one in ids:
        began = time.perf_counter()
        session.run(None, {"ids": one})
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, metavar="DIR", help="base encoder")
    parser.add_argument("--model", type=Path, default=resource("models", "boilover"), metavar="DIR")
    parser.add_argument("--messages", type=int, default=500, metavar="N", help="texts (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="turns of each (%(default)s)")
    add_json_option(parser)
    args = parser.parse_args()
    around = machine()
    manifest, identity = read_manifest(args.model)
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    texts = [t for c in conversations(2 * args.messages) for p in prepare_all(c) if (t := text_to_score(p)) is not None]
    ids = [np.array([e.ids[: manifest.max_tokens]], np.int64) for e in tokenizer.encode_batch(texts[: args.messages])]
    layers = AutoConfig.from_pretrained(args.base).num_hidden_layers
    sizes = HeadSizes(len(manifest.signals), len(manifest.acts), len(manifest.categories))
    whole = session_of(graph_of(load_base(args.base, range(layers), sizes).eval(), None).SerializeToString())
    shipped = session_of((args.model / "model.onnx").read_bytes())
    ways = {"shipped_ms": shipped, "base_float32_ms": whole}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(args.repeats):
        for name, session in ways.items():
            times[name].append(milliseconds(session, ids))
        sys.stderr.write(f"turn {turn + 1}: " + ", ".join(f"{n} {t[-1]:.2f}" for n, t in times.items()) + "\n")
    figures = {
        "texts": len(ids),
        "layers_of_base": layers,
        "model": identity.sha256,
        "model_mb": round(sum(entry.size for entry in manifest.files.values()) / 1e6, 1),
        **{name: spread(values) for name, values in times.items()},
        "ratio": spread([a / b for a, b in zip(times["shipped_ms"], times["base_float32_ms"], strict=True)]),
    }
    publish("latency", figures, around=around, path=args.json)


if __name__ == "__main__":
    main()

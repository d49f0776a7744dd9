"""The shipped scorer against `transformers` torch fp32 on the same fine-tuned weights, in turns within one run.

Three ways on the same texts and threads, tokenisation included in all: the scorer; torch in batches of like length; torch one
text at a time. Both sides give anger after the same operating points; their mean absolute difference is printed too.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from record import add_json_option, machine, publish, spread
from tokenizers import Tokenizer
from workload import conversations

from pipeline.models.bundle import Manifest, read_manifest
from pipeline.models.onnx import OnnxScorer
from pipeline.models.operating import level
from pipeline.models.scorer import FloatArray
from pipeline.resources import resource
from pipeline.run import prepare_all
from pipeline.stages.score import text_to_score
from training.fit import pad
from training.model import LEVELS, HeadSizes, MultiTaskModel, load_base
from training.train import load_config

BATCH = 32


def texts_of(count: int) -> list[str]:
    """That many different texts as the model reads them."""
    found: dict[str, None] = {}
    for conversation in conversations(10**9):
        found |= dict.fromkeys(t for p in prepare_all(conversation) if (t := text_to_score(p)) is not None)
        if len(found) >= count:
            break
    return list(found)[:count]


def torch_model(weights: Path, base: Path, config: Path, manifest: Manifest) -> MultiTaskModel:
    """The trained weights in their torch form."""
    sizes = HeadSizes(len(manifest.signals), len(manifest.acts), len(manifest.categories))
    settings = load_config(config)
    model = load_base(base, settings.layers, sizes)
    file = weights / f"{settings.chat_stages[-1].name}.pt" if weights.is_dir() else weights
    known = torch.load(file, weights_only=True)
    own = {name.removeprefix("messages."): value for name, value in known.items() if name.startswith("messages.")}
    model.load_state_dict(own)
    return model.eval()


def torch_anger(
    model: MultiTaskModel, tokenizer: Tokenizer, texts: Sequence[str], manifest: Manifest, *, batch: int
) -> FloatArray:
    """Anger of each text, in batches of like length."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    logits = np.zeros((len(ids), LEVELS), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            logits[rows] = model(*pad([ids[i] for i in rows]))["anger"].numpy()
    return level(logits, manifest.operating_points.anger)


def timed(way: Callable[[], object], texts: int) -> float:
    """Texts a second."""
    began = time.perf_counter()
    way()
    return texts / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, metavar="PATH", help="run folder of `boilover train`")
    parser.add_argument("--base", type=Path, required=True, metavar="DIR", help="base encoder of that run")
    parser.add_argument("--config", type=Path, default=resource("configs", "train", "boilover.yaml"), metavar="YAML")
    parser.add_argument("--model", type=Path, metavar="DIR", help="exported folder (model/ beside the weights)")
    parser.add_argument("--messages", type=int, default=2_000, metavar="N", help="texts (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="turns of each (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, metavar="N", help="of all (%(default)s)")
    add_json_option(parser)
    args = parser.parse_args()
    folder = args.model or (args.weights if args.weights.is_dir() else args.weights.parent) / "model"
    around = {**machine(), "torch": torch.__version__}
    torch.set_num_threads(args.threads)
    manifest, identity = read_manifest(folder)
    scorer = OnnxScorer(folder, threads=args.threads)
    model = torch_model(args.weights, args.base, args.config, manifest)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(max_length=manifest.max_tokens)
    texts = texts_of(args.messages)
    ways: dict[str, Callable[[], object]] = {
        "scorer": lambda: scorer.score(texts),
        "torch_batched": lambda: torch_anger(model, tokenizer, texts, manifest, batch=BATCH),
        "torch_single": lambda: [torch_anger(model, tokenizer, [text], manifest, batch=1) for text in texts],
    }
    torch_anger(model, tokenizer, texts[:64], manifest, batch=BATCH)  # warm
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(args.repeats):
        for name, way in ways.items():
            rates[name].append(timed(way, len(texts)))
        sys.stderr.write(f"turn {turn + 1}: " + ", ".join(f"{n} {r[-1]:.0f}/s" for n, r in rates.items()) + "\n")
    ours = np.array([scores.anger for scores in scorer.score(texts)])
    difference = np.abs(ours - torch_anger(model, tokenizer, texts, manifest, batch=BATCH))
    figures = {
        "texts": len(texts),
        "threads": args.threads,
        "model": identity.sha256,
        **{f"{name}_per_s": spread(values) for name, values in rates.items()},
        "times_torch_batched": spread([a / b for a, b in zip(rates["scorer"], rates["torch_batched"], strict=True)]),
        "times_torch_single": spread([a / b for a, b in zip(rates["scorer"], rates["torch_single"], strict=True)]),
        "anger_mean_absolute_difference": round(float(difference.mean()), 5),
        "anger_largest_difference": round(float(difference.max()), 4),
    }
    publish("torch", figures, around=around, path=args.json)


if __name__ == "__main__":
    main()

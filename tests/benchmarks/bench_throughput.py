"""`boilover audit` against the bare ONNX session on the same texts and threads, in turns within one run.

The audit is the whole command as a process of its own: start, reading, redaction, scoring, tracking, alerts, tables
and report. The bare session runs on token ids that were made before the clock started: nothing but the model.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from record import add_json_option, machine, publish, spread
from workload import read, write

from pipeline.models.onnx import OnnxScorer, groups_of
from pipeline.resources import resource
from pipeline.run import prepare_all
from pipeline.stages.score import text_to_score


def scored_texts(path: Path) -> list[str]:
    """What the model reads of a file: each different text once, in order."""
    texts = (text_to_score(p) for conversation in read(path) for p in prepare_all(conversation))
    return list(dict.fromkeys(text for text in texts if text is not None))


def bare_seconds(scorer: OnnxScorer, ids: list[list[int]], threads: int) -> float:
    """Time of the session alone on so many threads, texts of like length together as the scorer runs them."""
    session = scorer._session
    groups = [np.array([ids[i] for i in group], np.int64) for group in groups_of([len(one) for one in ids])]
    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        list(pool.map(lambda group: session.run(None, {"ids": group}), groups))
        return time.perf_counter() - began


def audit_seconds(source: Path, folder: Path, model: Path, threads: int) -> float:
    """Time of the command, from its start to its end."""
    command = [sys.executable, "-c", "from serve.cli import script; script()", "audit", str(source)]
    command += ["--out", str(folder), "--model", str(model), "--threads", str(threads), "--restart"]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 1):
        raise SystemExit(f"boilover audit failed ({done.returncode}): {done.stderr}")
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=50_000, metavar="N", help="messages of chat (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="turns of each (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, metavar="N", help="of both (%(default)s)")
    parser.add_argument("--model", type=Path, default=resource("models", "boilover"), metavar="DIR")
    add_json_option(parser)
    args = parser.parse_args()
    around = machine()
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "chats.jsonl"
        messages = write(source, args.messages)
        texts = scored_texts(source)
        scorer = OnnxScorer(args.model)
        ids = [encoding.ids for encoding in scorer._tokenizer.encode_batch(texts)]
        bare_seconds(scorer, ids[:500], args.threads)  # warm
        bare, audit = [], []
        for turn in range(args.repeats):
            bare.append(bare_seconds(scorer, ids, args.threads))
            audit.append(audit_seconds(source, Path(name) / f"out-{turn}", args.model, args.threads))
            sys.stderr.write(f"turn {turn + 1}: bare {bare[-1]:.1f} s, audit {audit[-1]:.1f} s\n")
    figures = {
        "messages": messages,
        "scored_texts": len(texts),
        "tokens_per_text": round(float(np.mean([len(one) for one in ids])), 1),
        "threads": args.threads,
        "model": scorer.identity.sha256,
        "bare_texts_per_s": spread([len(texts) / s for s in bare]),
        "audit_texts_per_s": spread([len(texts) / s for s in audit]),
        "audit_messages_per_s": spread([messages / s for s in audit]),
        "ratio": spread([b / a for a, b in zip(audit, bare, strict=True)]),
    }
    publish("throughput", figures, around=around, path=args.json)


if __name__ == "__main__":
    main()

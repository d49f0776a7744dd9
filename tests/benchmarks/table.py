"""Writes the speed table of the README from the kept results: ``python tests/benchmarks/table.py README.md``."""

import json
import re
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
BLOCK = re.compile(r"(<!-- figures:speed -->).*?(<!-- /figures:speed -->)", re.DOTALL)


def middle(value: dict[str, float], digits: int = 2) -> str:
    return f"{value['median']:.{digits}f} ({value['low']:.{digits}f}–{value['high']:.{digits}f})"


def rows(found: dict[str, dict[str, Any]]) -> list[tuple[str, str, str]]:
    table = []
    if throughput := found.get("throughput"):
        speed = f"{middle(throughput['audit_messages_per_s'], 0)} messages/s on {throughput['threads']} threads"
        command = "bench_throughput.py"
        table.append((f"`boilover audit`, {throughput['messages']:,} messages", speed, command))
        table.append(("… against the bare ONNX session", f"{middle(throughput['ratio'])}", command))
    if torch := found.get("torch"):
        table.append(
            ("scorer against torch fp32 in batches", f"{middle(torch['times_torch_batched'])}x", "bench_torch.py")
        )
        table.append(("… one text at a time", f"{middle(torch['times_torch_single'])}x", "bench_torch.py"))
        table.append(
            (
                "anger, mean absolute difference to torch fp32",
                f"{torch['anger_mean_absolute_difference']:.4f}",
                "bench_torch.py",
            )
        )
    if latency := found.get("latency"):
        size = f"{latency['model_mb']:.0f} MB, {middle(latency['shipped_ms'], 1)} ms"
        table.append(("model folder; one message on one core", size, "bench_latency.py"))
        whole = f"… against the {latency['layers_of_base']}-layer base in float32"
        table.append((whole, f"{middle(latency['ratio'])} of its time", "bench_latency.py"))
    if memory := found.get("memory"):
        sizes = f"{memory['small']['messages']:,} to {memory['large']['messages']:,} messages"
        table.append(
            (
                f"peak memory, {sizes}",
                f"{memory['small']['peak_mb']:.0f} → {memory['large']['peak_mb']:.0f} MB ({memory['ratio']:.2f}x)",
                "bench_memory.py",
            )
        )
    if first := found.get("first_result"):
        seconds = f"score {middle(first['score_seconds'])} s, audit {middle(first['audit_seconds'])} s"
        table.append(("first result after the start", seconds, "bench_first_result.py"))
    return table


def main() -> None:
    readme = Path(sys.argv[1])
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    found = {row["benchmark"]: row["figures"] for row in kept}
    machines = {f"bench_{row['benchmark']}.py": row["machine"] for row in kept}
    lines = [
        "Speed, median (lowest–highest), on two cores:",
        "",
        "| what | measured | processor | command |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {what} | {value} | {machines[command]['processor']} | `python tests/benchmarks/{command}` |"
        for what, value, command in rows(found)
    ]
    text = readme.read_text(encoding="utf-8")
    readme.write_text(BLOCK.sub(lambda m: f"{m[1]}\n" + "\n".join(lines) + f"\n{m[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()

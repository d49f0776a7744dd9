"""Memory does not grow with the input."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from fake_audit import START, FakePipeline, angry_chat, calm_chat

from pipeline.serialise import conversation_to_json, dump_line
from serve.audit.driver import PartSize, Surroundings, audit
from serve.audit.options import AuditOptions


def peak_of(folder: Path, conversations: int) -> int:
    """Peak of Python's memory while that many conversations are audited, in bytes."""
    source = folder / f"{conversations}.jsonl"
    with source.open("w", encoding="utf-8") as stream:
        for i in range(conversations):
            one = (angry_chat if i % 5 == 0 else calm_chat)(f"c{i}", channel=f"channel-{i % 3}")
            stream.write(dump_line(conversation_to_json(one)) + "\n")
    options = AuditOptions(paths=(str(source),), out=folder / f"out-{conversations}", shown=5)
    around = Surroundings(
        say=lambda _: None,
        advance=lambda *_: None,
        should_stop=lambda: False,
        monotonic=lambda: 0.0,
        now=lambda: START,
    )
    tracemalloc.start()
    try:
        audit(options, FakePipeline(), [source], around, size=PartSize(conversations=50))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ten_times_the_input_takes_no_more_memory(tmp_path: Path) -> None:
    peak_of(tmp_path, 60)  # imports and caches
    assert peak_of(tmp_path, 1_500) <= 1.3 * peak_of(tmp_path, 150)

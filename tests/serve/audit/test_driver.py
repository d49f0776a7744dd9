"""The driver: parts, resumption, outputs, refusals. Reading is real (JSONL), scoring is fake."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fake_audit import START, FakePipeline, angry_chat, calm_chat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError, InputError
from pipeline.formats.format import ReadOptions
from pipeline.records import Conversation
from pipeline.serialise import conversation_to_json, dump_line
from serve.audit.driver import PartSize, Surroundings, audit
from serve.audit.options import AuditOptions, Shard
from serve.audit.parts import PartStore

SMALL = PartSize(conversations=4, messages=1_000, seconds=1e9)


@dataclass
class World:
    """Surroundings that stop, or fail, after so many conversations."""

    stop_after: int | None = None
    fail_after: int | None = None
    said: list[str] = field(default_factory=list)
    seen: int = 0

    def advance(self, messages: int, file: int, files: int) -> None:
        self.seen += 1
        assert 1 <= file <= files + 1
        if self.seen == self.fail_after:
            raise KeyboardInterrupt

    def surroundings(self) -> Surroundings:
        return Surroundings(
            say=self.said.append,
            advance=self.advance,
            should_stop=lambda: self.stop_after is not None and self.seen >= self.stop_after,
            monotonic=lambda: 0.0,
            now=lambda: START,
        )


def write_chats(path: Path, chats: Sequence[Conversation]) -> Path:
    path.write_text("".join(dump_line(conversation_to_json(c)) + "\n" for c in chats), encoding="utf-8")
    return path


def some_chats(name: str, count: int) -> list[Conversation]:
    make: Sequence[Callable[[str], Conversation]] = (angry_chat, calm_chat, calm_chat)
    return [make[i % 3](f"{name}-{i}") for i in range(count)]


@pytest.fixture
def inputs(tmp_path: Path) -> list[Path]:
    return [
        write_chats(tmp_path / f"{name}.jsonl", some_chats(name, count))
        for name, count in (("a", 9), ("b", 1), ("c", 8))
    ]


def options(out: Path, inputs: Sequence[Path], **changes: object) -> AuditOptions:
    return replace(AuditOptions(paths=tuple(map(str, inputs)), out=out, read=ReadOptions()), **changes)


def run(out: Path, inputs: Sequence[Path], world: World | None = None, **changes: object) -> dict[str, object] | None:
    chosen = options(out, inputs, **changes)
    return audit(chosen, FakePipeline(), inputs, (world or World()).surroundings(), size=SMALL)


def outputs(out: Path) -> tuple[object, ...]:
    tables = tuple(pq.read_table(out / name) for name in ("messages.parquet", "conversations.parquet"))
    texts = tuple((out / name).read_bytes() for name in ("scored.jsonl", "alerts.jsonl", "report.html", "audit.json"))
    return (*tables, *texts)


def test_writes_every_output_and_counts(tmp_path: Path, inputs: list[Path]) -> None:
    manifest = run(tmp_path / "out", inputs)
    assert manifest is not None
    counts = manifest["totals"]["counts"]  # type: ignore[index]
    assert (counts["conversations"], counts["escalated"], counts["warned"]) == (18, 7, 7)
    scored = [json.loads(line) for line in (tmp_path / "out/scored.jsonl").read_text("utf-8").splitlines()]
    assert [row["conversation_id"] for row in scored[:2]] == ["a-0", "a-1"]
    assert len(scored) == 18
    alerts = [json.loads(line) for line in (tmp_path / "out/alerts.jsonl").read_text("utf-8").splitlines()]
    assert {(a["source"], a["channel"], a["rule"]) for a in alerts} == {("default", "web", "risk-rising")}
    assert len(alerts) == counts["alerts"] == 14
    assert pq.read_table(tmp_path / "out/messages.parquet").num_rows == counts["messages"]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(breaks=st.lists(st.tuples(st.integers(1, 18), st.booleans()), min_size=1, max_size=4))
def test_a_broken_off_run_continues_to_the_same_result(
    tmp_path: Path, inputs: list[Path], breaks: list[tuple[int, bool]]
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    shutil.rmtree(whole, ignore_errors=True)
    shutil.rmtree(broken, ignore_errors=True)
    run(whole, inputs)
    for after, by_crash in breaks:
        world = World(fail_after=after) if by_crash else World(stop_after=after)
        try:
            run(broken, inputs, world)
        except KeyboardInterrupt:
            assert by_crash
    run(broken, inputs)
    assert outputs(broken) == outputs(whole)


def test_finished_parts_stay_untouched_and_are_not_scored_again(tmp_path: Path, inputs: list[Path]) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(out, inputs, World(fail_after=10))
    before = {path: path.stat().st_mtime_ns for path in sorted((out / "parts").glob("0*/*"))}
    assert {path.parent.name for path in before} == {"00001", "00002"}
    pipeline, world = FakePipeline(), World()
    audit(options(out, inputs), pipeline, inputs, world.surroundings(), size=SMALL)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert pipeline.assessed == 18 - 8
    assert "continues after 2 finished parts" in world.said[0]


def test_a_damaged_part_and_those_behind_it_are_done_again(tmp_path: Path, inputs: list[Path]) -> None:
    run(tmp_path / "whole", inputs)
    out = tmp_path / "out"
    run(out, inputs, World(stop_after=12))
    (out / "parts/00002/scored.jsonl").write_bytes(b"half a li")
    pipeline = FakePipeline()
    audit(options(out, inputs), pipeline, inputs, World().surroundings(), size=SMALL)
    assert pipeline.assessed == 18 - 4
    assert outputs(out) == outputs(tmp_path / "whole")


def test_a_complete_audit_is_not_done_again(tmp_path: Path, inputs: list[Path]) -> None:
    first = run(tmp_path / "out", inputs)
    world = World()
    assert run(tmp_path / "out", inputs, world) == first
    assert world.seen == 0
    assert "complete" in world.said[0]
    run(tmp_path / "out", inputs, world, restart=True)
    assert world.seen == 18


def test_lost_outputs_are_put_together_again_without_scoring(tmp_path: Path, inputs: list[Path]) -> None:
    run(tmp_path / "out", inputs)
    before = outputs(tmp_path / "out")
    (tmp_path / "out/report.html").unlink()
    (tmp_path / "out/audit.json").unlink()
    world = World()
    run(tmp_path / "out", inputs, world)
    assert world.seen == 0
    assert outputs(tmp_path / "out") == before


def test_an_unfinished_audit_of_something_else_is_never_mixed_in(tmp_path: Path, inputs: list[Path]) -> None:
    out = tmp_path / "out"
    run(out, inputs, World(stop_after=6))
    with pytest.raises(ConfigError, match="--restart"):
        run(out, inputs[:1])
    run(out, inputs[:1], restart=True)
    assert len((out / "scored.jsonl").read_text("utf-8").splitlines()) == 9


@pytest.mark.parametrize(
    "changes",
    [{"shard": Shard(1, 2)}, {"as_of": START}, {"read": ReadOptions(agents=("x",))}, {"shown": 3}],
    ids=lambda changes: next(iter(changes)),
)
def test_other_options_are_another_audit(tmp_path: Path, inputs: list[Path], changes: dict[str, object]) -> None:
    run(tmp_path / "out", inputs)
    world = World()
    run(tmp_path / "out", inputs, world, **changes)
    assert "replaces" in world.said[0]
    run(tmp_path / "fresh", inputs, **changes)
    assert outputs(tmp_path / "out") == outputs(tmp_path / "fresh")


def test_a_changed_input_is_another_audit(tmp_path: Path, inputs: list[Path]) -> None:
    run(tmp_path / "out", inputs)
    write_chats(inputs[0], [calm_chat("new")])
    manifest = run(tmp_path / "out", inputs)
    assert manifest is not None
    assert manifest["totals"]["counts"]["conversations"] == 10  # type: ignore[index]


def test_shards_are_disjoint_and_together_everything(tmp_path: Path, inputs: list[Path]) -> None:
    found: list[str] = []
    for index in (1, 2, 3):
        out = tmp_path / f"shard-{index}"
        run(out, inputs, shard=Shard(index, 3))
        found += [
            json.loads(line)["conversation_id"] for line in (out / "scored.jsonl").read_text("utf-8").splitlines()
        ]
    run(tmp_path / "all", inputs)
    everything = [
        json.loads(line)["conversation_id"] for line in (tmp_path / "all/scored.jsonl").read_text("utf-8").splitlines()
    ]
    assert sorted(found) == sorted(everything)
    assert len(set(found)) == 18


def test_an_empty_shard_is_a_result(tmp_path: Path) -> None:
    one = write_chats(tmp_path / "one.jsonl", [calm_chat("lonely")])
    empty = next(s for s in (Shard(1, 2), Shard(2, 2)) if not s.holds(calm_chat("lonely")))
    manifest = run(tmp_path / "out", [one], shard=empty)
    assert manifest is not None
    assert pq.read_table(tmp_path / "out/conversations.parquet").num_rows == 0
    assert (tmp_path / "out/scored.jsonl").read_bytes() == b""


def test_one_unreadable_file_among_many_is_reported(tmp_path: Path, inputs: list[Path]) -> None:
    damaged = tmp_path / "broken.bin"
    damaged.write_bytes(bytes(range(256)) * 40)
    manifest = run(tmp_path / "out", [inputs[0], damaged, inputs[1]])
    assert manifest is not None
    assert manifest["unread"] == 1
    assert "broken.bin" in manifest["inputs"][1]["failure"]  # type: ignore[index]
    assert "broken.bin" in (tmp_path / "out/report.html").read_text("utf-8")


def test_nothing_readable_is_an_error_and_leaves_no_parts(tmp_path: Path) -> None:
    damaged = tmp_path / "broken.bin"
    damaged.write_bytes(bytes(range(256)) * 40)
    for _ in range(2):
        with pytest.raises(InputError, match="no conversation could be read"):
            run(tmp_path / "out", [damaged])
    assert not list((tmp_path / "out/parts").glob("0*"))


def test_two_audits_cannot_write_into_one_folder(tmp_path: Path, inputs: list[Path]) -> None:
    with PartStore(tmp_path / "out"), pytest.raises(ConfigError, match="another audit"):
        run(tmp_path / "out", inputs)


def test_foreign_folders_in_parts_survive(tmp_path: Path, inputs: list[Path]) -> None:
    mine = tmp_path / "out/parts/mine"
    mine.mkdir(parents=True)
    run(tmp_path / "out", inputs, restart=True)
    assert mine.is_dir()


def test_parts_grow_with_time() -> None:
    class Writer:
        class totals:  # noqa: N801 - stands for the attribute of a PartWriter
            counts: dict[str, int] = {"conversations": 1, "messages": 1}  # noqa: RUF012

    size = PartSize(seconds=8.0)
    closed_after = [next(s for s in seconds() if size.reached(Writer(), number, s)) for number in range(1, 8)]  # type: ignore[arg-type]
    assert closed_after == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def seconds() -> Iterator[float]:
    yield from (n / 4 for n in range(100))


def test_an_output_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path, inputs: list[Path]) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot write here"):
        run(tmp_path / "taken" / "out", inputs)

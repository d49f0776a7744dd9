"""The command: options, exit codes, signals. Reading is real, scoring is fake."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_audit import FakePipeline, angry_chat, calm_chat

from pipeline.errors import BoiloverError, ConfigError, InputError, UnknownName
from pipeline.records import Conversation, Role
from pipeline.serialise import conversation_to_json, dump_line
from serve.audit.options import Shard
from serve.commands import audit as command

SLOW = """
import sys, time, argparse
from fake_audit import FakePipeline
from serve.commands import audit as command

class Slow(FakePipeline):
    def _assess(self, conversation):
        time.sleep(0.05)
        return super()._assess(conversation)

command.build_pipeline = lambda args: Slow()
parser = argparse.ArgumentParser()
command.add_arguments(parser)
sys.exit(command.run(parser.parse_args(sys.argv[1:])))
"""


def write_chats(path: Path, chats: list[Conversation]) -> Path:
    path.write_text("".join(dump_line(conversation_to_json(c)) + "\n" for c in chats), encoding="utf-8")
    return path


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    return write_chats(tmp_path / "chats.jsonl", [angry_chat("退货-1"), calm_chat("b"), calm_chat("c")])


def parse(*words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(command, "build_pipeline", lambda args: FakePipeline())
    return command.run(parse(*words))


def test_everything_read_exits_0_and_prints_the_riskiest_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], chats: Path, tmp_path: Path
) -> None:
    assert run(monkeypatch, chats, "--out", tmp_path / "out") == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[1].split()[:3] == ["1", "1.00", "0.95"]
    assert printed.out.splitlines()[1].endswith("2 msg, 8min   zh    web      refund_return  退货-1")
    assert len(printed.out.splitlines()) == 4
    assert "3 conversations" in printed.err


def test_skipped_input_exits_1_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], chats: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.bin").write_bytes(bytes(range(256)) * 40)
    assert run(monkeypatch, chats, tmp_path / "broken.bin", "--out", tmp_path / "out") == 1
    assert "broken.bin" in capsys.readouterr().err


def test_a_skipped_record_exits_1(monkeypatch: pytest.MonkeyPatch, chats: Path, tmp_path: Path) -> None:
    chats.write_text(chats.read_text("utf-8") + '{"conversation_id": "d", "messages": 3}\n', encoding="utf-8")
    assert run(monkeypatch, chats, "--out", tmp_path / "out") == 1
    manifest = json.loads((tmp_path / "out/audit.json").read_text("utf-8"))
    assert sum(manifest["skipped"].values()) == 1


@pytest.mark.parametrize("words", [["missing.txt"], ["empty"]])
def test_nothing_readable_is_an_input_error_with_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        run(monkeypatch, *(tmp_path / word for word in words), "--out", tmp_path / "out")
    assert caught.value.exit_code == 2


def test_an_unknown_format_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, chats: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnknownName, match="jsonl"):
        run(monkeypatch, chats, "--format", "jsonll", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [["--preset", "nosuch"], ["--column", "nosuch=内容"]])
def test_an_unknown_preset_or_field_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, chats: Path, tmp_path: Path, words: list[str]
) -> None:
    with pytest.raises(BoiloverError, match="nosuch") as caught:
        run(monkeypatch, chats, "--out", tmp_path / "out", *words)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_top_decides_how_many_are_printed_and_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], chats: Path, tmp_path: Path
) -> None:
    run(monkeypatch, chats, "--out", tmp_path / "out", "--top", 2)
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert len(json.loads((tmp_path / "out/audit.json").read_text("utf-8"))["riskiest"]) == 2


def test_every_option_reaches_the_reader() -> None:
    options = command.options_of(
        parse(
            "a", "b", "--timezone", "+08:00", "--session-gap", "90m", "--agent", "小美", "--agent", "Li", "--role", "kefu=agent",
            "--column", "text=内容", "--preset", "meiqia", "--date-order", "dmy", "--encoding", "big5", "--channel", "app",
            "--as-of", "2026-05-01T18:00", "--shard", "0/2", "--format", "jsonl", "--restart",
        )
    )  # fmt: skip
    read = options.read
    assert (options.paths, options.format_name, options.shard, options.restart) == (
        ("a", "b"),
        "jsonl",
        Shard(2, 2),
        True,
    )
    assert (read.session_gap, read.agents, read.roles) == (timedelta(minutes=90), ("小美", "Li"), {"kefu": Role.AGENT})
    assert (read.columns, read.preset, read.date_order) == ({"text": "内容"}, "meiqia", "dmy")
    assert (read.encoding, read.channel) == ("big5", "app")
    assert options.as_of == datetime(2026, 5, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    [
        ["--timezone", "Mars/Olympus"], ["--timezone", "../../etc/passwd"], ["--timezone", "+99:00"], ["--as-of", "soon"],
        ["--role", "kefu"], ["--role", "kefu=boss"], ["--column", "=x"],
    ],
)  # fmt: skip
def test_wrong_values_are_config_errors(words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        command.options_of(parse("a", *words))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["--shard", "3/2"],
        ["--shard", "1"],
        ["--shard", "1/0"],
        ["--session-gap", "1y"],
        ["--session-gap", "0h"],
        ["--top", "0"],
        ["--top", "501"],
        ["--threads", "x"],
        ["--engine", "ray"],
    ],
)
def test_wrong_usage_exits_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse("a", *words)
    assert caught.value.code == 2


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_stopped_process_continues_to_the_same_result(tmp_path: Path, first: signal.Signals) -> None:
    chats = write_chats(tmp_path / "chats.jsonl", [angry_chat(f"c{i}") for i in range(30)])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", SLOW, str(chats), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    parts = tmp_path / "out" / "parts"
    deadline = time.monotonic() + 30
    while not (parts / "00001").is_dir() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(first)
    _, errors = process.communicate(timeout=30)
    if first is signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 128 + first
        assert "Run the same command to continue" in errors
    kept = len((parts / "00001" / "scored.jsonl").read_text("utf-8").splitlines())
    again = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 0, again.stderr
    assert "continues after" in again.stderr
    ids = [
        json.loads(line)["conversation_id"] for line in (tmp_path / "out/scored.jsonl").read_text("utf-8").splitlines()
    ]
    assert ids == [f"c{i}" for i in range(30)]
    assert 0 < kept < 30


def test_importing_the_command_is_light() -> None:
    heavy = "pyarrow numpy jinja2 onnxruntime yaml tqdm jieba"
    code = f"import serve.commands.audit, sys; print(*[m for m in {heavy.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

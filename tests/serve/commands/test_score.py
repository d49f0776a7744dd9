from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import chats, fake_pipeline

from pipeline.api import Model
from pipeline.serialise import conversation_to_json, dump_line
from serve import cli

COMMAND = (sys.executable, "-c", "from serve.cli import script; script()")
MESSAGE = {"id": "m1", "ts": "2026-05-01T10:00:00+08:00", "role": "customer", "text": "13800001234 我要退款"}
CHAT = {"conversation_id": "c-001", "messages": [MESSAGE]}


@pytest.fixture
def boilover(monkeypatch, capsysbinary):
    """Runs the command on bytes, with a fake model: exit code, lines of stdout, stderr."""
    model = Model(fake_pipeline())
    monkeypatch.setattr(Model, "load", lambda *_args, **_options: model)

    def run(*words: str, data: bytes = b""):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(data)))
        code = cli.main(["score", *words])
        out, err = capsysbinary.readouterr()
        assert out == b"" or out.endswith(b"\n")
        return code, [json.loads(line) for line in out.split(b"\n")[:-1]], err.decode()

    return run


def jsonl(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class TestConversations:
    def test_one_result_a_line_in_the_callers_text(self, boilover) -> None:
        code, (first, second), err = boilover(data=jsonl(CHAT, {**CHAT, "conversation_id": "c-002"}))
        assert (code, err) == (0, "")
        assert [first["conversation_id"], second["conversation_id"]] == ["c-001", "c-002"]
        (signal,) = first["messages"][0]["signals"]
        assert MESSAGE["text"][signal["start"] : signal["end"]] == signal["text"] == "退款"

    @settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
    @given(st.lists(chats(), max_size=3))
    def test_any_conversation_comes_out_once_in_order(self, boilover, conversations) -> None:
        data = "".join(dump_line(conversation_to_json(c)) + "\n" for c in conversations).encode()
        code, results, _ = boilover(data=data)
        assert code == 0
        assert [[m["id"] for m in r["messages"]] for r in results] == [
            [m.message_id for m in c.messages] for c in conversations
        ]

    def test_a_file_is_read_by_name_with_or_without_bom_and_without_a_last_line_end(self, boilover, tmp_path) -> None:
        path = tmp_path / "chats.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + jsonl(CHAT) + b"\n  \r\n" + jsonl(CHAT).rstrip())
        code, results, _ = boilover(str(path))
        assert (code, len(results)) == (0, 2)

    @pytest.mark.parametrize(
        "bad",
        [
            b"{",
            b"\xff\xfe\x00",
            b"[1]",
            b"\x00",
            b'{"conversation_id": "c"}',
            b"[" * 100_000,
            b"1" * 10_000,
            jsonl({**CHAT, "labels": {"conversation": 1}}).strip(),
        ],
    )
    def test_a_bad_line_is_counted_and_the_rest_scored(self, boilover, bad) -> None:
        code, results, err = boilover(data=jsonl(CHAT) + bad + b"\n" + jsonl(CHAT))
        assert (code, len(results)) == (1, 2)
        assert "-:2: " in err
        assert "1 skipped" in err

    def test_input_of_which_nothing_can_be_used_ends_with_two(self, boilover) -> None:
        code, results, err = boilover(data=b"hello\nthis is no json 13800001234\n" * 200)
        assert (code, results) == (2, [])
        assert "400 skipped: a line is not JSON" in err
        assert err.count("\n") < 60
        assert "13800001234" not in err

    def test_no_input_is_no_error(self, boilover) -> None:
        assert boilover() == (0, [], "")

    def test_a_missing_file_ends_with_two(self, boilover) -> None:
        code, results, err = boilover("no/such/file.jsonl")
        assert (code, results) == (2, [])
        assert err.startswith("boilover: no/such/file.jsonl: cannot be read")

    def test_full_adds_every_heads_probability(self, boilover) -> None:
        _, (plain,), _ = boilover(data=jsonl(CHAT))
        _, (full,), _ = boilover("--full", data=jsonl(CHAT))
        assert "scores" not in plain["messages"][0]
        assert full["messages"][0].pop("scores")["refund_demand"] == pytest.approx(0.9)
        assert full == plain


class TestLines:
    @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=60), st.booleans())
    def test_one_line_out_for_every_line_in_whatever_the_bytes(self, boilover, data, ends: bool) -> None:
        data = data.replace(b"\xf7", b"\n") + (b"\n" if ends else b"")
        code, results, err = boilover("--lines", data=data)
        expected = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
        assert (code, err) == (0, "")
        assert [r["id"] for r in results] == [str(n) for n in range(1, expected + 1)]

    @pytest.mark.parametrize("empty", [b"\n", b"\r\n", b" \n", b"\xe2\x80\x8b\n"])
    def test_an_empty_line_is_answered_too(self, boilover, empty) -> None:
        code, (before, result, after), _ = boilover("--lines", data=b"hi\n" + empty + b"hi\n")
        assert code == 0
        assert (result["language"], result["anger"], result["frustration"], result["signals"]) == ("und", 0, 0, [])
        assert {**before, "id": "3"} == after

    @pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1c", "\r"])
    def test_only_lf_ends_a_line(self, boilover, odd) -> None:
        _, results, _ = boilover("--lines", data=f"我要{odd}退款\nhi\n".encode())
        assert len(results) == 2
        assert results[0]["signals"][0]["text"] == "退款"

    def test_more_lines_than_a_group_are_numbered_through(self, boilover) -> None:
        _, results, _ = boilover("--lines", data=b"".join(b"line %d\n" % n for n in range(700)))
        assert [r["id"] for r in results] == [str(n) for n in range(1, 701)]

    @pytest.mark.parametrize(
        ("line", "words"), [("電話13800001234，我要退款\r\n", "退款"), ("li@example.com refund now\n", "refund")]
    )
    def test_spans_point_into_the_line_as_it_was_given(self, boilover, line, words) -> None:
        _, (result,), _ = boilover("--lines", data=line.encode())
        (signal,) = result["signals"]
        assert (line[signal["start"] : signal["end"]], signal["text"]) == (words, words)

    def test_full_works_for_lines(self, boilover) -> None:
        _, (result,), _ = boilover("--lines", "--full", data=b"refund\n")
        assert result["scores"]["refund_demand"] == pytest.approx(0.9)


@pytest.mark.model
@pytest.mark.parametrize("data", [b"hi\n", jsonl(CHAT)])
def test_a_slow_pipe_is_answered_before_the_input_ends(repository, model_folder, data):
    flags = [] if data.startswith(b"{") else ["--lines"]
    command = subprocess.Popen(
        [*COMMAND, "score", "--model", str(model_folder), *flags],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        for _ in range(3):
            command.stdin.write(data)
            command.stdin.flush()
            assert json.loads(command.stdout.readline())
        command.stdin.close()
        assert command.wait(60) == 0
        assert (command.stdout.read(), command.stderr.read()) == (b"", b"")
    finally:
        command.kill()
        command.stdin.close()
        command.stdout.close()
        command.stderr.close()


@pytest.mark.model
def test_a_reader_that_goes_away_ends_the_command_though_its_input_is_open(repository, model_folder):
    command = subprocess.Popen(
        [*COMMAND, "score", "--lines", "--model", str(model_folder)],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        command.stdin.write(b"hi\n")
        command.stdin.flush()
        assert command.stdout.readline()
        command.stdout.close()
        command.stdin.write(b"hi\n")
        command.stdin.flush()
        assert command.wait(60) == cli.BROKEN_PIPE
        assert command.stderr.read() == b""
    finally:
        command.kill()
        command.stdin.close()
        command.stderr.close()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_model_that_is_none_ends_with_two(capsys, monkeypatch, tmp_path, what):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b"hi\n")))
    place = tmp_path if what == "folder" else tmp_path / "model.onnx"
    assert cli.main(["score", "--lines", "--model", str(place)]) == 2
    assert "no model here" in capsys.readouterr().err

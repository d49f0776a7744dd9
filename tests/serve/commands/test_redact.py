from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.serialise import conversation_from_json
from pipeline.text.redact import redact
from serve import cli

COMMAND = (sys.executable, "-c", "from serve.cli import script; script()")
CHAT = {
    "conversation_id": "c-001",
    "channel": "whatsapp",
    "customer_id": "u-77",
    "messages": [
        {
            "id": "m1",
            "ts": "2026-05-01T10:00:00+08:00",
            "role": "customer",
            "sender": "张伟",
            "text": "电话13800001234",
        },
        {"id": "m2", "ts": "2026-05-01T10:01:00+08:00", "role": "agent", "sender": "Mei Tan", "text": "张伟您好"},
    ],
    "labels": {
        "conversation": {
            "categories": [],
            "stage": "presale",
            "escalated": False,
            "escalation_at": None,
            "outcome": "resolved",
            "csat": 4,
        },
        "messages": {"m2": {"acts": ["greeting"]}},
    },
}


@pytest.fixture
def boilover(monkeypatch, capsysbinary):
    """Runs the command on bytes: exit code, stdout, stderr."""

    def run(*words: str, data: bytes = b""):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(data)))
        code = cli.main(["redact", *words])
        out, err = capsysbinary.readouterr()
        return code, out, err.decode()

    return run


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("我的电话是13800001234，快点", "我的电话是<PHONE>，快点"),
        ("write to li.na@example.com", "write to <EMAIL>"),
        ("打12315投诉，退我350元", "打12315投诉，退我350元"),
        ("", ""),
    ],
)
def test_personal_data_leaves_a_line_and_the_complaint_stays(boilover, line, expected):
    assert boilover(data=f"{line}\n".encode()) == (0, f"{expected}\n".encode(), "")


@settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60), st.booleans())
def test_lines_stay_lines_whatever_the_bytes(boilover, data, ends: bool):
    data = data.replace(b"\xf7", b"\n") + (b"\n" if ends else b"")
    code, out, err = boilover(data=data)
    assert (code, err) == (0, "")
    assert out.count(b"\n") == data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
    assert out.decode("utf-8").split("\n")[0] == redact(data.split(b"\n")[0].decode("utf-8", "replace")).text


def test_windows_line_ends_stay(boilover):
    assert boilover(data=b"hi\r\nyou\r\n")[1] == b"hi\r\nyou\r\n"


@pytest.mark.parametrize(("name", "line"), [("王小明", "王小明在吗"), ("Priya", "is Priya there?")])
def test_a_given_name_is_redacted(boilover, name, line):
    assert name in boilover(data=line.encode())[1].decode()
    assert boilover("--name", name, data=line.encode())[1].decode() == line.replace(name, "<NAME>") + "\n"


def test_conversations_lose_names_and_ids_of_persons_and_keep_their_labels(boilover):
    code, out, err = boilover("--jsonl", data=json.dumps(CHAT).encode() + b"\n")
    assert (code, err) == (0, "")
    row = json.loads(out)
    assert [m["text"] for m in row["messages"]] == ["电话<PHONE>", "<NAME>您好"]
    assert row["messages"][0]["sender"] == "customer"
    assert b"Mei" not in out
    assert "customer_id" not in row
    assert row["labels"] == CHAT["labels"]
    assert conversation_from_json(row).conversation_id == "c-001"


def test_a_name_is_redacted_in_conversations_too(boilover):
    chat = {**CHAT, "messages": [{**CHAT["messages"][0], "text": "Priya promised it"}], "labels": None}
    _, out, _ = boilover("--jsonl", "--name", "Priya", data=json.dumps(chat).encode())
    assert json.loads(out)["messages"][0]["text"] == "<NAME> promised it"


def test_redacting_twice_changes_nothing_more(boilover):
    once = boilover("--jsonl", data=json.dumps(CHAT).encode())[1]
    twice = json.loads(boilover("--jsonl", data=once)[1])
    assert [m["text"] for m in twice["messages"]] == [m["text"] for m in json.loads(once)["messages"]]


@pytest.mark.parametrize(("good", "code"), [(1, 1), (0, 2)])
def test_bad_conversations_are_counted(boilover, good, code):
    data = (json.dumps(CHAT).encode() + b"\n") * good + b"{\n\xff\n"
    done, out, err = boilover("--jsonl", data=data)
    assert (done, out.count(b"\n")) == (code, good)
    assert "2 lines skipped" in err


def test_a_missing_file_ends_with_two(boilover):
    code, out, err = boilover("no/such.txt")
    assert (code, out) == (2, b"")
    assert "no/such.txt" in err


@pytest.mark.parametrize("flags", [(), ("--jsonl",)])
def test_a_slow_pipe_is_answered_before_the_input_ends(repository, flags):
    command = subprocess.Popen(
        [*COMMAND, "redact", *flags], cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    line = json.dumps(CHAT).encode() if flags else "电话13800001234".encode()
    try:
        for _ in range(2):
            command.stdin.write(line + b"\n")
            command.stdin.flush()
            assert "<PHONE>" in command.stdout.readline().decode()
        command.stdin.close()
        assert command.wait(60) == 0
    finally:
        command.kill()
        command.stdin.close()
        command.stdout.close()

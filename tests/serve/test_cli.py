from __future__ import annotations

import argparse
import re
import subprocess
import sys
from importlib.metadata import entry_points, version
from io import StringIO

import pytest

from pipeline.errors import ConfigError, ServiceUnavailable
from serve import cli

COMMAND = (sys.executable, "-c", "from serve.cli import script; script()")
HEAVY = (
    "torch",
    "transformers",
    "mlflow",
    "onnxruntime",
    "numpy",
    "pyarrow",
    "tokenizers",
    "jieba",
    "opencc",
    "pydantic",
    "jinja2",
)


class Given:
    """A command that does what the test says."""

    SUMMARY = "does what the test says"

    def __init__(self, outcome):
        self.outcome = outcome

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--flag")

    def run(self, args: argparse.Namespace) -> int:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.fixture
def given(monkeypatch):
    def install(outcome) -> None:
        monkeypatch.setattr(cli, "_load", lambda _entry: Given(outcome))

    return install


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (0, 0),
        (1, 1),
        (2, 2),
        (ConfigError("no"), 2),
        (ServiceUnavailable("gone"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(given, outcome, code):
    given(outcome)
    assert cli.main(["score"]) == code


def test_an_error_goes_to_stderr_and_nothing_to_stdout(given, capsys):
    given(ConfigError("a key is unknown", path="c.yaml", line=3, fix="remove it."))
    cli.main(["score"])
    out, err = capsys.readouterr()
    assert (out, err) == ("", "boilover: c.yaml:3: a key is unknown\n  Fix: remove it.\n")


def test_a_fault_of_our_own_is_not_hidden(given):
    given(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.main(["score"])


@pytest.mark.parametrize("words", [[], ["nonsense"], ["score", "--nonsense"], ["score", "--threads", "0"]])
def test_wrong_usage_ends_with_two(words, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    assert "usage: boilover" in capsys.readouterr().err


def test_help_lists_every_command_with_its_summary(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    shown = re.sub(r"\s+", " ", capsys.readouterr().out)
    commands = entry_points(group=cli.GROUP)
    assert {"audit", "score", "redact", "formats"} <= commands.names
    for entry in commands:
        assert re.sub(r"\s+", " ", f"{entry.name} {entry.load().SUMMARY}") in shown
    assert "exit codes" in shown


@pytest.mark.parametrize("name", sorted(entry_points(group=cli.GROUP).names))
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "--help"])
    assert caught.value.code == 0
    assert f"usage: boilover {name}" in capsys.readouterr().out


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"boilover {version('boilover')}\n"


def test_only_the_command_that_runs_is_imported(monkeypatch):
    loaded = []
    monkeypatch.setattr(cli, "_load", lambda entry: loaded.append(entry.name) or Given(0))
    cli.main(["score", "--flag", "redact"])
    assert loaded == ["score"]


def test_streams_without_an_encoding_are_left_alone(given, monkeypatch):
    given(0)
    monkeypatch.setattr(sys, "stdout", StringIO())
    assert cli.main(["score"]) == 0


def test_help_is_quick_and_loads_nothing_heavy(repository):
    program = f"""
import sys, time
from serve.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print(time.process_time(), *(m for m in {HEAVY!r} if m in sys.modules), sep="\\n", file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=True)
    seconds, *heavy = done.stderr.splitlines()
    assert heavy == []
    assert float(seconds) < 0.5


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_chats_are_utf8_whatever_the_locale(repository, locale):
    done = subprocess.run(
        [*COMMAND, "redact"],
        cwd=repository,
        input="电话13800001234".encode(),
        env={"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode("utf-8") == "电话<PHONE>\n"


def test_a_reader_that_goes_away_ends_the_command_quietly(repository):
    command = subprocess.Popen(
        [*COMMAND, "redact"], cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    command.stdin.write(b"one\n")
    command.stdin.flush()
    assert command.stdout.readline() == b"one\n"
    command.stdout.close()
    command.stdin.write(b"two\n")
    command.stdin.flush()  # and stays open: the command must end all the same
    try:
        assert command.wait(60) == cli.BROKEN_PIPE
        assert command.stderr.read() == b""
    finally:
        command.kill()
        command.stdin.close()
        command.stderr.close()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_command_ends_though_its_input_is_open(repository, name):
    import signal

    command = subprocess.Popen(
        [*COMMAND, "redact"], cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        command.stdin.write(b"one\n")
        command.stdin.flush()
        assert command.stdout.readline() == b"one\n"
        command.send_signal(getattr(signal, name))
        assert command.wait(60) == cli.INTERRUPTED
        assert command.stderr.read() == b""
    finally:
        command.kill()
        for stream in (command.stdin, command.stdout, command.stderr):
            stream.close()

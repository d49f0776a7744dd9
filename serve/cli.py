"""The command ``boilover``: finds its subcommands by name and runs one.

Each subcommand is a module, named by an entry point of the group ``boilover.commands``, with
``SUMMARY``, ``add_arguments(parser)`` and ``run(args) -> exit code``. Only the module that is run is imported,
except for ``--help``, which reads the summaries.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import Protocol, cast

from pipeline.errors import BoiloverError

GROUP = "boilover.commands"
SWITCH_SECONDS = 1e-4
"""Scoring threads need the interpreter for microseconds a text; at Python's 5 ms they wait longer for it than they score."""
INTERRUPTED = 130
BROKEN_PIPE = 141


class Command(Protocol):
    """A subcommand's module."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""

    def run(self, args: argparse.Namespace) -> int:
        """Do the work and return the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 done, 1 some input skipped, 2 wrong usage, 3 service down)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _utf8_streams()
    args = _parser(arguments).parse_args(arguments)
    try:
        code = cast("int", args.run(args))
        sys.stdout.flush()
    except BoiloverError as error:
        sys.stderr.write(f"boilover: {error.describe()}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`): end quietly, and keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code


def script() -> None:
    """Entry point of the installed script."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.setswitchinterval(SWITCH_SECONDS)
    sys.exit(main())


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="boilover",
        description="Scores anger and frustration in Chinese and English service chats and warns before a conversation boils over.",
        epilog="exit codes: 0 done; 1 done, but some input was skipped and counted; 2 wrong usage or nothing readable; 3 a service is unavailable",
    )
    parser.add_argument("--version", action="version", version=f"boilover {version('boilover')}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands = {entry.name: entry for entry in entry_points(group=GROUP)}
    chosen = next((a for a in arguments if not a.startswith("-")), None)
    for name in sorted(commands):
        if chosen in commands and name != chosen:
            subparsers.add_parser(name)
            continue
        command = _load(commands[name])
        sub = subparsers.add_parser(name, help=command.SUMMARY, description=command.SUMMARY)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


def _load(entry: EntryPoint) -> Command:
    return cast("Command", entry.load())


def _utf8_streams() -> None:
    """Chats are UTF-8 whatever the locale; lone surrogates of a broken export do not end a run."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")

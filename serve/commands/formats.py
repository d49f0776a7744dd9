"""``boilover formats``: which chat formats can be read, each with an example."""

from __future__ import annotations

import argparse
import json
import sys
from textwrap import indent

SUMMARY = "list the chat formats that can be read, with an example of each"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--names", action="store_true", help="names and titles only, one format a line")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: name, title, example")


def run(args: argparse.Namespace) -> int:
    """Write the list to stdout; exit code 0."""
    from pipeline.formats.format import FORMATS

    for entry in FORMATS:
        if args.names:
            sys.stdout.write(f"{entry.name:15} {entry.title}\n")
        elif args.json:
            row = {"name": entry.name, "title": entry.title, "example": entry.example}
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(f"{entry.name}\n  {entry.title}\n{indent(entry.example.rstrip(), '    ')}\n\n")
    return 0

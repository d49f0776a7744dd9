"""``boilover audit``: chat exports in, scored tables, alerts and a report out."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from pipeline.errors import BoiloverError
from serve.audit.values import gap, moment, pairs, positive, roles, shard, time_zone, top

if TYPE_CHECKING:
    from serve.audit.driver import BatchPipeline, Surroundings
    from serve.audit.options import AuditOptions

SUMMARY = "score finished chats: tables, alerts and a report for reading"
DESCRIPTION = """\
Reads chat exports (files, folders, globs), scores every message and writes into DIR:
messages.parquet, conversations.parquet, alerts.jsonl, scored.jsonl, report.html, audit.json.
Prints the riskiest conversations. A run that was stopped goes on when the same command is given again."""
PRINTED, SHOWN = 10, 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.description, parser.formatter_class = DESCRIPTION, argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", help="file, folder or glob")
    add("--out", type=Path, default=Path("boilover-audit"), metavar="DIR", help="output folder (./boilover-audit)")
    add("--format", default="auto", metavar="NAME", help="format of the inputs, see `boilover formats` (auto)")
    add("--shard", type=_argument(shard), metavar="I/N", help="only share I of N of the conversations, I from 1 to N")
    add("--as-of", metavar="TIME", help="judge deadlines up to this time, e.g. 2026-05-01T18:00:00+08:00")
    add("--timezone", metavar="ZONE", help="zone of times that state none, e.g. Asia/Shanghai or +08:00 (UTC)")
    add(
        "--session-gap",
        type=_argument(gap),
        default=timedelta(hours=24),
        metavar="GAP",
        help="cut long exports where nothing was said this long: 90m, 24h, 2d (24h)",
    )
    add(
        "--agent",
        action="append",
        default=[],
        metavar="NAME",
        help="this sender is an agent; everybody else is then a customer (repeatable)",
    )
    add(
        "--role",
        action="append",
        default=[],
        metavar="WORD=ROLE",
        help="a role word or sender and what it means: customer, agent, bot, system (repeatable)",
    )
    add(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=HEADER",
        help="tables: which column holds a field (repeatable)",
    )
    add("--preset", metavar="NAME", help="tables: a preset of columns")
    add("--date-order", choices=("dmy", "mdy", "ymd"), help="order of day, month and year, where it is known")
    add("--encoding", metavar="NAME", help="encoding of the inputs, where it is known")
    add("--channel", metavar="NAME", help="channel of inputs that name none")
    add("--model", metavar="MODEL", help="model folder or models:/NAME@ALIAS (the shipped model)")
    add("--config", type=Path, metavar="FILE", help="configuration over the defaults")
    add(
        "--top",
        type=_argument(top),
        metavar="N",
        help=f"riskiest conversations to print and to show in the report ({PRINTED} and {SHOWN})",
    )
    add("--threads", type=_argument(positive), metavar="N", help="threads of the model (all cores)")
    add("--restart", action="store_true", help="discard what an earlier run left in DIR")


def run(args: argparse.Namespace) -> int:
    """Run the audit; 0 done, 1 done but some input was skipped, 128 + signal number where it was stopped."""
    from pipeline.formats.format import FORMATS
    from pipeline.formats.read import discover
    from pipeline.formats.table_presets import check_options
    from serve.audit.driver import audit

    options = options_of(args)
    if options.format_name != "auto":
        FORMATS.get(options.format_name)
    check_options(options.read)
    left_out: Counter[str] = Counter()
    files = discover(options.paths, left_out=left_out)
    if left_out:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in left_out.most_common())
        say(f"left out, as media and documents: {kinds}")
    pipeline = build_pipeline(args)
    with Interruption() as interruption, progress() as advance:
        manifest = audit(options, pipeline, files, surroundings(interruption, advance))
    if manifest is None:
        say("stopped; what was scored is kept. Run the same command to continue.")
        return 128 + interruption.number
    return show(manifest, options)


def build_pipeline(args: argparse.Namespace) -> BatchPipeline:
    """The pipeline of the configuration and model that the user named."""
    from pipeline.run import build

    return build(args.config, model=args.model, threads=args.threads)


def show(manifest: Mapping[str, Any], options: AuditOptions) -> int:
    """Print the riskiest conversations to standard output and the rest to standard error; the exit code."""
    from serve.audit.console import headline, is_complete, remarks, riskiest_table

    sys.stdout.write(riskiest_table(manifest, rows=options.printed) + "\n")
    for line in remarks(manifest):
        say(line)
    say(headline(manifest))
    say(f"report: {options.out / 'report.html'}")
    return 0 if is_complete(manifest) else 1


def options_of(args: argparse.Namespace) -> AuditOptions:
    """Check and convert the arguments; raises ``ConfigError`` with the remedy."""
    from pipeline.formats.format import ReadOptions
    from serve.audit.options import AuditOptions

    zone = None if args.timezone is None else time_zone(args.timezone)
    return AuditOptions(
        paths=tuple(args.paths),
        out=args.out,
        format_name=args.format,
        read=ReadOptions(
            timezone=zone,
            session_gap=args.session_gap,
            agents=tuple(args.agent),
            roles=roles(args.role),
            columns=pairs(args.column, "--column", "text=内容"),
            preset=args.preset,
            date_order=args.date_order,
            encoding=args.encoding,
            channel=args.channel,
        ),
        shard=args.shard,
        as_of=None if args.as_of is None else moment(args.as_of, zone),
        config=args.config,
        shown=args.top or SHOWN,
        printed=args.top or PRINTED,
        restart=args.restart,
    )


class Interruption:
    """Turns the first SIGINT or SIGTERM into a wish to stop; a second one acts at once."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in self.SIGNALS:
            self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def was_heard(self) -> bool:
        """Whether to stop."""
        return self.number != 0

    def _heard(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.number = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def surroundings(interruption: Interruption, advance: Any) -> Surroundings:
    """Terminal, clock and signals for the driver."""
    from serve.audit.driver import Surroundings

    return Surroundings(
        say=say,
        advance=advance,
        should_stop=interruption.was_heard,
        monotonic=time.monotonic,
        now=lambda: datetime.now(UTC),
    )


@contextmanager
def progress() -> Iterator[Any]:
    """A progress bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from tqdm import tqdm

    say("reading …")
    began = time.monotonic()
    with tqdm(unit=" messages", dynamic_ncols=True, file=sys.stderr, leave=False) as bar:

        def advance(messages: int, file: int, files: int) -> None:
            if bar.n == 0:
                tqdm.write(f"first conversation scored after {time.monotonic() - began:.1f} s", file=sys.stderr)
            bar.set_description(f"file {file}/{files}", refresh=False)
            bar.update(messages)

        yield advance


def say(line: str) -> None:
    """A line for the user."""
    sys.stderr.write(line + "\n")


def _argument(convert: Any) -> Any:
    """For argparse: an error of ours becomes a usage error."""

    def converted(text: str) -> Any:
        try:
            return convert(text)
        except BoiloverError as error:
            raise argparse.ArgumentTypeError(error.describe().replace("\n", " ")) from error

    return converted

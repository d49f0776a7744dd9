"""The audit itself: read, score, write parts, put the parts together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from pipeline.errors import ConfigError, InputError
from pipeline.models.scorer import Scorer
from pipeline.records import Conversation
from serve.audit.assemble import sum_up, write_outputs
from serve.audit.facts import Assessed
from serve.audit.files import read_json, replacing, write_json
from serve.audit.key import audit_key
from serve.audit.manifest import manifest_of
from serve.audit.options import AuditOptions
from serve.audit.parts import ALERTS, CONVERSATIONS, MESSAGES, SCORED, PartStore, PartWriter
from serve.audit.source import InputReport, Position, Source

MANIFEST, REPORT = "audit.json", "report.html"
OUTPUTS = (MESSAGES, CONVERSATIONS, ALERTS, SCORED, REPORT)


class BatchPipeline(Protocol):
    """The part of ``pipeline.run.Pipeline`` that an audit needs."""

    @property
    def scorer(self) -> Scorer:
        """Its identity goes into every output."""

    def run_batch(
        self,
        conversations: Iterable[Conversation],
        *,
        as_of: datetime | None = None,
        quote: Literal["redacted", "original"] = "original",
    ) -> Iterator[Assessed]:
        """One assessment for each conversation, in order; may read ahead."""


@dataclass(frozen=True, slots=True)
class PartSize:
    """A part is closed when it reaches any of these."""

    conversations: int = 1_000
    messages: int = 8_000
    seconds: float = 8.0
    """The first part is closed after a sixteenth of this, and each next one may take twice as long as the last."""

    def reached(self, writer: PartWriter, number: int, seconds: float) -> bool:
        """Whether part ``number`` (from 1), begun ``seconds`` ago, is to be closed."""
        counts = writer.totals.counts
        allowed = self.seconds * min(1.0, 2.0 ** (number - 5))
        return (
            counts["conversations"] >= self.conversations or counts["messages"] >= self.messages or seconds >= allowed
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an audit needs from the outside world."""

    say: Callable[[str], None]
    """Shows a line to the user."""
    advance: Callable[[int, int, int], None]
    """Called after every conversation with its messages, the number of the file and of files."""
    should_stop: Callable[[], bool]
    """Asked after every conversation."""
    monotonic: Callable[[], float]
    """Seconds from any beginning."""
    now: Callable[[], datetime]
    """The time, aware; it only dates the manifest and the report."""


@dataclass(frozen=True, slots=True)
class _Work:
    around: Surroundings
    size: PartSize


def audit(
    options: AuditOptions,
    pipeline: BatchPipeline,
    files: Sequence[Path],
    around: Surroundings,
    *,
    size: PartSize | None = None,
) -> dict[str, Any] | None:
    """Audit ``files`` into ``options.out``, continuing what an earlier run of the same audit has finished.

    Returns:
        The manifest, as it stands in ``audit.json``; ``None`` where ``should_stop`` ended the run early.

    Raises:
        InputError: no conversation could be read.
        ConfigError: the folder cannot be written, holds an unfinished audit of something else, or another run writes there.
    """
    try:
        return _audit(options, pipeline, files, _Work(around, size or PartSize()))
    except OSError as error:  # readers report theirs; what comes here is about the output folder
        raise ConfigError(
            f"cannot write here ({error.strerror or type(error).__name__})",
            path=str(error.filename or options.out),
            fix="make room or choose another --out; the same command continues what is there.",
        ) from error


def _audit(options: AuditOptions, pipeline: BatchPipeline, files: Sequence[Path], work: _Work) -> dict[str, Any] | None:
    key = audit_key(options, files, pipeline.scorer.identity)
    options.out.mkdir(parents=True, exist_ok=True)
    with PartStore(options.out) as store:
        done = _open_store(store, options, key, work.around)
        if done is not None:
            work.around.say(f"{options.out}: this audit is complete; nothing to do (--restart does it again).")
            return done
        if not _score(store, options, pipeline, files=files, work=work):
            return None
        return _finish(store, options, pipeline, key, work.around)


def _open_store(store: PartStore, options: AuditOptions, key: str, around: Surroundings) -> dict[str, Any] | None:
    """Make the store hold this audit's parts and no others; the manifest where the audit is complete."""
    held, manifest = store.key(), read_json(options.out / MANIFEST)
    finished = None if manifest is None else manifest.get("key")
    if options.restart:
        store.begin(key)
        return None
    if finished == key and all((options.out / name).is_file() for name in OUTPUTS):
        return manifest
    if held == key:
        store.drop_unfinished()
        return None
    if held not in (None, finished) and next(store.parts(), None) is not None:
        raise ConfigError(
            "an unfinished audit of other inputs, options or another model is here",
            path=str(options.out),
            fix="choose another --out, or discard it with --restart.",
        )
    if finished is not None:
        around.say(f"{options.out}: replaces the audit of other inputs, options or another model.")
    store.begin(key)
    return None


def _score(
    store: PartStore, options: AuditOptions, pipeline: BatchPipeline, *, files: Sequence[Path], work: _Work
) -> bool:
    """Write all parts that are missing; false where the run was stopped before the end."""
    number, start = 1, Position()
    for part in store.parts():
        number, start = number + 1, part.position
    if number > 1:
        work.around.say(f"{options.out}: continues after {number - 1:,} finished parts.")
    if start.file >= len(files):
        return True
    source = Source(files, options, start)
    with closing(_Parts(store, source, number, shown=options.shown, work=work)) as parts:
        for assessed in pipeline.run_batch(source, as_of=options.as_of, quote="redacted"):
            parts.add(assessed)
            work.around.advance(len(assessed.conversation.messages), source.file + 1, len(files))
            if work.around.should_stop():
                parts.end()
                return False
        source.finish()
        parts.end_last()
    return True


class _Parts:
    """Cuts the stream of assessed conversations into parts."""

    def __init__(self, store: PartStore, source: Source, number: int, *, shown: int, work: _Work) -> None:
        self._store, self._source, self._work = store, source, work
        self._number, self._shown = number, shown
        self._writer: PartWriter | None = None
        self._begun = 0.0

    def add(self, assessed: Assessed) -> None:
        """Append one; ends the part where it is large enough."""
        if self._writer is None:
            self._writer = self._store.writer(self._number, shown=self._shown)
            self._begun = self._work.around.monotonic()
        self._source.taken()
        self._writer.add(assessed)
        if self._work.size.reached(self._writer, self._number, self._work.around.monotonic() - self._begun):
            self.end()

    def end(self) -> None:
        """End the part in progress, if any."""
        if self._writer is not None:
            self._writer.close(self._source.position, self._source.reports())
            self._writer, self._number = None, self._number + 1

    def end_last(self) -> None:
        """End the last part: it has the reports of the last files, even where it has no conversation."""
        if self._writer is None:
            self._writer = self._store.writer(self._number, shown=self._shown)
        self.end()

    def close(self) -> None:
        """Drop a part that an error left unfinished."""
        if self._writer is not None:
            self._writer.discard()


def _finish(
    store: PartStore, options: AuditOptions, pipeline: BatchPipeline, key: str, around: Surroundings
) -> dict[str, Any]:
    """Put the parts together. The manifest goes first and comes last: where it stands, everything belongs together."""
    parts = list(store.parts())
    reports = [report for part in parts for report in part.reports()]
    if not any(report.conversations for report in reports):
        store.clear()
        raise nothing_readable(reports)
    (options.out / MANIFEST).unlink(missing_ok=True)
    write_outputs(options.out, parts)
    totals, riskiest = sum_up(parts, shown=options.shown)
    manifest = manifest_of(
        options,
        pipeline.scorer.identity,
        key=key,
        totals=totals,
        riskiest=riskiest,
        reports=reports,
        now=around.now(),
    )
    _write_report(options.out / REPORT, manifest, [one.view for one in riskiest])
    write_json(options.out / MANIFEST, manifest)
    return manifest


def nothing_readable(reports: Sequence[InputReport]) -> InputError:
    """The error for inputs without a single conversation; quotes what stood in the way first."""
    causes = [cause for r in reports for cause in ([r.failure] if r.failure else r.errors)]
    first = f" First: {causes[0]}" if causes else ""
    return InputError(
        f"no conversation could be read from {len(reports)} file(s).{first}",
        fix=None if causes else "give files that hold chats; `boilover formats` shows how each format looks.",
    )


def _write_report(path: Path, manifest: dict[str, Any], chats: Sequence[dict[str, Any]]) -> None:
    from serve.audit.report import render

    with replacing(path) as stream:
        stream.write(render(manifest, chats).encode("utf-8"))

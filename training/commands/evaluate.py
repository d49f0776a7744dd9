"""`boilover evaluate`: a model's figures on annotated chats, by language, and on public sets; or two models side by side."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.resources import resource

if TYPE_CHECKING:
    from pipeline.run import Pipeline
    from training.corpora import CorpusEntry
    from training.measures import Judged
    from training.tables import Table
    from training.train import TrainConfig

SUMMARY = "measure a model on annotated chats, or compare two (needs the train extra)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "chats", nargs="*", type=Path, metavar="JSONL", help="annotated chats (default: a part of data/conversations)"
    )
    parser.add_argument(
        "--part",
        choices=("dev", "test", "train", "all", "none"),
        default="test",
        help="part of data/conversations where no files are given; none: public sets only (default: %(default)s)",
    )
    parser.add_argument(
        "--model", metavar="MODEL", help="model folder or models:/NAME@ALIAS (default: the shipped model)"
    )
    parser.add_argument(
        "--against",
        metavar="MODEL",
        help="another model on the same chats: both side by side, with bootstrap intervals of the difference",
    )
    parser.add_argument("--draws", type=int, default=1000, metavar="N", help="bootstrap draws (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the draws and samples (default: %(default)s)"
    )
    parser.add_argument(
        "--corpora",
        type=Path,
        metavar="DIR",
        help="also measure the broad heads on the development parts of the public corpora",
    )
    parser.add_argument(
        "--baselines",
        action="store_true",
        help="with --corpora: beside each figure that of TF-IDF and logistic regression, trained on the same rows",
    )
    parser.add_argument(
        "--untrained",
        action="store_true",
        help="with --corpora: also the sets of untrained.yaml, which no weights are trained on",
    )
    parser.add_argument(
        "--sample",
        type=int,
        default=1000,
        metavar="N",
        help="of --untrained: rows drawn of a set, and a fifth as many conversations (default: %(default)s)",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="YAML",
        help="training configuration whose tables and draws --corpora goes by (default: that of the shipped model)",
    )
    parser.add_argument(
        "--behaviour", action="store_true", help="instead of chats, try the cases of configs/behaviour (CheckList)"
    )
    parser.add_argument(
        "--slices", action="store_true", help="instead of the table, scripts, dialects and habits beside their language"
    )
    parser.add_argument(
        "--alerts",
        action="store_true",
        help="instead of the table, what the risk rule foresees, how early, and its precision at low base rates",
    )
    parser.add_argument(
        "--boosted",
        action="store_true",
        help="instead of the table, the risk beside gradient boosting over the tracked features, fitted on training chats",
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="YAML",
        help="configuration whose alert rules and base rate hold (default: the shipped one)",
    )
    parser.add_argument(
        "--into",
        type=Path,
        metavar="MD",
        help="also replace the block of figures between the markers in a Markdown file",
    )
    parser.add_argument("--json", action="store_true", help="all measures as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Score and measure; prints a table or JSON.

    Raises:
        InputError: there is nothing to measure.
    """
    if args.behaviour:
        return _behaviour(args)
    if args.against is not None and args.part == "none" and not args.chats:
        raise InputError("two models are compared on chats", fix="give files, or another --part.")
    if args.corpora is None and (args.baselines or args.untrained or args.part == "none"):
        raise InputError("there are no public sets to measure", fix="give their folder with --corpora.")
    from pipeline.run import build
    from training.card import fill_block, fill_in
    from training.evaluation import annotated, as_table, figures, judge, marked_words

    pipeline = build(args.settings, args.model)
    found: dict[str, Any] = {}
    shown = []
    if args.chats or args.part != "none":
        judged = judge(pipeline, annotated(args.chats, args.part), marked_words(args.chats))
        if args.against is not None:
            return _side_by_side(args, judged)
        if tables := _tables(args, pipeline, judged):
            return _show(args, tables)
        found = figures(judged)
        shown.append(as_table(found))
        if args.into is not None:
            fill_in(args.into, "chats" if args.chats else args.part, found)
    if args.corpora is not None:
        for block in _public(args, pipeline):
            found[block.name] = block.numbers
            shown.append(block.table)
            if args.into is not None:
                fill_block(args.into, block.name, block.markdown)
    sys.stdout.write((json.dumps(found, indent=2) if args.json else "\n".join(shown)) + "\n")
    return 0


@dataclass(frozen=True, slots=True)
class _Block:
    """Figures on public sets in the forms that they are shown in."""

    name: str
    numbers: Any
    """For JSON."""
    table: str
    markdown: str


def _public(args: argparse.Namespace, pipeline: Pipeline) -> Iterator[_Block]:
    from training.corpora import load_table
    from training.evaluation import as_markdown, public_figures
    from training.targets import Layout
    from training.train import load_config

    config = load_config(args.config or resource("configs", "train", "boilover.yaml"))
    table, layout = load_table(config.table), Layout(pipeline.scorer.categories)
    if args.baselines:
        yield _baselines(args, pipeline, config, table)
    else:
        found = public_figures(pipeline.scorer, table, args.corpora, layout)
        lines = "\n".join(f"{name:40} {value:.3f}" for name, value in found.items())
        yield _Block("public", found, lines, as_markdown({"public": found}))
    if args.untrained:
        yield _untrained(args, pipeline, config, table)


def _baselines(
    args: argparse.Namespace, pipeline: Pipeline, config: TrainConfig, table: Sequence[CorpusEntry]
) -> _Block:
    from training.baselines import as_markdown, as_table, compare_baselines, with_means, without_development
    from training.targets import Layout

    layout = Layout(pipeline.scorer.categories)
    found = compare_baselines(pipeline.scorer, table, args.corpora, layout, trained_seed=config.seed, draws=args.draws)
    unmeasured = without_development(table)
    numbers = [{**asdict(one), "difference": one.difference} for one in with_means(found)]
    return _Block("public", numbers, as_table(found, unmeasured), as_markdown(found, unmeasured))


def _untrained(
    args: argparse.Namespace, pipeline: Pipeline, config: TrainConfig, table: Sequence[CorpusEntry]
) -> _Block:
    from training.corpora import Draws
    from training.untrained import Trained, as_markdown, as_table, load_untrained, untrained_figures

    sets = load_untrained(config.table.with_name("untrained.yaml"))
    shares = (1.0, config.replay) if config.replay else (1.0,)
    trained = Trained(table, Draws(config.seed, shares), config.labels)
    found = untrained_figures(
        pipeline, sets, args.corpora, trained, sample=args.sample, draws=args.draws, seed=args.seed
    )
    return _Block("untrained", [asdict(one) for one in found], as_table(found), as_markdown(found))


def _side_by_side(args: argparse.Namespace, judged: list[Judged]) -> int:
    """Print the main measures of both models, and the intervals of their differences."""
    from pipeline.run import build
    from training.compare import as_comparison, as_numbers, compare
    from training.corpora import chat_language
    from training.evaluation import judge

    against = judge(build(model=args.against), [j.conversation for j in judged])
    found = compare(judged, against, chat_language, draws=args.draws, seed=args.seed)
    if args.json:
        models = {name: asdict(side[0].assessment.model) for name, side in (("model", judged), ("against", against))}
        sys.stdout.write(json.dumps({**models, "measures": as_numbers(found)}, indent=2) + "\n")
        return 0
    sys.stdout.write(as_comparison(found) + "\n")
    return 0


def _tables(args: argparse.Namespace, pipeline: Pipeline, judged: list[Judged]) -> list[Table]:
    """The views that were asked for in place of the table by language."""
    from training.alerts import alerts_table, measure_alerts
    from training.slices import measure_slices, slices_table

    tables = []
    if args.slices:
        tables.append(slices_table(measure_slices(judged, draws=args.draws, seed=args.seed)))
    if args.alerts:
        tables.append(alerts_table(measure_alerts(judged, pipeline.policy, draws=args.draws, seed=args.seed)))
    if args.boosted:
        tables.append(_boosted(args, pipeline, judged))
    return tables


def _boosted(args: argparse.Namespace, pipeline: Pipeline, judged: list[Judged]) -> Table:
    """Fit the trees on training chats and compare."""
    from training.boosted import compare_heads, drawn, fit, heads_table
    from training.evaluation import annotated

    chats = drawn(annotated([], "train"), judged, seed=args.seed)
    trees = fit(pipeline, chats, seed=args.seed)
    return heads_table(compare_heads(pipeline, judged, trees), len(chats))


def _show(args: argparse.Namespace, tables: list[Table]) -> int:
    """Print tables, and fill the block of each in a Markdown file."""
    from training.card import fill_block

    for table in tables if args.into is not None else ():
        fill_block(args.into, table.block, table.markdown())
    if args.json:
        sys.stdout.write(json.dumps({table.block: table.numbers for table in tables}, indent=2) + "\n")
    else:
        sys.stdout.write("\n\n".join(table.text() for table in tables) + "\n")
    return 0


def _behaviour(args: argparse.Namespace) -> int:
    """Failure rates of the behavioural suite."""
    from pipeline.run import build
    from training.behaviour.judge import behave
    from training.behaviour.report import as_json, as_markdown, as_table
    from training.behaviour.suite import load_suite
    from training.card import fill_block

    outcomes = behave(build(model=args.model), load_suite())
    if args.into is not None:
        fill_block(args.into, "behaviour", as_markdown(outcomes))
    shown = json.dumps(as_json(outcomes), indent=2, ensure_ascii=False) if args.json else as_table(outcomes)
    sys.stdout.write(shown + "\n")
    return 0

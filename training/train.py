"""`boilover train`: corpora in, a model folder out.

Steps, each kept in the run folder, so that a killed run goes on where it stopped:

1. ``public.pt``: one stage of single messages on the public corpora (heads that the codebook shares with them).
2. ``NAME.pt`` for each stage of chats: encoder and conversation head together, on whole annotated chats and, unless the stage is
   ``alone``, on labelled messages of public corpora and a share of the public rows, so that the broad heads do not forget.
3. ``points.json``, ``head.json``: operating points and calibration, found on the development chats (``training.points``).
4. ``model/``: the exported folder (``training.export``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import datasets
import numpy as np
import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tokenizers import Tokenizer

from pipeline.errors import ConfigError
from pipeline.identity import digest
from pipeline.models.bundle import Manifest, OperatingPoints
from pipeline.models.context import ContextPoints, HeadFile
from pipeline.models.scorer import ACTS, BROAD, SIGNALS
from pipeline.records import Conversation
from pipeline.run import build
from training.calibrate import label_biases
from training.card import Made, write_card
from training.context import ContextHead
from training.corpora import (
    CorpusEntry,
    chat_language,
    checksum,
    load_chats,
    load_table,
    public_dataset,
)
from training.dialogues import Dialogue, dialogue, load_spans, single
from training.drivers import fit_drivers
from training.evaluation import figures, judge, public_figures
from training.export import correction_of, export
from training.fit import Encoded, Progress, StageConfig, encode, fit, predict
from training.habits import HABITS
from training.joint import ChatModel, fit_chats, predict_chats
from training.measures import Judged
from training.model import HeadSizes, MultiTaskModel, load_base
from training.points import context_points, message_points
from training.ranges import measure as measure_ranges
from training.real import load_real, load_real_table
from training.splits import Splits, load_splits
from training.targets import Layout

COST = (
    "Trained on two CPU cores (bfloat16) in about two hours, the public stage included: on the order of 0.1 kWh. "
    "The run's own times are in MLflow."
)
RANGED, DRIVEN = 1_500, 800
"""Texts that the activation ranges are measured on; chats that the drivers are fitted on."""
Report = Callable[[str, Progress], None]


class ChatStage(StageConfig):
    """A stage on whole chats."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Of its weights in the run folder, and in progress and curves."""
    alone: bool = False
    """Our own chats only, without labelled messages of public corpora and public rows."""


class TrainConfig(BaseModel):
    """One YAML file under ``configs/train/``; paths are relative to it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    seed: int = 0
    layers: tuple[int, ...]
    max_tokens: int = Field(default=128, ge=8, le=512)
    table: Path
    chats: Path
    labels: Path | None = None
    """Folder of our labels on rows of public corpora."""
    real: Path | None = None
    """Table that says where those rows are."""
    replay: float = Field(default=0.0, ge=0, le=1)
    """Share of the public rows that goes along in the chat stage."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Share of the training chats that is used, for learning curves."""
    public: StageConfig
    chat_stages: tuple[ChatStage, ...] = Field(min_length=1)
    """One after the other, each from the weights of the one before."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a run reads and where it writes."""

    config: TrainConfig
    base: Path
    corpora: Path | None
    out: Path
    layout: Layout
    table: tuple[CorpusEntry, ...]
    chats: tuple[Conversation, ...]
    """All annotated chats."""
    splits: Splits

    def part(self, name: str) -> list[Conversation]:
        """Chats of ``train``, ``dev`` or ``test``."""
        return [c for c in self.chats if self.splits.part(c.conversation_id) == name]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run leaves for export and evaluation."""

    model: ChatModel
    points: OperatingPoints
    context: ContextPoints


def load_config(path: Path) -> TrainConfig:
    """Read a training configuration.

    Raises:
        ConfigError: names the key and what is wrong with it.
    """
    try:
        config = TrainConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot be read ({type(error).__name__})", path=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", path=str(path)) from error
    names = ("table", "chats", "labels", "real")
    beside = {name: path.parent / value for name in names if (value := getattr(config, name)) is not None}
    return config.model_copy(update=beside)


def workplace(
    config: TrainConfig, *, base: Path, corpora: Path | None, out: Path, categories: tuple[str, ...]
) -> Workplace:
    """Load the table and the chats, and make the run folder."""
    out.mkdir(parents=True, exist_ok=True)
    _guard(out, config)
    return Workplace(
        config,
        base,
        corpora,
        out,
        Layout(categories),
        tuple(load_table(config.table)),
        tuple(load_chats(config.chats)),
        load_splits(config.chats),
    )


def data_files(config: TrainConfig) -> list[Path]:
    """Files of our own that a run learns from: table, chats, marked words, labels on public rows."""
    files = [config.table, *sorted(config.chats.glob("*.json*")), *sorted(config.chats.glob("spans/*.jsonl"))]
    if config.labels is not None:
        files += sorted(config.labels.glob("*.jsonl"))
    return files


def _guard(out: Path, config: TrainConfig) -> None:
    """Steps that were kept belong to the data and settings that they were made with; never mix them with others."""
    key = digest(
        config.model_dump_json(exclude={"table", "chats", "labels", "real"}), *map(checksum, data_files(config))
    )
    path = out / "made_from"
    if path.exists() and path.read_text(encoding="utf-8") != key:
        raise ConfigError(
            "the run folder holds steps of other data or settings",
            path=str(out),
            fix="give another --out, or delete the folder to begin anew.",
        )
    path.write_text(key, encoding="utf-8")


def train(place: Workplace, report: Report) -> Trained:
    """Run (or finish) all steps up to the operating points."""
    tokenizer = Tokenizer.from_file(str(place.base / "tokenizer.json"))
    model = chat_model(place, public_stage(place, tokenizer, report))

    for number, stage in enumerate(place.config.chat_stages):
        _chat_stage(place, stage, model, tokenizer, place.config.seed + number, report)
    model.eval()
    held_out = chat_dialogues(place, "dev", tokenizer)
    said = predict_chats(model, held_out)
    points = message_points(said, place.layout)
    context = context_points(held_out, said, place.layout)
    if place.corpora is not None:
        points = points.model_copy(update=_broad_points(place, model.messages, tokenizer))
    (place.out / "points.json").write_text(points.model_dump_json(indent=2), encoding="utf-8")
    return Trained(model, points, context)


def _chat_stage(
    place: Workplace, stage: ChatStage, model: ChatModel, tokenizer: Tokenizer, seed: int, report: Report
) -> None:
    """Train on dialogues, or take what an earlier run kept; dialogues are only made where they are needed."""
    done, checkpoint = place.out / f"{stage.name}.pt", place.out / f"{stage.name}.checkpoint"
    if done.exists():
        model.load_state_dict(torch.load(done, weights_only=True))
        return
    beside = () if stage.alone else _beside(place, tokenizer)
    fit_chats(
        model,
        [*chat_dialogues(place, "train", tokenizer, habits=HABITS if stage.habits else ()), *beside],
        place.layout,
        stage,
        seed=seed,
        checkpoint=checkpoint,
        report=lambda progress: report(stage.name, progress),
    )
    _store(model, done, checkpoint)


def public_stage(place: Workplace, tokenizer: Tokenizer, report: Report) -> MultiTaskModel:
    """The encoder after the public corpora."""
    model = fresh(place)
    done, checkpoint = place.out / "public.pt", place.out / "public.checkpoint"
    if done.exists():
        model.load_state_dict(torch.load(done, weights_only=True))
        return model.eval()
    rows = rows_of(datasets.concatenate_datasets(public_parts(place, "train")), tokenizer, place.config.max_tokens)
    fit(
        model,
        rows,
        place.layout,
        place.config.public,
        seed=place.config.seed,
        checkpoint=checkpoint,
        report=lambda progress: report("public", progress),
    )
    _store(model, done, checkpoint)
    return model


def _store(model: torch.nn.Module, done: Path, checkpoint: Path) -> None:
    unfinished = done.with_suffix(".partial")
    torch.save(model.state_dict(), unfinished)
    unfinished.replace(done)
    checkpoint.unlink(missing_ok=True)


def fresh(place: Workplace) -> MultiTaskModel:
    """An untrained model of the configured shape."""
    torch.manual_seed(place.config.seed)
    return load_base(place.base, place.config.layers, HeadSizes(len(SIGNALS), len(ACTS), len(place.layout.categories)))


def chat_model(place: Workplace, messages: MultiTaskModel) -> ChatModel:
    """Encoder with an untrained conversation head."""
    torch.manual_seed(place.config.seed)
    width = int(messages.encoder.config.hidden_size)  # type: ignore[union-attr,arg-type]
    return ChatModel(messages, ContextHead(width, categories=len(place.layout.categories)))


def rows_of(dataset: datasets.Dataset, tokenizer: Tokenizer, max_tokens: int) -> Encoded:
    """Tokens and targets of a dataset."""
    return encode(tokenizer, dataset["text"], np.array(dataset["targets"], np.float32), max_tokens=max_tokens)


def chat_dialogues(
    place: Workplace, part: str, tokenizer: Tokenizer, *, habits: Sequence[Callable[[str], str]] = ()
) -> list[Dialogue]:
    """The annotated chats of a part, ready for training (see ``dialogues_of``); of the training part the configured share."""
    chats = place.part(part)
    if part == "train" and place.config.share < 1:
        Random(place.config.seed).shuffle(chats)
        chats = chats[: max(1, round(place.config.share * len(chats)))]
    return dialogues_of(place, chats, tokenizer, habits=habits)


def dialogues_of(
    place: Workplace,
    chats: Sequence[Conversation],
    tokenizer: Tokenizer,
    *,
    habits: Sequence[Callable[[str], str]] = (),
) -> list[Dialogue]:
    """Annotated chats ready for training, with variants for ``habits``; those without a message to read are left out."""
    spans = load_spans(place.config.chats / "spans")
    made = (
        dialogue(
            chat,
            place.layout,
            tokenizer,
            language=chat_language(chat),
            max_tokens=place.config.max_tokens,
            spans=spans,
            habits=habits,
        )
        for chat in chats
    )
    return [one for one in made if any(step.ids for step in one.steps)]


def _beside(place: Workplace, tokenizer: Tokenizer) -> Iterator[Dialogue]:
    """What goes along with our own chats: labelled messages of public corpora, and public rows for the broad heads."""
    config = place.config
    if place.corpora is None:
        return
    if config.labels is not None and config.real is not None:
        real = load_real(config.labels, load_real_table(config.real), place.corpora, shipped=True)
        whole = dialogues_of(place, [one.chat for one in real if one.is_whole], tokenizer)
        alone = dialogues_of(place, [one.chat for one in real if not one.is_whole], tokenizer)
        yield from whole
        for one in alone:
            targets = one.steps[0].targets.copy()
            targets[place.layout.part("complaint")] = np.nan  # what a single post is about was not labelled
            targets[place.layout.part("categories")] = np.nan
            yield single(one.key, one.language, one.steps[0].ids, targets)
    if config.replay:
        for part in public_parts(place, "train", share=config.replay):
            rows = rows_of(part, tokenizer, config.max_tokens)
            for number, ids in enumerate(rows.ids):
                yield single(f"{part[number]['corpus']}/{number}", part[number]["language"], ids, rows.targets[number])


def public_parts(place: Workplace, split: str, *, share: float = 1.0) -> list[datasets.Dataset]:
    """The public files of ``train`` or ``dev`` whose licence lets shipped weights see them, or a share of their rows."""
    if place.corpora is None:
        raise ConfigError("the public stage needs the corpora", fix="give their folder with --corpora.")
    return [
        public_dataset(entry, place.corpora, place.layout, seed=place.config.seed, share=share)
        for entry in place.table
        if entry.split == split and entry.shipped
    ]


def _broad_points(place: Workplace, model: MultiTaskModel, tokenizer: Tokenizer) -> dict[str, float]:
    """Operating points of the broad heads, from public development rows."""
    rows = rows_of(datasets.concatenate_datasets(public_parts(place, "dev")), tokenizer, place.config.max_tokens)
    logits = predict(model, rows.ids)
    return {head: label_biases(logits[head], rows.targets[:, place.layout.part(head)])[0] for head in BROAD}


@dataclass(frozen=True, slots=True)
class Finished:
    """An exported model and its figures on the development chats."""

    folder: Path
    figures: dict[str, dict[str, float]]
    public: dict[str, float]
    """AUC of the broad heads on public development parts; empty without the corpora."""
    judged: tuple[Judged, ...]
    """The development chats as the exported model reads them."""


def finish(place: Workplace, trained: Trained, *, version: str) -> Finished:
    """Fit the drivers, export the folder and measure it."""
    categories = place.layout.categories
    tokenizer = Tokenizer.from_file(str(place.base / "tokenizer.json"))
    texts = [step.ids for one in chat_dialogues(place, "train", tokenizer) for step in one.steps if step.ids]
    Random(place.config.seed).shuffle(texts)
    ranges = measure_ranges(trained.model.messages, texts[:RANGED])
    correction = correction_of(trained.model.messages, ranges, texts[:RANGED])
    folder = place.out / "model"

    def write(head: HeadFile) -> Manifest:
        return export(
            trained.model,
            folder,
            name=place.config.name,
            version=version,
            tokenizer=place.base / "tokenizer.json",
            ranges=ranges,
            correction=correction,
            points=trained.points,
            head=head,
            categories=categories,
        )

    head = HeadFile(points=trained.context, drivers=fit_drivers([], None, categories))
    write(head)
    chats = place.part("train")
    Random(place.config.seed).shuffle(chats)
    head = head.model_copy(update={"drivers": fit_drivers(chats[:DRIVEN], build(model=folder), categories)})
    made = Made(
        manifest=write(head),
        head=head,
        chats=place.chats,
        splits=place.splits,
        table=place.table,
        real={} if place.config.real is None else load_real_table(place.config.real),
        layers=len(place.config.layers),
        parameters=sum(p.numel() for p in trained.model.parameters()),
        vocabulary=int(trained.model.messages.encoder.config.vocab_size),  # type: ignore[union-attr,arg-type]
        cost=COST,
    )
    write_card(folder, made)
    pipeline = build(model=folder)
    public = {} if place.corpora is None else public_figures(pipeline.scorer, place.table, place.corpora, place.layout)
    judged = judge(pipeline, place.part("dev"))
    return Finished(folder, figures(judged), public, tuple(judged))

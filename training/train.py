"""`boilover train`: corpora in, a model folder out.

Steps, each kept in the run folder, so that a killed run goes on where it stopped:

1. ``public.pt``: one stage on the public corpora (heads that the codebook shares with them).
2. ``fold-k.npz``: cross-fitting; the service stage without fold k, and the logits of fold k's messages.
3. ``service.pt``: the service stage on all training chats.
4. ``points.json``: operating points, between those of step 2 and of the development chats.
5. ``head.json``: conversation head, fitted on the held-out scores of step 2 (``training.conversation``).
6. ``model/``: the exported folder (``training.export``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tokenizers import Tokenizer

from pipeline.errors import ConfigError
from pipeline.identity import digest
from pipeline.models.bundle import OperatingPoints
from pipeline.models.scorer import ACTS, BROAD, SIGNALS, FloatArray
from pipeline.records import Conversation
from pipeline.run import build
from training.calibrate import between, label_biases, operating_points
from training.card import write_card
from training.conversation import fit_head, gather, mean_embeddings
from training.corpora import (
    CorpusEntry,
    checksum,
    fold_of,
    load_chats,
    load_table,
    public_dataset,
    service_dataset,
    split_of,
)
from training.evaluation import figures, judge, public_figures
from training.export import export
from training.fit import Encoded, Progress, StageConfig, encode, fit, predict
from training.model import HeadSizes, MultiTaskModel, load_base
from training.scores import text_scores
from training.targets import Layout

COST = (
    "Trained on two CPU cores (bfloat16) in about two hours, the public stage included: on the order of 0.1 kWh. "
    "The run's own times are in MLflow."
)
Report = Callable[[str, Progress], None]


class TrainConfig(BaseModel):
    """One YAML file under ``configs/train/``; paths are relative to it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    seed: int = 0
    layers: tuple[int, ...]
    max_tokens: int = Field(default=128, ge=8, le=512)
    table: Path
    chats: Path
    folds: int = Field(default=3, ge=2)
    replay: float = Field(default=0.0, ge=0, le=1)
    """Share of the public rows that goes along in the service stage."""
    public: StageConfig
    service: StageConfig


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
    """All annotated chats; parts by ``split_of``."""

    def part(self, name: str) -> list[Conversation]:
        """Chats of ``train``, ``dev`` or ``test``."""
        return [c for c in self.chats if split_of(c.conversation_id) == name]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run leaves for export and evaluation."""

    model: MultiTaskModel
    points: OperatingPoints
    held_out_points: OperatingPoints
    """Of the models that gave ``held_out``: trained on fewer chats, they are less sure."""
    embeddings: FloatArray
    """Of the final encoder, shape (rows, width)."""
    held_out: dict[str, FloatArray]
    """Logits and embeddings of the training chats' messages, each from a model that never saw its chat."""
    rows: datasets.Dataset
    """The messages of ``held_out``, in the same order."""


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
    return config.model_copy(update={"table": path.parent / config.table, "chats": path.parent / config.chats})


def workplace(
    config: TrainConfig, *, base: Path, corpora: Path | None, out: Path, categories: tuple[str, ...]
) -> Workplace:
    """Load the table and the chats, and make the run folder."""
    out.mkdir(parents=True, exist_ok=True)
    _guard(out, config)
    return Workplace(
        config, base, corpora, out, Layout(categories), tuple(load_table(config.table)), tuple(load_chats(config.chats))
    )


def _guard(out: Path, config: TrainConfig) -> None:
    """Steps that were kept belong to the data and settings that they were made with; never mix them with others."""
    parts = [checksum(path) for path in (config.table, *sorted(config.chats.glob("*.jsonl")))]
    key = digest(config.model_dump_json(exclude={"table", "chats"}), *parts)
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
    public = _stage(place, "public", None, lambda: _public_rows(place), place.config.public, tokenizer, report)
    service = service_dataset(place.part("train"), place.layout)
    replay = _replay_rows(place)
    folds = np.array([fold_of(c, place.config.folds) for c in service["conversation"]])
    held_out: dict[str, FloatArray] = {}
    for fold in range(place.config.folds):
        logits = _fold(place, public, service, replay, folds, fold, tokenizer, report)
        for head, values in logits.items():
            held_out.setdefault(head, np.zeros((len(service), values.shape[1]), np.float32))[folds == fold] = values
    rows = datasets.concatenate_datasets([service, *replay])
    model = _stage(place, "service", public, lambda: rows, place.config.service, tokenizer, report)
    held_out_points = operating_points(held_out, np.array(service["targets"], np.float32), place.layout)
    points = _points(place, held_out_points, model, tokenizer)
    (place.out / "points.json").write_text(points.model_dump_json(indent=2), encoding="utf-8")
    ids = rows_of(service, tokenizer, place.config.max_tokens).ids
    return Trained(
        model=model,
        points=points,
        held_out_points=held_out_points,
        embeddings=predict(model, ids)["embedding"],
        held_out=held_out,
        rows=service,
    )


def fresh(place: Workplace) -> MultiTaskModel:
    """An untrained model of the configured shape."""
    torch.manual_seed(place.config.seed)
    return load_base(place.base, place.config.layers, HeadSizes(len(SIGNALS), len(ACTS), len(place.layout.categories)))


def rows_of(dataset: datasets.Dataset, tokenizer: Tokenizer, max_tokens: int) -> Encoded:
    """Tokens and targets of a dataset."""
    return encode(tokenizer, dataset["text"], np.array(dataset["targets"], np.float32), max_tokens=max_tokens)


def public_parts(place: Workplace, split: str, *, share: float = 1.0) -> list[datasets.Dataset]:
    """The public files of ``train`` or ``dev`` whose licence lets shipped weights see them, or a share of their rows."""
    if place.corpora is None:
        raise ConfigError("the public stage needs the corpora", fix="give their folder with --corpora.")
    return [
        public_dataset(entry, place.corpora, place.layout, seed=place.config.seed, share=share)
        for entry in place.table
        if entry.split == split and entry.shipped
    ]


def _public_rows(place: Workplace) -> datasets.Dataset:
    return datasets.concatenate_datasets(public_parts(place, "train"))


def _replay_rows(place: Workplace) -> list[datasets.Dataset]:
    """Public rows that go along in the service stage, so that the broad heads do not forget."""
    return public_parts(place, "train", share=place.config.replay) if place.config.replay else []


def _stage(
    place: Workplace,
    name: str,
    start: MultiTaskModel | None,
    rows: Callable[[], datasets.Dataset],
    config: StageConfig,
    tokenizer: Tokenizer,
    report: Report,
) -> MultiTaskModel:
    model = fresh(place)
    done = place.out / f"{name}.pt"
    if done.exists():
        model.load_state_dict(torch.load(done, weights_only=True))
        return model.eval()
    if start is not None:
        model.load_state_dict(start.state_dict())
    data = rows_of(rows(), tokenizer, place.config.max_tokens)
    checkpoint = place.out / f"{name}.checkpoint"
    fit(
        model,
        data,
        place.layout,
        config,
        seed=place.config.seed,
        checkpoint=checkpoint,
        report=lambda progress: report(name, progress),
    )
    partial = done.with_suffix(".partial")
    torch.save(model.state_dict(), partial)
    partial.replace(done)
    checkpoint.unlink(missing_ok=True)
    return model


def _fold(
    place: Workplace,
    public: MultiTaskModel,
    service: datasets.Dataset,
    replay: Sequence[datasets.Dataset],
    folds: np.ndarray[Any, np.dtype[np.int64]],
    fold: int,
    tokenizer: Tokenizer,
    report: Report,
) -> dict[str, FloatArray]:
    path = place.out / f"fold-{fold}.npz"
    if path.exists():
        return dict(np.load(path))
    inside = datasets.concatenate_datasets([service.select(np.flatnonzero(folds != fold).tolist()), *replay])
    model = _stage(place, f"fold-{fold}", public, lambda: inside, place.config.service, tokenizer, report)
    outside = rows_of(service.select(np.flatnonzero(folds == fold).tolist()), tokenizer, place.config.max_tokens)
    logits = predict(model, outside.ids)
    np.savez(path, **logits)  # type: ignore[arg-type]
    (place.out / f"fold-{fold}.pt").unlink(missing_ok=True)
    return logits


def _points(
    place: Workplace, held_out_points: OperatingPoints, model: MultiTaskModel, tokenizer: Tokenizer
) -> OperatingPoints:
    """Operating points of the final model; those of the broad heads from public development rows.

    The held-out points come from many chats but from models that saw fewer and are less sure; the development chats are few but scored by the
    final model. The middle of both balances both.
    """
    chats = rows_of(service_dataset(place.part("dev"), place.layout), tokenizer, place.config.max_tokens)
    points = between(held_out_points, operating_points(predict(model, chats.ids), chats.targets, place.layout))
    if place.corpora is None:
        return points
    rows = rows_of(datasets.concatenate_datasets(public_parts(place, "dev")), tokenizer, place.config.max_tokens)
    logits = predict(model, rows.ids)
    broad = {head: label_biases(logits[head], rows.targets[:, place.layout.part(head)])[0] for head in BROAD}
    return points.model_copy(update=broad)


@dataclass(frozen=True, slots=True)
class Finished:
    """An exported model and its figures on the development chats."""

    folder: Path
    figures: dict[str, dict[str, float]]
    public: dict[str, float]
    """AUC of the broad heads on public development parts; empty without the corpora."""


def finish(place: Workplace, trained: Trained, *, version: str) -> Finished:
    """Fit the conversation head, export the folder and measure it."""
    categories = place.layout.categories
    chats = place.part("train")
    keys = list(zip(trained.rows["conversation"], trained.rows["row"], strict=True))
    scores = dict(zip(keys, text_scores(trained.held_out, trained.held_out_points, categories), strict=True))
    embeddings = mean_embeddings(chats, keys, trained.embeddings)
    head = fit_head(chats, gather(chats, scores, categories), embeddings, categories)
    (place.out / "head.json").write_text(head.model_dump_json(), encoding="utf-8")
    folder = place.out / "model"
    manifest = export(
        trained.model,
        folder,
        name=place.config.name,
        version=version,
        tokenizer=place.base / "tokenizer.json",
        points=trained.points,
        head=head,
        categories=categories,
    )
    write_card(
        folder,
        manifest=manifest,
        head=head,
        chats=place.chats,
        table=place.table,
        layers=len(place.config.layers),
        parameters=sum(p.numel() for p in trained.model.parameters()),
        vocabulary=int(trained.model.encoder.config.vocab_size),  # type: ignore[union-attr,arg-type]
        cost=COST,
    )
    pipeline = build(model=folder)
    public = {} if place.corpora is None else public_figures(pipeline.scorer, place.table, place.corpora, place.layout)
    return Finished(folder, figures(judge(pipeline, place.part("dev"))), public)

"""A model folder: manifest, checksums, and how to load what it holds.

::

    manifest.json     names, sizes, checksums, operating points (this module's ``Manifest``)
    model.onnx        message encoder and heads
    tokenizer.json    word pieces
    head.json         conversation head
    MODEL_CARD.md     what it is for, how it was made, what it must not be used for
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import ModelError
from pipeline.records import ModelIdentity

MANIFEST = "manifest.json"


class FileEntry(BaseModel):
    """A file of the folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class LevelMap(BaseModel):
    """Where an expected level in [0, 1] is cut: the cuts map to 1/6, 1/2 and 5/6, linear between."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cuts: tuple[float, float, float]


class OperatingPoints(BaseModel):
    """Monotone maps that put each head's operating point at 0.5. Biases are added to logits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    anger: LevelMap
    frustration: LevelMap
    polarity: tuple[float, float, float]
    signals: tuple[float, ...]
    acts: tuple[float, ...]
    complaint: float
    categories: tuple[float, ...]
    anger_any: float
    offensive_any: float


class Manifest(BaseModel):
    """``manifest.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    name: str
    version: str
    width: int = Field(ge=1)
    max_tokens: int = Field(ge=8)
    categories: tuple[str, ...]
    signals: tuple[str, ...]
    acts: tuple[str, ...]
    operating_points: OperatingPoints
    files: dict[str, FileEntry]


def read_manifest(folder: Path) -> tuple[Manifest, ModelIdentity]:
    """The manifest of a model folder and the identity of the model (its checksum is the manifest's own).

    Raises:
        ModelError: the folder or its manifest is missing or not valid.
    """
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            "no model here", path=str(folder), fix="give a folder that `boilover export` wrote, or leave --model out."
        ) from error
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"manifest is not valid: {place}: {first['msg']}", path=str(path)) from error
    return manifest, ModelIdentity(manifest.name, manifest.version, sha256(data).hexdigest())


def verified(folder: Path, manifest: Manifest, name: str) -> bytes:
    """Content of a file of the folder, checked against the manifest.

    Raises:
        ModelError: the file is missing, unknown to the manifest, or differs from it.
    """
    entry = manifest.files.get(name)
    if entry is None:
        raise ModelError(f"manifest names no {name}", path=str(folder / MANIFEST))
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise ModelError("a model file is missing", path=str(folder / name)) from error
    if sha256(data).hexdigest() != entry.sha256:
        raise ModelError(
            "a model file is damaged: its checksum differs from the manifest",
            path=str(folder / name),
            fix="copy the folder again.",
        )
    return data


def file_entry(path: Path) -> FileEntry:
    """Entry of a file that is to be written into a manifest."""
    data = path.read_bytes()
    return FileEntry(sha256=sha256(data).hexdigest(), size=len(data))

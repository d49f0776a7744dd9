import json
from hashlib import sha256

import pytest

from pipeline.errors import ModelError
from pipeline.models.bundle import Manifest, file_entry, read_manifest, verified
from pipeline.models.scorer import ACTS, SIGNALS

MANIFEST = {
    "name": "tiny",
    "version": "1",
    "width": 4,
    "max_tokens": 16,
    "categories": ["other"],
    "signals": list(SIGNALS),
    "acts": list(ACTS),
    "operating_points": {
        "anger": {"cuts": [0.1, 0.5, 0.9]},
        "frustration": {"cuts": [0.1, 0.5, 0.9]},
        "polarity": [0, 0, 0],
        "signals": [0] * 12,
        "acts": [0] * 12,
        "complaint": 0,
        "categories": [0],
        "anger_any": 0,
        "offensive_any": 0,
    },
    "files": {"head.json": {"sha256": sha256(b"{}").hexdigest(), "size": 2}},
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "head.json").write_bytes(b"{}")
    return tmp_path


def test_a_models_identity_is_its_manifests_checksum(folder):
    manifest, identity = read_manifest(folder)
    assert (identity.name, identity.version) == ("tiny", "1")
    assert identity.sha256 == sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert manifest.files["head.json"] == file_entry(folder / "head.json")


def test_a_file_that_matches_its_checksum_is_given(folder):
    manifest, _ = read_manifest(folder)
    assert verified(folder, manifest, "head.json") == b"{}"


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda f: (f / "head.json").write_bytes(b"[]"), "checksum differs"),
        (lambda f: (f / "head.json").write_bytes(b"{"), "checksum differs"),
        (lambda f: (f / "head.json").unlink(), "a model file is missing"),
    ],
)
def test_a_damaged_or_missing_file_is_refused(folder, damage, problem):
    manifest, _ = read_manifest(folder)
    damage(folder)
    with pytest.raises(ModelError, match=problem):
        verified(folder, manifest, "head.json")


def test_a_file_outside_the_manifest_is_refused(folder):
    manifest, _ = read_manifest(folder)
    (folder / "extra.bin").touch()
    with pytest.raises(ModelError, match=r"manifest names no extra\.bin"):
        verified(folder, manifest, "extra.bin")


@pytest.mark.parametrize(
    "written",
    [
        *("", "{", "[]", "\x00"),
        json.dumps({**MANIFEST, "width": 0}),
        json.dumps({**MANIFEST, "new": 1}),
        json.dumps({**MANIFEST, "schema_version": 2}),
        json.dumps({**MANIFEST, "files": {"a": {"sha256": "x", "size": 1}}}),
    ],
)
def test_a_manifest_that_is_not_valid_is_refused(folder, written):
    (folder / "manifest.json").write_text(written)
    with pytest.raises(ModelError, match="manifest is not valid"):
        read_manifest(folder)


def test_a_folder_without_a_manifest_says_what_to_give(tmp_path):
    with pytest.raises(ModelError, match="no model here") as caught:
        read_manifest(tmp_path / "nowhere")
    assert "folder" in (caught.value.fix or "")


@pytest.mark.model
def test_every_file_of_the_shipped_model_matches_and_none_is_left_out(model_folder):
    manifest, identity = read_manifest(model_folder)
    assert isinstance(manifest, Manifest)
    assert len(identity.sha256) == 64
    for name, entry in manifest.files.items():
        assert len(verified(model_folder, manifest, name)) == entry.size
    assert {"model.onnx", "tokenizer.json", "head.json"} <= set(manifest.files)

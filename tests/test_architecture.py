"""The shape of the code: who may import whom, what a wheel holds, what the library never does."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "pipeline").rglob("*.py"))
PACKAGES = ("pipeline", "training", "serve")
AUDIT_FILES = ("report.html.j2", "report.css", "report.js", "strings.json")

# Library code gets time, settings and data from its caller.
FORBIDDEN_MODULES = {"time", "socket", "ssl", "http", "urllib", "urllib.request", "requests", "asyncio", "subprocess"}
FORBIDDEN_NAMES = {
    *("os.environ", "os.getenv", "os.environb", "sys.stdout", "sys.stderr", "sys.stdin"),
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now"),
}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_keep_to_their_contracts():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_library_never_prints_nor_reads_clock_environment_or_sockets(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert called.isdisjoint({"print", "input", "breakpoint", "exit", "quit"})
    assert names.isdisjoint(FORBIDDEN_NAMES)
    assert FORBIDDEN_MODULES.union(FORBIDDEN_NAMES).isdisjoint(imported(tree))


def test_these_checks_see_what_they_forbid():
    tree = ast.parse("import os, socket\nfrom os import environ\nprint(os.environ)")
    assert {"socket", "os.environ"} <= set(imported(tree))
    assert "os.environ" in {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_importing_the_library_loads_nothing_heavy():
    heavy = ("numpy", "onnxruntime", "pyarrow", "torch", "tokenizers", "jieba")
    program = f"import sys, pipeline; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_scoring_loads_no_training_library():
    program = """
import sys
import pipeline.api, pipeline.models.onnx, pipeline.formats.read, serve.audit.driver, serve.commands.score
from pipeline.formats.format import FORMATS
FORMATS.names()
print([m for m in ("torch", "transformers", "mlflow", "sklearn", "datasets", "pandas", "scipy") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def tracked() -> set[str]:
    """Files of the packages, as they lie in the checkout."""
    return {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def shipped(folder: str, to: str) -> set[str]:
    """Where the files of a folder stand in a wheel."""
    found = (p for p in (ROOT / folder).rglob("*") if p.is_file() and not p.name.startswith("."))
    return {f"{to}/{path.relative_to(ROOT / folder).as_posix()}" for path in found}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Iterator[ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (path,) = folder.glob("boilover-*-py3-none-any.whl")
    with ZipFile(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def names(wheel: ZipFile) -> set[str]:
    return {name for name in wheel.namelist() if not name.endswith("/.gitkeep")}


class TestWheel:
    def test_it_holds_the_three_packages_and_nothing_else(self, names) -> None:
        tops = {name.split("/")[0] for name in names}
        assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
        assert len(tops) == len(PACKAGES) + 1

    def test_it_holds_every_file_of_the_packages_with_configuration_and_model(self, names) -> None:
        expected = {name for name in tracked() if "/pictures/" not in name} | shipped(
            "configs", "pipeline/resources/configs"
        )
        expected |= shipped("data/models/boilover", "pipeline/resources/models/boilover")
        assert {name for name in names if ".dist-info/" not in name} == expected

    def test_it_holds_what_the_report_is_made_of(self, names) -> None:
        assert {f"serve/audit/{name}" for name in AUDIT_FILES} <= names
        assert {"pipeline/conversation.schema.json", "pipeline/resources/configs/alerts.yaml"} <= names

    @pytest.mark.model
    def test_it_holds_the_model(self, names) -> None:
        files = ("manifest.json", "model.onnx", "tokenizer.json", "context.npz", "head.json", "MODEL_CARD.md")
        assert {f"pipeline/resources/models/boilover/{name}" for name in files} <= names

    def test_it_declares_the_command_the_licence_and_no_torch_at_run_time(self, wheel, names) -> None:
        (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
        scripts = wheel.read(f"{info}/entry_points.txt").decode()
        assert "[console_scripts]\nboilover = serve.cli:script" in scripts
        assert "score = serve.commands.score" in scripts
        assert f"{info}/licenses/LICENSE" in names
        needed = [
            line for line in wheel.read(f"{info}/METADATA").decode().splitlines() if line.startswith("Requires-Dist:")
        ]
        always = [line for line in needed if "extra ==" not in line]
        assert any("onnxruntime" in line for line in always)
        assert not any(word in line for line in always for word in ("torch", "transformers", "mlflow", "scikit"))

"""Every ``console`` block of a README is run; what it prints must stand there. Numbers may differ by processor in the second digit."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"-?\d+\.\d+")
TOLERANCE = 0.05


def blocks():
    for page in (ROOT / "README.md", ROOT / "data" / "README.md"):
        text = page.read_text(encoding="utf-8")
        for found in re.finditer(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            command, _, output = found[1].partition("\n") if "<<" not in found[1] else (found[1], "", None)
            yield pytest.param(command.removeprefix("$ "), output, id=f"{page.parent.name}: {command[2:50]}")


@pytest.mark.parametrize(("command", "output"), list(blocks()))
def test_a_command_of_the_readme_prints_what_stands_there(command, output):
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False, env={"PATH": path}, timeout=120
    )
    assert done.returncode == 0, done.stderr
    if output is not None:
        assert NUMBER.sub("#", done.stdout) == NUMBER.sub("#", output)
        wanted, printed = ([float(n) for n in NUMBER.findall(text)] for text in (output, done.stdout))
        assert printed == pytest.approx(wanted, abs=TOLERANCE)


def test_every_link_of_the_readme_leads_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_in_the_readme_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`?boilover ([a-z]+)", text))
    shown = subprocess.run(
        [Path(sys.executable).parent / "boilover", "--help"], capture_output=True, text=True, check=True
    )
    assert {name for name in named if not re.search(rf"^\s+{name}\b", shown.stdout, re.MULTILINE)} == set()

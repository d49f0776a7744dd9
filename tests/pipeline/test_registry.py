import sys

import pytest

from pipeline.errors import UnknownName
from pipeline.registry import Registry


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A registry over a package of two modules that register themselves."""
    package = tmp_path / "made_up_parts"
    package.mkdir()
    (package / "__init__.py").write_text("from pipeline.registry import Registry\nPARTS = Registry('part', __name__)\n")
    for name in ("zebra", "ant"):
        (package / f"{name}.py").write_text(f"from made_up_parts import PARTS\nPARTS.add('{name}', '{name}!')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("made_up_parts").PARTS
    for name in [name for name in sys.modules if name.startswith("made_up_parts")]:
        del sys.modules[name]


def test_modules_of_the_package_register_themselves_on_first_use(registry):
    assert "made_up_parts.ant" not in sys.modules
    assert registry.get("ant") == "ant!"
    assert "made_up_parts.zebra" in sys.modules


def test_parts_come_in_the_order_of_their_names(registry):
    assert registry.names() == ["ant", "zebra"]
    assert list(registry) == ["ant!", "zebra!"]


def test_a_miss_names_the_kind_what_is_known_and_the_nearest(registry):
    with pytest.raises(UnknownName, match=r'unknown part "zebar". Known: ant, zebra') as caught:
        registry.get("zebar")
    assert caught.value.fix == 'did you mean "zebra"?'


def test_a_name_is_given_once():
    registry = Registry[int]("part", "pipeline")
    assert registry.add("one", 1) == 1
    with pytest.raises(ValueError, match="part 'one' is registered twice"):
        registry.add("one", 2)

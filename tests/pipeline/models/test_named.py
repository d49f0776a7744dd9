"""Models by name: the scheme finds an installed store; without one the error says what to install."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from pipeline import load
from pipeline.errors import ModelError
from pipeline.models import named
from pipeline.run import build


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch):
    """Installs entry points of the group in place of the real ones."""

    def install(**values: str) -> None:
        entries = [EntryPoint(name, value, named.GROUP) for name, value in values.items()]
        monkeypatch.setattr(named, "entry_points", lambda *, group, name: [e for e in entries if e.name == name])

    return install


@pytest.mark.parametrize("folder", ["models/boilover", "/srv/models:/x", "C:/models/mine", "models:x", "m"])
def test_a_folder_stays_a_folder(stores, folder: str) -> None:
    stores()
    assert named.folder_of(folder) == Path(folder)
    assert named.folder_of(Path(folder)) == Path(folder)


def test_the_scheme_names_the_store_that_is_asked(stores) -> None:
    stores(models=f"{__name__}:missing", mine="pathlib:Path")
    assert named.folder_of("mine:/boilover@champion") == Path("mine:/boilover@champion")
    assert named.folder_of(Path("mine:/boilover@champion")) == Path("mine:/boilover@champion")


def test_without_a_store_the_error_says_what_to_install(stores) -> None:
    stores()
    with pytest.raises(ModelError, match=r"no store of models models:/ is installed\n  Fix: install boilover\[train\]"):
        load("models:/boilover@champion")


def test_a_store_whose_library_is_missing_says_so(stores) -> None:
    stores(models="library_that_is_not_there.store:folder_of")
    with pytest.raises(ModelError, match="needs library_that_is_not_there"):
        build(model="models:/boilover@champion")


def test_a_configuration_may_name_a_registered_model(stores, tmp_path: Path) -> None:
    stores()
    config = tmp_path / "c.yaml"
    config.write_text("model: models:/boilover@champion\n")
    with pytest.raises(ModelError, match="no store"):
        build(config)
    config.write_text("model: beside\n")
    with pytest.raises(ModelError, match="no model here") as caught:
        build(config)
    assert caught.value.path == str(tmp_path / "beside")

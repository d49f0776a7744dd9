import pytest

from pipeline import resources
from pipeline.errors import ConfigError
from pipeline.resources import resource


def test_the_shipped_configuration_is_found():
    assert resource("configs", "default.yaml").is_file()
    assert resource("models").name == "models"


def test_what_is_missing_is_named_without_the_machines_paths():
    with pytest.raises(ConfigError, match=r"shipped file configs/nothing\.yaml is missing") as caught:
        resource("configs", "nothing.yaml")
    assert str(resources.__file__) not in str(caught.value)


@pytest.mark.parametrize(
    ("parts", "packaged", "in_checkout"),
    [
        (("configs", "a.yaml"), "resources/configs/a.yaml", "configs/a.yaml"),
        (("models", "m"), "resources/models/m", "data/models/m"),
    ],
)
def test_a_wheel_has_it_in_the_package_and_a_checkout_at_the_top(tmp_path, monkeypatch, parts, packaged, in_checkout):
    monkeypatch.setattr(resources, "_PACKAGED", tmp_path / "pipeline" / "resources")
    monkeypatch.setattr(resources, "_CHECKOUT", tmp_path)
    for place in (tmp_path / in_checkout, tmp_path / "pipeline" / packaged):
        place.parent.mkdir(parents=True)
        place.touch()
        assert resource(*parts) == place

"""The whole run: every step is kept, and a run that was killed goes on from it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from toy_run import Run, Toy

from pipeline.errors import ConfigError
from training.train import Workplace, chat_dialogues, fresh, load_config, public_parts, train, workplace


def test_the_steps_run_in_order_and_leave_their_results(run: Run) -> None:
    assert run.stages == ("public", "service", "alone")
    left = {path.name for path in run.place.out.iterdir()}
    assert {"public.pt", "service.pt", "alone.pt", "points.json", "model"} <= left
    assert not [name for name in left if name.endswith((".checkpoint", ".partial"))]


def test_only_training_chats_are_learned_from(run: Run) -> None:
    tokenizer = Tokenizer.from_file(str(run.place.base / "tokenizer.json"))
    learned = {one.key for one in chat_dialogues(run.place, "train", tokenizer)}
    tuned = {one.key for one in chat_dialogues(run.place, "dev", tokenizer)}
    assert len(learned) == 36
    assert len(tuned) == 12
    assert not learned & tuned


def test_a_share_of_the_chats_is_drawn_by_the_seed(place: Workplace) -> None:
    tokenizer = Tokenizer.from_file(str(place.base / "tokenizer.json"))
    some = replace(place, config=place.config.model_copy(update={"share": 0.25}))
    keys = [one.key for one in chat_dialogues(some, "train", tokenizer)]
    assert len(keys) == 9
    assert keys == [one.key for one in chat_dialogues(some, "train", tokenizer)]
    assert len(chat_dialogues(some, "dev", tokenizer)) == 12


def test_a_finished_run_is_not_trained_again(run: Run) -> None:
    def never(stage: str, _: object) -> None:
        raise AssertionError(stage)

    again = train(run.place, never)
    wanted = run.trained.model.state_dict()
    assert all(torch.equal(value, wanted[name]) for name, value in again.model.state_dict().items())
    assert again.points == run.trained.points


def test_a_run_killed_between_its_steps_ends_the_same(run: Run, tmp_path: Path) -> None:
    shutil.copy(run.place.out / "public.pt", tmp_path / "public.pt")
    stages: list[str] = []
    again = train(replace(run.place, out=tmp_path), lambda stage, _: stages.append(stage))
    assert dict.fromkeys(stages) == dict.fromkeys(["service", "alone"])
    wanted = run.trained.model.state_dict()
    assert all(torch.equal(value, wanted[name]) for name, value in again.model.state_dict().items())
    assert again.points == run.trained.points


def test_research_only_corpora_are_left_out(place: Workplace) -> None:
    names = {name for rows in public_parts(place, "train") for name in rows["corpus"]}
    assert names == {"toy", "toy_calm"}


def test_without_corpora_an_earlier_public_stage_must_be_there(toy: Toy, place: Workplace, tmp_path: Path) -> None:
    bare = workplace(
        load_config(toy.config), base=place.base, corpora=None, out=tmp_path, categories=place.layout.categories
    )
    with pytest.raises(ConfigError, match="corpora"):
        train(bare, lambda *_: None)


def test_steps_of_other_settings_are_not_gone_on_with(toy: Toy, place: Workplace) -> None:
    other = load_config(toy.config).model_copy(update={"seed": 4})
    with pytest.raises(ConfigError, match="other data or settings"):
        workplace(other, base=place.base, corpora=None, out=place.out, categories=place.layout.categories)


def test_the_beginning_depends_on_the_seed_alone(place: Workplace) -> None:
    one, two = fresh(place).state_dict(), fresh(place).state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize(
    ("change", "place_of_error"),
    [("layers: many", "layers"), ("public: {epochs: 0}", "public.epochs"), ("colour: red", "colour")],
)
def test_a_wrong_configuration_names_the_key(toy: Toy, tmp_path: Path, change: str, place_of_error: str) -> None:
    key = change.split(":", maxsplit=1)[0]
    lines = [line for line in toy.config.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{key}:")]
    (tmp_path / "c.yaml").write_text("\n".join([*lines, change]), encoding="utf-8")
    with pytest.raises(ConfigError, match=place_of_error):
        load_config(tmp_path / "c.yaml")
    with pytest.raises(ConfigError, match="read"):
        load_config(tmp_path / "none.yaml")


def test_the_committed_configuration_is_sound(repository: Path) -> None:
    config = load_config(repository / "configs" / "train" / "boilover.yaml")
    assert len(config.layers) == 8
    assert config.table.is_file()
    assert config.chats.resolve() == repository / "data" / "conversations"
    assert config.labels is not None
    assert config.labels.is_dir()

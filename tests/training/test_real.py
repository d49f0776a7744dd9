"""Our labels on rows of public corpora, joined with texts that lie elsewhere."""

import gzip
import json
import os
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.records import AgentLabels, CustomerLabels, Role
from training.real import RealCorpus, labelled_rows, load_real, load_real_table

LEVELS = {"anger": 2, "frustration": 1, "polarity": "negative", "signals": ["abuse"]}
WHOLE = {
    "categories": ["logistics"],
    "stage": "complaint",
    "escalated": True,
    "escalation_at": "0",
    "outcome": "pending",
    "csat": 1,
}
NEVER_SHIPPED = ("twcs", "maia", "airline", "tweeteval", "semeval", "toxicn", "meld", "derailment", "reccon")


def corpus(kind: str, *paths: str, **fields: object) -> RealCorpus:
    row = {"paths": list(paths), "kind": kind, "language": "en", "licence": "own", "shipped": True}
    return RealCorpus.model_validate(row | fields)


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    messages = [
        {"corpus": "posts", "row": "7", **LEVELS},
        {"corpus": "talks", "row": "d1@0", **LEVELS},
        {"corpus": "kept", "row": "7", **LEVELS},
    ]
    dialogues = [
        {"corpus": "talks", "row": "d1", "conversation": WHOLE, "turns": {"0": LEVELS, "1": {"acts": ["apology"]}}},
        {"corpus": "tasks", "row": "1", "conversation": WHOLE, "turns": {"0": LEVELS, "1": {"acts": []}}},
    ]
    for name, rows in (("messages", messages), ("dialogues", dialogues)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


@pytest.fixture
def table(tmp_path: Path) -> dict[str, RealCorpus]:
    (tmp_path / "posts.csv").write_text("id,head,body\n7,Late,Where is it\n", encoding="utf-8")
    turns = [{"sender": "customer", "utterances": ["你们", "骗子"]}, {"sender": "helpdesk", "utterances": ["抱歉"]}]
    with gzip.open(tmp_path / "talks.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.write(json.dumps({"id": "d1", "turns": turns}) + "\n")
    first = "USER\thello\tA\t3\nSYSTEM\thi\tB\t\nUSER\tOVERALL\t\t3\n"
    (tmp_path / "tasks.txt").write_text(f"{first}\n{first.replace('hello', 'again')}", encoding="utf-8")
    return {
        "posts": corpus("rows", "posts.csv", text=["head", "body"], join=": ", cut={"body": 5}),
        "talks": corpus("stc", "talks.jsonl.gz"),
        "tasks": corpus("uss", "tasks.txt"),
        "kept": corpus("rows", "posts.csv", text=["body"], shipped=False),
    }


def test_texts_are_joined_with_their_labels(labels: Path, table: dict[str, RealCorpus], tmp_path: Path) -> None:
    post, turn, talk, task = load_real(labels, table, tmp_path, shipped=True)
    assert post.chat.messages[0].text == "Late: Where"
    assert turn.chat.messages[0].text == "你们\n骗子"
    assert [m.role for m in talk.chat.messages] == [Role.CUSTOMER, Role.AGENT]
    assert task.chat.messages[0].text == "again"
    assert (post.is_whole, turn.is_whole, talk.is_whole, task.is_whole) == (False, False, True, True)
    assert talk.chat.labels is not None
    assert isinstance(talk.chat.labels.messages["0"], CustomerLabels)
    assert isinstance(talk.chat.labels.messages["1"], AgentLabels)
    assert {one.corpus for one in load_real(labels, table, tmp_path, shipped=False)} == set(table)


def test_labelled_rows_and_dialogues_are_named(labels: Path) -> None:
    assert labelled_rows(labels, ["talks"]) == {"d1"}
    assert labelled_rows(labels, ["posts", "tasks"]) == {"7", "1"}
    assert not labelled_rows(labels, [])


def test_a_missing_file_and_a_missing_row_are_named(labels: Path, table: dict[str, RealCorpus], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        load_real(labels, {"posts": corpus("rows", "none.csv")}, tmp_path, shipped=True)
    (tmp_path / "posts.csv").write_text("id,head,body\n8,a,b\n", encoding="utf-8")
    with pytest.raises(InputError, match="no row 7"):
        load_real(labels, table, tmp_path, shipped=True)


def test_the_committed_labels_are_by_row_only_and_many(repository: Path) -> None:
    folder = repository / "data" / "labels"
    rows = [json.loads(line) for line in (folder / "messages.jsonl").read_text(encoding="utf-8").splitlines()]
    dialogues = [json.loads(line) for line in (folder / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {key for row in rows for key in row} == {"corpus", "row", *LEVELS}
    assert {key for row in dialogues for key in row} == {"corpus", "row", "conversation", "turns"}
    customers = len(rows) + sum("anger" in turn for one in dialogues for turn in one["turns"].values())
    assert customers >= 4_000
    assert len(dialogues) >= 400
    table = load_real_table(repository / "configs" / "train" / "real.yaml")
    assert {row["corpus"] for row in rows + dialogues} <= set(table)
    shipped = [name for name, one in table.items() if one.shipped]
    assert not [name for name in shipped if any(part in name for part in NEVER_SHIPPED)]


@pytest.mark.corpora
def test_every_committed_label_finds_its_text(repository: Path) -> None:
    named = os.environ.get("BOILOVER_CORPORA")
    if not named:
        pytest.skip("wants the public corpora: set BOILOVER_CORPORA to their folder")
    table = load_real_table(repository / "configs" / "train" / "real.yaml")
    found = load_real(repository / "data" / "labels", table, Path(named), shipped=False)
    assert len(found) > 4_000
    assert all(any(m.text.strip() for m in one.chat.messages) for one in found)

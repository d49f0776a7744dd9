"""Corpora by the mapping table, chats by the codebook."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from pipeline.errors import InputError
from pipeline.records import Conversation
from pipeline.serialise import conversation_to_json, dump_line
from training.corpora import (
    CorpusEntry,
    Draws,
    checksum,
    load_chats,
    load_table,
    public_dataset,
    read_chats,
    text_key,
    texts_of,
)
from training.targets import Layout

LAYOUT = Layout(("refund_return", "other"))
NEVER_SHIPPED = (
    "toxicn",
    "maia",
    "semeval2018",
    "tweeteval_emotion",
    "tweeteval_en/emotion",
    "dutir",
    "airline_tweets",
    "reccon",
    "meld",
    "derailment",
)
"""Corpora whose licence forbids that shipped weights see them."""


def entry(path: Path, **fields: object) -> CorpusEntry:
    row = {"name": "t", "path": path.name, "language": "en", "licence": "own", "shipped": True, "text": ["text"]}
    return CorpusEntry.model_validate(row | fields)


def rows_of(path: Path, **fields: object) -> list[dict[str, object]]:
    return list(public_dataset(entry(path, **fields), path.parent, LAYOUT, seed=1))


def target(row: dict[str, object], head: str) -> float:
    return float(np.array(row["targets"])[LAYOUT.part(head)][0])


def test_the_committed_table_loads_and_ships_nothing_it_must_not(repository: Path) -> None:
    table = load_table(repository / "configs" / "train" / "corpora.yaml")
    assert {e.split for e in table} == {"train", "dev"}
    shipped = [f"{e.name} {e.path}" for e in table if e.shipped]
    assert shipped
    assert not [one for one in shipped if any(name in one for name in NEVER_SHIPPED)]
    heads = {head for e in table for head in (*e.targets, *e.constant)}
    assert all(LAYOUT.part(head) for head in heads)


def test_unknown_keys_of_the_table_are_an_error(tmp_path: Path) -> None:
    row = {"name": "t", "path": "x", "language": "en", "licence": "own", "shipped": True, "text": ["a"], "labell": "b"}
    (tmp_path / "t.yaml").write_text(yaml.safe_dump([row]))
    with pytest.raises(ValidationError, match="labell"):
        load_table(tmp_path / "t.yaml")


def test_labels_map_to_yes_no_and_silence(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,text,label\na,Grr,anger\nb,Meh,disgust\nc,Fine,joy\n", encoding="utf-8")
    maps = {"anger_any": {"positive": ["anger"], "ambiguous": ["disgust"], "rest": "negative"}}
    rows = rows_of(path, label="label", targets=maps)
    assert [(row["row"], target(row, "anger_any")) for row in rows] == [("a", 1.0), ("c", 0.0)]


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
def test_sets_of_labels_and_packed_files_are_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    data = "text,label\n退钱,anger|sadness\nbravo,joy\nodd,joy|anger\n".encode()
    path.write_bytes(gzip.compress(data) if ending.endswith("gz") else data)
    maps = {"polarity": {"negative": ["anger", "sadness"], "positive": ["joy"]}}
    rows = rows_of(path, label="label", separator="|", targets=maps)
    assert [(row["text"], target(row, "polarity")) for row in rows] == [("退钱", 0.0), ("bravo", 2.0)]


def test_flags_name_labels_and_columns_join(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("a\tb\tanger\nyou\tfool\tT\nall\tgood\tF\n", encoding="utf-8")
    maps = {"anger_any": {"positive": ["anger"], "rest": "negative"}}
    rows = rows_of(path, text=["a", "b"], flags=["anger"], flag="T", targets=maps)
    assert [(row["text"], target(row, "anger_any")) for row in rows] == [("you fool", 1.0), ("all good", 0.0)]


def test_public_texts_are_prepared_as_at_run_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text\nＣａｌｌ me at 138-0000-1234&nbsp;now\n", encoding="utf-8")
    assert rows_of(path, constant={"anger_any": 0})[0]["text"] == "Call me at <PHONE> now"


def test_a_sample_is_drawn_by_the_seed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text\n" + "".join(f"text number {i}\n" for i in range(50)), encoding="utf-8")
    one = entry(path, sample=9, constant={"anger_any": 0})
    first, again, other = (public_dataset(one, tmp_path, LAYOUT, seed=s)["text"] for s in (1, 1, 2))
    assert len(first) == 9
    assert list(first) == list(again) != list(other)


def test_texts_can_be_left_out_before_the_draw(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text\n" + "".join(f"text number {i}\n" for i in range(50)), encoding="utf-8")
    one = entry(path, sample=20, constant={"anger_any": 0})
    drawn = texts_of(one, tmp_path, Draws(1, (1.0, 0.1)))
    parts = [public_dataset(one, tmp_path, LAYOUT, seed=1, share=share)["text"] for share in (1.0, 0.1)]
    assert drawn == {text_key(text) for part in parts for text in part}
    rest = public_dataset(one, tmp_path, LAYOUT, seed=1, without=drawn)["text"]
    assert len(rest) == 20
    assert not drawn & {text_key(t) for t in rest}
    assert len(texts_of(one, tmp_path)) == 50


def test_texts_are_the_same_but_for_case_width_blanks_and_users() -> None:
    assert text_key("@you Ｇive  it BACK") == text_key("give it back @me") == "giveitback"
    assert text_key("退 钱！") == text_key("退钱!") != text_key("退款!")


def test_numbers_and_lists_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('[{"text": "a", "much": "0.25"}, {"text": "b", "much": 1}]', encoding="utf-8")
    assert [target(row, "anger") for row in rows_of(path, numbers={"anger": "much"})] == [0.25, 1.0]


def test_a_missing_file_and_a_missing_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        rows_of(tmp_path / "none.csv")
    path = tmp_path / "t.csv"
    path.write_text("words\nhello\n", encoding="utf-8")
    with pytest.raises(InputError, match="text"):
        rows_of(path, constant={"anger_any": 0})


def test_chats_are_read_and_a_bad_line_is_named(tmp_path: Path, chats: list[Conversation]) -> None:
    line = dump_line(conversation_to_json(chats[0]))
    (tmp_path / "a.jsonl").write_text(line + "\n", encoding="utf-8")
    assert [c.conversation_id for c in load_chats(tmp_path)] == [chats[0].conversation_id]
    (tmp_path / "b.jsonl").write_text(line + "\n{]\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_chats(tmp_path / "b.jsonl")
    assert caught.value.line == 2
    with pytest.raises(InputError):
        read_chats(tmp_path / "none.jsonl")


def test_the_checksum_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert checksum(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.corpora
def test_no_row_of_a_public_corpus_stands_in_the_repository(repository: Path) -> None:
    """A row of twelve characters or more (twenty letters of English) that appears in a text file of ours was copied, not written."""
    named = os.environ.get("BOILOVER_CORPORA")
    if not named:
        pytest.skip("wants the public corpora: set BOILOVER_CORPORA to their folder")
    ours = _words_of_ours(repository)
    copied = []
    for one in load_table(repository / "configs" / "train" / "corpora.yaml"):
        if (Path(named) / one.path).is_file():
            rows = public_dataset(one.model_copy(update={"sample": 1_000}), Path(named), LAYOUT, seed=5)
            copied += [
                (one.name, row) for row, text in zip(rows["row"], rows["text"], strict=True) if _key(text) in ours
            ]
    assert not copied


def _key(text: str) -> str:
    letters = "".join(c for c in text.lower() if c.isalnum())
    # Courtesies of everyday English ("thank you very much") are everybody's; so short a Chinese text is not.
    return letters if len(letters) >= (20 if letters.isascii() else 12) else "\0"


def _words_of_ours(repository: Path) -> set[str]:
    """Texts of our chats and samples, and lines of tests and documents, letters only."""
    chats = load_chats(repository / "data" / "conversations")
    found = {_key(m.text) for chat in chats for m in chat.messages}
    for folder in ("data/samples", "tests", "configs", "."):
        pattern = "*" if folder == "." else "**/*"
        for path in (repository / folder).glob(pattern):
            if path.is_file() and path.suffix in {".txt", ".md", ".py", ".csv", ".yaml", ".chat", ".json", ".jsonl"}:
                found |= {_key(line) for line in path.read_text(encoding="utf-8", errors="ignore").splitlines()}
    return found - {"\0"}

"""Sets that no weights are trained on, with a pipeline that says what it is told."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from pydantic import ValidationError

from pipeline.records import Conversation, Language, MessageResult, Polarity, Role
from training.corpora import CorpusEntry, Draws, load_table, public_dataset
from training.real import load_real_table
from training.targets import Layout
from training.untrained import (
    LEGEND,
    Figure,
    Trained,
    UntrainedTable,
    as_markdown,
    as_table,
    load_untrained,
    untrained_figures,
)

CATEGORIES = ("refund_return", "other")
NOTHING = Trained((), Draws(1), None)


class Told:
    """A pipeline that reads its scores from the texts: ``0.7 negative …`` is of anger, frustration and risk 0.7, and negative."""

    scorer = SimpleNamespace(categories=CATEGORIES)

    def __init__(self) -> None:
        self.heard: list[list[tuple[Role, str]]] = []

    def run_batch(self, chats: Iterable[Conversation], *, full: bool = False) -> Iterator[SimpleNamespace]:
        for chat in chats:
            self.heard.append([(m.role, m.text) for m in chat.messages])
            results = tuple(self._result(m.message_id, m.role, m.text, full=full) for m in chat.messages)
            whole = SimpleNamespace(csat=5 - 4 * results[-1].risk)
            yield SimpleNamespace(assessment=SimpleNamespace(messages=results, conversation=whole))

    @staticmethod
    def _result(name: str, role: Role, text: str, *, full: bool) -> MessageResult:
        level = float(text.split(maxsplit=1)[0])
        tone = next((tone for tone in Polarity if tone.value in text), Polarity.NEUTRAL)
        risk = level if role is Role.CUSTOMER else level / 2
        if role is not Role.CUSTOMER:
            return MessageResult(name, role, Language.EN, risk)
        scores = {"anger_any": level, "negative": level, "positive": 1 - level} if full else None
        return MessageResult(name, role, Language.EN, risk, level, level, tone, scores=scores)


def measured(table: dict[str, object], folder: Path, trained: Trained = NOTHING, **options: int) -> dict[str, Figure]:
    sets = UntrainedTable.model_validate(table)
    found = untrained_figures(Told(), sets, folder, trained, draws=20, **options)  # type: ignore[arg-type]
    assert all(one.measure in LEGEND for one in found)
    assert all(one.low <= one.value <= one.high for one in found)
    return {f"{one.corpus}.{one.measure}": one for one in found}


def rows(folder: Path, *lines: str, **fields: object) -> dict[str, object]:
    (folder / "t.csv").write_text("\n".join(("text,label", *lines)) + "\n", encoding="utf-8")
    row = {"name": "t", "path": "t.csv", "language": "en", "licence": "own", "text": ["text"]}
    return {"rows": [row | fields]}


def dialogues(folder: Path, kind: str, lines: list[object], **fields: object) -> dict[str, object]:
    (folder / "t.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return {
        "dialogues": [{"name": "t", "kind": kind, "paths": ["t.jsonl"], "language": "en", "licence": "own"} | fields]
    }


def test_anger_is_ranked_against_the_rest(tmp_path: Path) -> None:
    table = rows(
        tmp_path,
        *("0.9 a,anger", "0.4 b,anger", "0.6 c,joy", "0.1 d,joy", "0.99 e,disgust"),
        label="label",
        targets={"anger_any": {"positive": ["anger"], "ambiguous": ["disgust"], "rest": "negative"}},
    )
    (found,) = measured(table, tmp_path).values()
    assert (found.measure, found.value, found.count) == ("anger_any.auc", 0.75, 4)


def test_intensity_is_correlated(tmp_path: Path) -> None:
    table = rows(tmp_path, "0.1 a,0.9", "0.2 b,0.8", "0.3 c,0.7", numbers={"anger": "label"})
    assert measured(table, tmp_path)["t.anger.pearson"].value == -1


def test_negative_stands_against_the_rest_where_neutral_is_known(tmp_path: Path) -> None:
    tones = {tone: [tone] for tone in ("negative", "neutral", "positive")}
    lines = ("0.9 negative a,negative", "0.9 neutral b,negative", "0.2 positive c,neutral", "0.2 neutral d,positive")
    found = measured(rows(tmp_path, *lines, label="label", targets={"polarity": tones}), tmp_path)
    assert found["t.negative.accuracy"].value == 0.75
    assert found["t.negative.macro_f1"].value == pytest.approx((2 / 3 + 0.8) / 2, abs=1e-4)


def test_neutral_is_wrong_or_goes_to_the_likelier_side(tmp_path: Path) -> None:
    lines = ("0.9 negative a,0", "0.8 neutral b,0", "0.7 neutral c,1", "0.1 positive d,1")
    maps = {"polarity": {"negative": ["0"], "positive": ["1"]}}
    found = measured(rows(tmp_path, *lines, label="label", targets=maps), tmp_path)
    values = {name: figure.value for name, figure in found.items()}
    assert values == {"t.polarity.accuracy": 0.5, "t.polarity.accuracy_of_two": 0.75, "t.polarity.neutral": 0.5}


def test_rows_that_training_draws_are_left_out_with_their_doubles(tmp_path: Path) -> None:
    lines = [f"0.{i} word,{'anger' if i > 50 else 'joy'}" for i in range(10, 90)]
    maps = {"anger_any": {"positive": ["anger"], "rest": "negative"}}
    table = rows(tmp_path, *lines, "0.10 WORD,joy", label="label", targets=maps, besides="seen")
    entry = {"name": "seen", "path": "t.csv", "language": "en", "licence": "own", "shipped": True, "text": ["text"]}
    seen = CorpusEntry.model_validate(entry | {"sample": 30, "label": "label", "targets": maps})
    drawn = {
        str(text).lower()
        for share in (1.0, 0.5)
        for text in public_dataset(seen, tmp_path, Layout(CATEGORIES), seed=4, share=share)["text"]
    }
    left = [line for line in (*lines, "0.10 WORD,joy") if line.split(",")[0].lower() not in drawn]
    found = measured(table, tmp_path, Trained((seen,), Draws(4, (1.0, 0.5)), None))
    assert found["t.anger_any.auc"].count == len(left) < 52
    assert measured(table, tmp_path, Trained((seen,), Draws(4), None), sample=9)["t.anger_any.auc"].count == 9


def test_each_sentence_of_a_customer_has_its_emotion(tmp_path: Path) -> None:
    said = [
        {"floor": "inbound", "text_mt": ["0.9 a", "0.1 b"], "text_src": ["x", "y"], "Emotion": [5, 2]},
        {"floor": "outbound", "text_mt": ["x"], "text_src": ["0.5", "neutral"], "Emotion": [0]},
        {"floor": "inbound", "text_mt": ["0.2 c", "0.5 d", "0.95 e"], "text_src": ["x"] * 3, "Emotion": [6, 3, -1]},
    ]
    found = measured(dialogues(tmp_path, "maia", [{"id": "d", "turns": said}]), tmp_path)
    assert (found["t.frustration.auc"].value, found["t.frustration.auc"].count) == (0.75, 4)
    assert found["t.anger.auc"].value == pytest.approx(1 / 3, abs=1e-4)


def test_derailing_talk_is_read_from_both_sides(tmp_path: Path) -> None:
    lines = [
        {"context": ["0.1", "0.1", "0.1", "0.9"], "derails": True},  # the second speaker is the one who boils
        {"context": ["0.2", "0.2", "0.2", "0.5"], "derails": False},
    ]
    found = measured(dialogues(tmp_path, "derailment", lines), tmp_path)
    assert {name: one.value for name, one in found.items()} == {
        "t.risk.auc@25": 0,
        "t.risk.auc@50": 0,
        "t.risk.auc@75": 0,
        "t.risk.auc@100": 1,
    }
    assert found["t.risk.auc@25"].count == 2


def test_satisfaction_is_ranked_on_dialogues_without_our_labels(tmp_path: Path) -> None:
    def line(name: str, text: str, *votes: int) -> dict[str, object]:
        return {"id": name, "turns": [{"sender": "customer", "utterances": [text]}], "S": votes}

    lines = [line("a", "0.9", -2, -1), line("b", "0.5", 0, 0), line("c", "0.1", 1, 2), line("d", "0.9", 2, 2)]
    (tmp_path / "messages.jsonl").write_text(json.dumps({"corpus": "talks", "row": "d@0"}) + "\n", encoding="utf-8")
    (tmp_path / "dialogues.jsonl").write_text(json.dumps({"corpus": "others", "row": "a"}) + "\n", encoding="utf-8")
    table = dialogues(tmp_path, "stc", lines, labelled=["talks"])
    found = measured(table, tmp_path, Trained((), Draws(1), tmp_path))
    assert (found["t.csat.spearman"].value, found["t.csat.spearman"].count) == (1, 3)
    assert measured(table, tmp_path)["t.csat.spearman"].count == 4
    assert measured(table, tmp_path, sample=15)["t.csat.spearman"].count == 3


@pytest.mark.parametrize("show", [as_table, as_markdown])
def test_tables_name_set_measure_and_count(show: object) -> None:
    assert callable(show)
    lines = show([Figure("talks", "zh", "csat.spearman", 0.51234, 0.4, 0.6, 200)]).splitlines()
    assert lines[-1].replace("|", " ").split()[:8] == [
        *("talks", "zh", "csat.spearman", "0.512", "0.400", "…", "0.600", "200")
    ]


def test_unknown_keys_of_the_table_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(yaml.safe_dump({"rows": [], "dialogs": []}))
    with pytest.raises(ValidationError, match="dialogs"):
        load_untrained(tmp_path / "t.yaml")


def test_the_committed_sets_are_not_trained_on(repository: Path) -> None:
    folder = repository / "configs" / "train"
    sets, table = load_untrained(folder / "untrained.yaml"), load_table(folder / "corpora.yaml")
    trained = {one.path: one for one in table}
    for one in sets.rows:
        if one.path in trained:  # only what the draw leaves of it
            assert one.besides == trained[one.path].name
            assert trained[one.path].sample is not None
        else:
            assert one.besides is None
    real = {path: name for name, one in load_real_table(folder / "real.yaml").items() for path in one.paths}
    assert all(real[path] in one.labelled for one in sets.dialogues for path in one.paths if path in real)


@pytest.mark.corpora
def test_the_committed_sets_are_read(repository: Path) -> None:
    named = os.environ.get("BOILOVER_CORPORA")
    if not named:
        pytest.skip("wants the public corpora: set BOILOVER_CORPORA to their folder")
    folder = repository / "configs" / "train"
    trained = Trained(load_table(folder / "corpora.yaml"), Draws(7), repository / "data" / "labels")

    class Length(Told):
        """Says how long a text is, so that every set has something to measure."""

        @staticmethod
        def _result(name: str, role: Role, text: str, *, full: bool) -> MessageResult:
            return Told._result(name, role, f"{len(text) / 20_000} neutral", full=full)

    sets = load_untrained(folder / "untrained.yaml")
    found = untrained_figures(Length(), sets, Path(named), trained, sample=500, draws=2)  # type: ignore[arg-type]
    assert {one.corpus for one in found} == {one.name for one in (*sets.rows, *sets.dialogues)}

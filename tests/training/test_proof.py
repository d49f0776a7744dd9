"""What a run leaves to look at."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_run import Run

from pipeline.records import Role
from training.measures import Judged
from training.proof import confusion, errors, reliability, write_proof


def test_every_customer_message_stands_in_a_confusion(run: Run) -> None:
    judged = run.finished.judged
    counts = confusion(judged, "anger")
    levels = [label.anger for one in judged for label, _ in one.customers()]
    assert counts.sum(axis=1).tolist() == np.bincount(levels, minlength=4).tolist()


def test_reliability_weighs_each_chat_the_same(run: Run) -> None:
    bins = reliability(run.finished.judged)
    assert sum(b.weight for b in bins) == pytest.approx(1)
    assert all(0 <= b.share <= 1 and 0 <= b.risk <= 1 for b in bins)
    assert [b.risk for b in bins] == sorted(b.risk for b in bins)
    assert reliability([]) == []


def test_errors_come_worst_first_and_redacted(run: Run) -> None:
    one = run.finished.judged[0]
    at = next(i for i, m in enumerate(one.conversation.messages) if m.role is Role.CUSTOMER)
    messages = list(one.conversation.messages)
    messages[at] = replace(messages[at], text="打 13800001234 给我, 骗子")
    results = [replace(m, anger=1.0 if i == at else m.anger) for i, m in enumerate(one.assessment.messages)]
    labels = dict(one.labels.messages)
    labels[messages[at].message_id] = replace(labels[messages[at].message_id], anger=0)
    conversation = replace(one.conversation, messages=tuple(messages), labels=replace(one.labels, messages=labels))
    wrong = Judged(conversation, replace(one.assessment, messages=tuple(results)))
    rows = errors([wrong, *run.finished.judged[1:]])
    assert rows[0]["message_id"] == messages[at].message_id
    assert "13800001234" not in rows[0]["text"]
    assert rows[0]["anger"] == [0, 1.0]
    assert [row["gap"] for row in rows] == sorted((row["gap"] for row in rows), reverse=True)
    assert len(errors([wrong, *run.finished.judged[1:]], limit=1)) == 1


def test_files_and_pictures_are_written(run: Run, tmp_path: Path) -> None:
    write_proof(run.finished.judged, tmp_path / "proof")
    names = {path.name for path in (tmp_path / "proof").iterdir()}
    assert names == {"confusion.json", "confusion.png", "reliability.json", "reliability.png", "errors.jsonl"}
    tables = json.loads((tmp_path / "proof" / "confusion.json").read_text(encoding="utf-8"))
    assert set(tables) == {"anger", "frustration"}
    assert np.array(tables["anger"]["all"]).shape == (4, 4)
    assert (tmp_path / "proof" / "reliability.png").read_bytes().startswith(b"\x89PNG")

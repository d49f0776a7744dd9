"""The suite through the pipeline: fake scores, the toy model, the shipped one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from strategies import CATEGORIES, fake_pipeline
from toy_run import Run

from pipeline.models.fake import FakeScorer, fake_scores
from pipeline.models.scorer import TextScores
from pipeline.records import Role
from pipeline.run import Pipeline, build
from training.behaviour.judge import Kind, Outcome, behave, conversation
from training.behaviour.report import ALL, as_table, by_kind
from training.behaviour.suite import LANGUAGES, Addition, Chats, Minimum, Pairs, Suite, load_floors, load_suite

ANGRY = fake_scores(anger=0.9, frustration=0.3, polarity="negative", signals=["abuse"], categories=len(CATEGORIES))
CALM = fake_scores(categories=len(CATEGORIES))


def pipeline_with(known: Mapping[str, TextScores]) -> Pipeline:
    return fake_pipeline(FakeScorer(known, categories=CATEGORIES))


def one(text: object) -> dict[str, tuple[object, ...]]:
    return {"zh": (text,), "en": (text,), "mixed": (text,)}


def of(outcomes: list[Outcome], kind: Kind) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.kind is kind]


def test_a_text_is_judged_by_what_is_expected_of_it():
    suite = Suite(minimum=(Minimum(capability="a", expect=("anger low", "signal abuse"), **one("骗子")),))
    outcomes = of(behave(pipeline_with({"骗子": ANGRY}), suite), Kind.MINIMUM)
    assert [o.language for o in outcomes] == list(LANGUAGES)
    assert outcomes[0].wrong == ("anger low: 0.90",)
    assert outcomes[0].texts == ("骗子",)


def test_an_agents_text_is_read_as_an_agents():
    said = fake_scores(acts=["apology"], categories=len(CATEGORIES))
    suite = Suite(minimum=(Minimum(capability="a", role="agent", expect=("act apology",), **one("抱歉")),))
    outcomes = behave(pipeline_with({"抱歉": said}), suite)
    assert [(o.kind, o.wrong) for o in outcomes] == [(Kind.MINIMUM, ())] * 3


def test_a_change_that_moves_a_score_is_a_failure_of_its_name():
    suite = Suite(minimum=(Minimum(capability="a", expect=("anger high",), **one("Idiots")),))
    outcomes = behave(pipeline_with({"Idiots": ANGRY, "": CALM}), suite)
    wrong = {o.capability: o.wrong for o in of(outcomes, Kind.INVARIANCE) if o.wrong}
    assert wrong == {"lower_case": ("anger 0.90 → 0.00", "frustration 0.30 → 0.00")}
    assert {o.capability for o in of(outcomes, Kind.INVARIANCE_SIGNALS) if o.wrong} == {"lower_case"}


def test_capitals_are_tried_on_calm_texts_only():
    suite = Suite(
        minimum=(
            Minimum(capability="a", expect=("anger high",), **one("fix it")),
            Minimum(capability="b", expect=("anger none",), **one("which size")),
        )
    )
    tried = {o.texts[0] for o in behave(fake_pipeline(), suite) if o.capability == "upper_case"}
    assert tried == {"which size"}


def test_an_addition_must_lead_where_it_says():
    suite = Suite(
        minimum=(Minimum(capability="a", expect=("anger none",), **one("到了吗")),),
        additions=(Addition(capability="b", to=("a",), expect=("raises anger", "lowers abuse"), **one("骗子")),),
    )
    (zh, *_) = of(behave(pipeline_with({"骗子": ANGRY, "": CALM}), suite), Kind.DIRECTION)
    assert zh.texts == ("到了吗", "到了吗，骗子")
    assert zh.wrong == ("lowers abuse: 0.02 → 0.90",)


def test_pairs_are_compared_from_the_first_to_the_second():
    suite = Suite(pairs=(Pairs(capability="a", expect=("lowers anger",), **one(("骗子", "没事"))),))
    outcomes = behave(pipeline_with({"骗子": ANGRY, "": CALM}), suite)
    assert [(o.kind, o.wrong) for o in outcomes] == [(Kind.DIRECTION, ())] * 3


@pytest.mark.parametrize(
    ("text", "expect", "wrong"),
    [
        ("c: 在吗\na: 在\nc: 骗子", "event E3", 0),
        ("c: 骗子\na: 在\nc: 骗子", "event E3", 1),
        ("c: 在吗", "event E3", 1),
        ("c: 在吗", "no event", 0),
        ("c: 骗子\nc: 好吧", "no event", 1),
    ],
)
def test_a_chat_is_judged_at_its_last_message(text, expect, wrong):
    suite = Suite(chats=(Chats(capability="a", expect=(expect,), **one(text)),))
    outcomes = behave(pipeline_with({"骗子": ANGRY, "": CALM}), suite)
    assert [len(o.wrong) for o in outcomes] == [wrong] * 3


def test_a_chat_is_a_conversation_in_time_order():
    chat = conversation("c1", "b: 您好\nc: 人工: 谢谢\na: 好")
    assert [m.role for m in chat.messages] == [Role.BOT, Role.CUSTOMER, Role.AGENT]
    assert chat.messages[1].text == "人工: 谢谢"
    assert chat.messages[0].sent_at < chat.messages[1].sent_at < chat.messages[2].sent_at


def test_the_shipped_cases_run_with_the_toy_model(run: Run):
    outcomes = behave(build(model=run.finished.folder, threads=1), load_suite())
    kinds = by_kind(outcomes)
    assert all(rates[ALL].tried >= 100 for rates in kinds.values())
    assert {o.capability for o in outcomes} >= set(load_suite().capabilities())


@pytest.mark.model
def test_the_shipped_model_keeps_to_the_floors(real: Pipeline):
    outcomes = behave(real, load_suite())
    kinds, floors = by_kind(outcomes), load_floors().model_dump()
    over = [
        f"{kind} {language}: {rates[language].share:.3f} > {floors[kind]}"
        for kind, rates in kinds.items()
        for language in (*LANGUAGES, ALL)
        if rates[language].share > floors[kind]
    ]
    assert not over, "\n".join(over) + "\n" + as_table(outcomes, examples=8)

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from chat_builders import scored
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CountingScorer

from pipeline.models.fake import FakeScorer
from pipeline.records import Role
from pipeline.stages.score import ScoreCache, text_to_score


@pytest.mark.parametrize(
    ("role", "text", "expected"),
    [
        (Role.CUSTOMER, "退款", "退款"),
        (Role.AGENT, "sorry", "sorry"),
        (Role.BOT, "退款", None),
        (Role.SYSTEM, "joined", None),
        (Role.CUSTOMER, "", None),
        (Role.CUSTOMER, " \u3000", None),
    ],
)
def test_only_words_of_people_are_scored(role, text, expected):
    assert text_to_score(scored(0, role, text).prepared) == expected


@given(st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from("abcdef"), max_size=5)), max_size=12))
@settings(deadline=None)
def test_whatever_is_fetched_ahead_each_text_is_scored_once(steps):
    scorer = CountingScorer()
    cache = ScoreCache(scorer)
    for ahead, texts in steps:
        if ahead:
            cache.prefetch(texts)
        else:
            assert [cache.get(text).anger for text in texts] == [s.anger for s in FakeScorer().score(texts)]
    assert len(scorer.asked) == len(set(scorer.asked))


def test_a_text_under_way_is_waited_for_and_not_scored_again():
    go = Event()

    class Slow(CountingScorer):
        def score(self, texts):
            assert go.wait(10)
            return super().score(texts)

    scorer = Slow()
    cache = ScoreCache(scorer)
    cache.prefetch(["退款", "hello"])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cache.get, "hello")
        assert not waiting.done()
        go.set()
        assert waiting.result(10) == cache.get("hello")
    assert scorer.asked == ["退款", "hello"]


def test_the_longest_unused_text_is_forgotten():
    scorer = CountingScorer()
    cache = ScoreCache(scorer, capacity=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        cache.get(text)
    assert scorer.asked == ["a", "b", "c", "b"]


def test_a_failure_of_the_scorer_reaches_who_wants_the_score():
    class Broken(FakeScorer):
        def score(self, texts):
            raise RuntimeError("no memory")

    cache = ScoreCache(Broken())
    cache.prefetch(["a"])
    for text in ("a", "b"):
        with pytest.raises(RuntimeError, match="no memory"):
            cache.get(text)

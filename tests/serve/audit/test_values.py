from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from fake_audit import calm_chat
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from serve.audit.options import Shard
from serve.audit.values import gap, moment, pairs, shard, time_zone


@pytest.mark.parametrize(
    ("text", "hours"), [("Asia/Shanghai", 8), ("+08:00", 8), ("-0330", -3.5), ("Z", 0), ("UTC", 0)]
)
def test_zones_by_name_and_offset(text: str, hours: float) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC).astimezone(time_zone(text))
    assert moment.utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "span"), [("90m", timedelta(minutes=90)), ("2d", timedelta(days=2)), ("30s", timedelta(seconds=30))]
)
def test_gaps_have_a_unit(text: str, span: timedelta) -> None:
    assert gap(text) == span


@given(st.text(max_size=12))
def test_any_text_is_a_value_or_a_clear_error(text: str) -> None:
    for convert in (
        gap,
        shard,
        time_zone,
        lambda value: moment(value, None),
        lambda value: pairs([value], "--role", "a=b"),
    ):
        with suppress(ConfigError):
            convert(text)


@pytest.mark.parametrize("texts", [("1/3", "2/3", "3/3"), ("0/3", "1/3", "2/3")])
def test_shares_cover_everything_whether_counted_from_0_or_1(texts: tuple[str, ...]) -> None:
    shards: list[Shard] = [shard(text) for text in texts]
    for i in range(50):
        assert sum(one.holds(calm_chat(f"c{i}", source=f"s{i % 2}")) for one in shards) == 1


def test_a_key_may_not_contain_the_sign_but_a_value_may() -> None:
    assert pairs(["text=a=b"], "--column", "text=x") == {"text": "a=b"}

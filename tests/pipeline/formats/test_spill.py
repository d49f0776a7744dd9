from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.formats.spill import Spill, contiguous

keys = st.text(st.characters(codec=None), max_size=6)


@given(st.lists(st.tuples(keys, st.integers(-5, 5))))
def test_values_come_back_by_key_in_first_seen_order_sorted_by_order_then_arrival(rows: list[tuple[str, int]]) -> None:
    expected: dict[str, list[list[int]]] = {}
    with Spill() as spill:
        for at, (key, order) in enumerate(rows):
            spill.put(key, [order, at], order=order)
            expected.setdefault(key, []).append([order, at])
        found = [(key, list(values)) for key, values in spill.groups()]
    assert found == [(key, sorted(values)) for key, values in expected.items()]


def test_texts_with_lone_surrogates_and_nul_survive() -> None:
    with Spill() as spill:
        spill.put("k\ud800\0", ["\udfff\0 文"])
        assert [(k, list(v)) for k, v in spill.groups()] == [("k\ud800\0", [["\udfff\0 文"]])]


def test_order_outside_64_bits_is_bounded_instead_of_failing() -> None:
    with Spill() as spill:
        spill.put("a", 1, order=10**30)
        spill.put("a", 2, order=-(10**30))
        assert [list(v) for _, v in spill.groups()] == [[2, 1]]


def test_nothing_stays_in_the_folder_even_when_the_reader_breaks_off(tmp_path: Path) -> None:
    def fail() -> None:
        with Spill(tmp_path) as spill:
            spill.put("a", "x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        Spill(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("ids", "expected"),
    [([], True), (["a", "a", "b"], True), (["b", "a", "a"], True), (["a", "b", "a"], False), (["a", None], False)],
)
def test_contiguous_ids(ids: list[str | None], expected: bool) -> None:
    assert contiguous(ids) is expected


def _peak(rows: int) -> int:
    tracemalloc.start()
    with Spill() as spill:
        for at in range(rows):
            spill.put(f"c{at % (rows // 10)}", ["x" * 60, at], order=at)
        assert sum(len(list(values)) for _, values in spill.groups()) == rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_rows_and_conversations() -> None:
    _peak(100)
    assert _peak(60_000) < 1.5 * max(_peak(20_000), 1 << 20)

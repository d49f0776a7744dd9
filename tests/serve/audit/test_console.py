from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.audit.console import WIDEST, duration, fit, table, width


def test_chinese_cells_line_up_with_english_ones() -> None:
    lines = table(("name", "#"), [("退款退货", "1"), ("refund", "22")]).splitlines()
    assert {width(line) for line in lines} == {width("退款退货") + 2 + 2}


@given(st.text(st.characters()))
def test_a_cell_is_printable_and_narrow(text: str) -> None:
    cell = fit(text)
    assert cell.isprintable()
    assert width(cell) <= WIDEST


def test_control_characters_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in fit("\x1b[2J\x1b]0;title\x07id")


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (119, "119s"), (120, "2min"), (7200, "2h"), (172_800, "2d")])
def test_durations_are_short(seconds: int, text: str) -> None:
    assert duration(seconds) == text

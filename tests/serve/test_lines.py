from io import BytesIO, RawIOBase
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from serve import lines
from serve.lines import GROUP, lines_as_they_come, open_source


class Arriving(BytesIO):
    """Gives its blocks one at a time, as a pipe does."""

    def __init__(self, blocks):
        super().__init__()
        self.blocks = list(blocks)
        self.read_so_far = 0

    def read1(self, size=-1):
        self.read_so_far += 1
        return self.blocks.pop(0) if self.blocks else b""


@given(st.binary(max_size=200).map(lambda data: data.replace(b"x", b"\n")), st.lists(st.integers(0, 200), max_size=5))
def test_lines_are_the_same_however_they_arrive(data, cuts):
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    blocks = [data[start:end] for start, end in pairwise(borders) if end > start]
    numbered = [line for group in lines_as_they_come(Arriving(blocks), "-") for line in group]
    expected = data.split(b"\n")
    assert numbered == list(enumerate(expected if expected[-1] else expected[:-1], 1))


def test_a_line_is_handed_on_before_the_next_arrives():
    source = Arriving([b"one\nt", b"wo\n"])
    groups = lines_as_they_come(source, "-")
    assert next(groups) == [(1, b"one")]
    assert source.read_so_far == 1
    assert next(groups) == [(2, b"two")]


def test_groups_are_bounded():
    sizes = [len(group) for group in lines_as_they_come(BytesIO(b"\n" * (2 * GROUP + 5)), "-")]
    assert sizes == [GROUP, GROUP, 5]


def test_a_line_longer_than_a_block_is_whole(monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 8)
    assert list(lines_as_they_come(BytesIO(b"a" * 100 + b"\nb"), "-")) == [[(1, b"a" * 100)], [(2, b"b")]]


def test_an_input_that_breaks_off_is_an_input_error_after_its_lines():
    class Broken(RawIOBase):
        given = False

        def read1(self, size=-1):
            if self.given:
                raise OSError(5, "Input/output error")
            self.given = True
            return b"one\n"

    groups = lines_as_they_come(Broken(), "chat.jsonl")  # type: ignore[arg-type]
    assert next(groups) == [(1, b"one")]
    with pytest.raises(InputError, match=r"chat\.jsonl: reading broke off"):
        next(groups)


def test_a_missing_file_and_a_folder_are_input_errors(tmp_path):
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            open_source(str(path))

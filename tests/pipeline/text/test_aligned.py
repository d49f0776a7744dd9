import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.aligned import AlignedText

sources = st.text(max_size=12)


@st.composite
def edits(draw: st.DrawFn, source: str):
    """Replacements of ``source`` in order, without overlap."""
    borders = sorted(draw(st.lists(st.integers(0, len(source)), max_size=6)))
    pairs = zip(borders[::2], borders[1::2], strict=False)
    return [(start, end, draw(st.text(max_size=4))) for start, end in pairs]


@st.composite
def rewritten(draw: st.DrawFn):
    source = draw(sources)
    return source, AlignedText.from_edits(source, draw(edits(source)))


@pytest.mark.parametrize(
    ("source", "change", "text", "of", "expected"),
    [
        ("电话13800001234要退款", (2, 13, "<PHONE>"), "电话<PHONE>要退款", "退款", (14, 16)),
        ("电话13800001234要退款", (2, 13, "<PHONE>"), "电话<PHONE>要退款", "HON", (2, 13)),
        ("soooo bad", (4, 5, ""), "sooo bad", "bad", (6, 9)),
        ("請問", (0, 2, "请问"), "请问", "问", (1, 2)),
        ("ab", (1, 1, "--"), "a--b", "b", (1, 2)),
    ],
)
def test_a_slice_maps_to_what_it_stands_for(source, change, text, of, expected):
    aligned = AlignedText.from_edits(source, [change])
    assert aligned.text == text
    at = text.index(of)
    assert aligned.span(at, at + len(of)) == expected


def test_no_edit_is_the_text_itself():
    assert AlignedText.from_edits("abc", []) == AlignedText.unchanged("abc")
    assert AlignedText.unchanged("abc").span(1, 3) == (1, 3)


@given(rewritten())
def test_ranges_never_decrease_and_stay_inside_the_source(pair):
    source, aligned = pair
    assert aligned.source_length == len(source)
    last = 0
    for at in range(len(aligned.text)):
        start, end = aligned.span(at, at + 1)
        assert last <= start <= end <= len(source)
        last = start


@given(sources, st.data())
def test_what_no_edit_touched_maps_to_itself(source, data):
    changes = data.draw(edits(source))
    aligned = AlignedText.from_edits(source, changes)
    shift = 0
    for at in range(len(source)):
        shift = sum(len(new) - (end - start) for start, end, new in changes if end <= at)
        if not any(start <= at < end for start, end, _ in changes):
            assert aligned.text[at + shift] == source[at]
            assert aligned.span(at + shift, at + shift + 1) == (at, at + 1)


@given(rewritten(), st.data())
def test_two_rewritings_compose_to_one(pair, data):
    source, first = pair
    second = AlignedText.from_edits(first.text, data.draw(edits(first.text)))
    both = first.then(second)
    assert (both.text, both.source_length) == (second.text, len(source))
    for at in range(len(both.text)):
        start, end = second.span(at, at + 1)
        if start < end:
            assert both.span(at, at + 1) == first.span(start, end)
        else:
            assert both.span(at, at + 1)[0] == both.span(at, at + 1)[1]


@pytest.mark.parametrize("changes", [[(1, 0, "x")], [(0, 4, "x")], [(1, 2, "a"), (1, 2, "b")], [(-1, 0, "")]])
def test_edits_that_overlap_or_leave_the_text_are_refused(changes):
    with pytest.raises(ValueError, match="overlaps or leaves the text"):
        AlignedText.from_edits("abc", changes)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 1), (-1, 2), (0, 4)])
def test_a_span_outside_the_text_is_refused(start, end):
    with pytest.raises(ValueError, match="is not inside a text of 3"):
        AlignedText.unchanged("abc").span(start, end)


def test_texts_that_do_not_follow_each_other_do_not_compose():
    with pytest.raises(ValueError, match="does not rewrite"):
        AlignedText.unchanged("abc").then(AlignedText.unchanged("abcd"))

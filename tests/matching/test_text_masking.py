from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.domain.content import Span
from scangate.matching.masking import mask


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("call 555 1234 now", [Span(5, 13)], "call XXXXXXXX now"),
        ("abcdef", [Span(1, 3), Span(2, 5)], "aXXXXf"),
        ("abc", [], "abc"),
        ("abc", [Span(2, 9), Span(7, 8)], "abX"),
        ("a😀b", [Span(1, 2)], "aXb"),
        ("", [Span(0, 1)], ""),
    ],
)
def test_one_x_per_character_over_the_union(text: str, spans: list[Span], expected: str) -> None:
    assert mask(text, spans) == expected


@given(st.text(), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20))))
def test_length_and_the_rest_stay(text: str, ranges: list[tuple[int, int]]) -> None:
    spans = [Span(start, start + size) for start, size in ranges]
    masked = mask(text, spans)
    assert len(masked) == len(text)
    for at, (before, after) in enumerate(zip(text, masked, strict=True)):
        assert after == ("X" if any(span.start <= at < span.end for span in spans) else before)

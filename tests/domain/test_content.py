from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from scangate.domain.content import Content, Part, Span, union
from scangate.domain.taxonomy import PartKind, Side

spans = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: Span(min(pair), max(pair))), max_size=12)


@given(spans)
def test_union_covers_the_same_code_points_in_disjoint_sorted_spans(given_spans: list[Span]) -> None:
    joined = union(given_spans)
    assert {at for span in joined for at in range(span.start, span.end)} == {
        at for span in given_spans for at in range(span.start, span.end)
    }
    assert all(left.end < right.start for left, right in itertools.pairwise(joined))


def test_parts_of_a_side_keep_their_order() -> None:
    parts = (
        Part(Side.TOOL_INPUT, PartKind.JSON, "{}"),
        Part(Side.PROMPT, PartKind.TEXT, "a"),
        Part(Side.PROMPT, PartKind.CODE, "b"),
    )
    content = Content(parts)
    assert [part.text for part in content.of(Side.PROMPT)] == ["a", "b"]

from __future__ import annotations

import numpy as np
import pytest

from scangate.domain.content import Span
from scangate.matching.offsets import Aligned, Chained, Coarse, Mirrored, Permuted, Shifted, chained
from scangate.matching.views import Identity


def aligned(*pairs: tuple[int, int], length: int) -> Aligned:
    return Aligned(np.array([a for a, _ in pairs], np.int32), np.array([b for _, b in pairs], np.int32), length)


@pytest.mark.parametrize(
    ("offsets", "start", "end", "span"),
    [
        (Shifted(10), 2, 5, Span(12, 15)),
        (Coarse(Span(3, 9)), 0, 1, Span(3, 9)),
        (Mirrored(Span(10, 20)), 0, 3, Span(17, 20)),
        (Mirrored(Span(10, 20)), 9, 10, Span(10, 11)),
        (aligned((0, 1), (4, 7), length=9), 0, 2, Span(0, 7)),
        (aligned((0, 1), (4, 7), length=9), 1, 1, Span(4, 4)),
        (aligned((0, 1), (4, 7), length=9), 2, 2, Span(9, 9)),
        (Permuted(np.array([3, 2, 1], np.int32), 5), 0, 2, Span(2, 4)),
        (Permuted(np.array([3, 2, 1], np.int32), 5), 3, 3, Span(5, 5)),
        (Chained(Shifted(2), Mirrored(Span(0, 10))), 0, 3, Span(5, 8)),
    ],
)
def test_ranges_map_to_the_smallest_covering_range(offsets, start: int, end: int, span: Span) -> None:
    assert offsets.to_raw(start, end) == span


def test_chaining_leaves_out_what_does_nothing() -> None:
    inner = Shifted(3)
    assert chained(inner, Identity()) is inner
    assert chained(Identity(), inner) is inner
    assert chained(inner, Shifted(4)).to_raw(0, 1) == Span(7, 8)

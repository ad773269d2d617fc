"""A tenant's expressions: refused with the place of the fault, and matched as a plain search would, whatever the text's length."""

from __future__ import annotations

import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scangate.detectors.sensitive_data.own import expressions
from scangate.detectors.sensitive_data.own.expressions import MATCHES_MAX, Expression, ExpressionSet
from scangate.matching.patterns import EncodedText


def _unbothered() -> None:
    return None


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a**", 1),
        ("*a", 0),
        ("a*b(*c)", 4),
        ("(abc", 0),
        (r"x\((y(z)", 3),
        ("ab)", 2),
        ("x[a", 1),
        ("[(]a)", 4),
        ("a(?=x)", 1),
        (r"(a)\1", 3),
        ("x{2000}", 1),
        (r"ü\pQ", 1),
        ("ab\\", 2),
    ],
)
def test_what_does_not_parse_is_refused_with_its_position(text: str, position: int) -> None:
    with pytest.raises(ValueError, match=f"does not parse at position {position}: "):
        Expression(text)


@pytest.mark.parametrize("text", ["", "x*", "a?", r"\b", "^", "$", "(?m)^", "(a|)", r"\B", "[0-9]*|x", r"(?:é*)\b"])
def test_what_matches_the_empty_string_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"empty string|1 to 1000 characters"):
        Expression(text)


@pytest.mark.parametrize("text", [r"\pL{50}", r"\pL{1000}", r"(?:\w\pL){9}", "x" * 1001])
def test_what_is_too_large_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"too large|1 to 1000 characters"):
        Expression(text)


def test_many_large_ones_are_too_large_together() -> None:
    with pytest.raises(ValueError, match="too large together"):
        ExpressionSet([Expression(r"\pL\pN\pL")] * 20)


EXPRESSIONS = [r"\bC-\d{3}\b", "(?i)ab+", "[0-9]{2,4}", "é.", "a|ab", "x.*y"]
TEXTS = st.text(alphabet="C-0123 aAbBé漢xy\n", max_size=300)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.integers(1, 40))
def test_pieces_find_what_the_whole_holds(text: str, piece: int) -> None:
    encoded = EncodedText(text)
    compiled = [Expression(each) for each in EXPRESSIONS]
    original = expressions._PIECE
    expressions._PIECE = piece
    try:
        found = ExpressionSet(compiled).find(encoded, _unbothered)
    finally:
        expressions._PIECE = original
    for index, each in enumerate(EXPRESSIONS):
        expected = [match.span() for match in re2.finditer(each.encode(), encoded.data)]
        assert found.get(index, []) == expected, each


def test_more_matches_than_are_told_apart_are_covered_by_one_more() -> None:
    text = EncodedText("ab " * (MATCHES_MAX + 50))
    [ranges] = ExpressionSet([Expression("ab")]).find(text, _unbothered).values()
    assert len(ranges) == MATCHES_MAX + 1 and ranges[-1] == (3 * MATCHES_MAX, len(text.data))


def test_a_lone_surrogate_and_nothing_are_texts_too() -> None:
    finder = ExpressionSet([Expression("b+")])
    assert finder.find(EncodedText("\ud800 bb"), _unbothered) == {0: [(4, 6)]}
    assert finder.find(EncodedText(""), _unbothered) == {}

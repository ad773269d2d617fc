"""Patterns over untrusted text: spans in code points, prefilter, refusal of what re2 cannot do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.errors import ConfigurationError
from scangate.matching.patterns import EncodedText, Family, PatternSet

TABLE = PatternSet(
    [r"\b\d{9}\b", r"\b\d{3}-\d{2}-\d{4}\b", r"\btok_([a-z]{4})\b", r"(?i)password:\s(\S+)"],
    [Family.NUMBERS, Family.NUMBERS, Family.TOKENS, Family.PHRASES],
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("nothing here", []),
        ("id 123456789", [0]),
        ("1234567890", []),
        ("123-45-6789 and tok_abcd", [1, 2]),
        ("PassWord: x", [3]),
        ("123456789 123-45-6789 tok_abcd password: y", [0, 1, 2, 3]),
    ],
)
def test_matching_names_the_patterns_that_occur(text: str, expected: list[int]) -> None:
    assert TABLE.matching(EncodedText(text)) == expected


def test_spans_are_code_points_of_the_capturing_group() -> None:
    text = EncodedText("пароль tok_wxyz 😀 123456789")
    token = TABLE.matches(2, text).next()
    number = TABLE.matches(0, text).next()
    assert token is not None
    assert number is not None
    assert text.text[token.start : token.end] == "wxyz"
    assert text.text[number.start : number.end] == "123456789"


def _all(patterns: PatternSet, text: EncodedText, stretches: list[tuple[int, int]] | None = None) -> list[tuple[int, int]]:
    matches = patterns.matches(0, text, stretches)
    found = []
    while (match := matches.next()) is not None:
        found.append((match.start, match.end))
    return found


def test_a_refused_match_does_not_swallow_the_number_behind_it() -> None:
    groups = PatternSet([r"\b\d{4} \d{4}\b"])
    text = EncodedText("1111 2222 3333")
    matches = groups.matches(0, text)
    first = matches.next()
    assert first is not None
    matches.refuse(first)
    second = matches.next()
    assert second is not None
    assert (second.start, second.end) == (5, 14)
    assert matches.next() is None
    assert _all(groups, text) == [(0, 9)]


def test_what_may_be_of_any_length_is_not_read_again_when_refused() -> None:
    matches = PatternSet([r"\btok-[a-z-]+"], [Family.TOKENS]).matches(0, EncodedText("tok-a-tok-b tok-c"))
    first = matches.next()
    assert first is not None
    matches.refuse(first)
    second = matches.next()
    assert second is not None
    assert (first.start, second.start) == (0, 12)


def test_stretches_bound_where_a_match_begins_not_where_it_ends() -> None:
    words = PatternSet([r"\b\d{4}\b"])
    text = EncodedText("é 1111 2222 3333 4444 5555")
    data = text.data
    assert _all(words, text, []) == []
    assert _all(words, text, [(data.index(b"2222"), data.index(b"2222") + 1), (data.index(b"4444"), len(data))]) == [
        (7, 11),
        (17, 21),
        (22, 26),
    ]
    # a stretch that begins inside a number does not make a number of its rest
    assert _all(PatternSet([r"\b\d{2}\b"]), text, [(data.index(b"2222") + 2, data.index(b"3333"))]) == []


def test_case_folds_on_request() -> None:
    assert PatternSet(["abc"]).matching(EncodedText("ABC")) == []
    assert PatternSet(["abc"], case_sensitive=False).matching(EncodedText("ABC")) == [0]


@pytest.mark.parametrize("expression", [r"(?=a)", r"(a)\1", "(", r"a{1001}"])
def test_what_re2_cannot_do_is_refused(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="not valid re2 syntax"):
        PatternSet([expression])


def test_lone_surrogates_do_not_raise() -> None:
    text = EncodedText("\ud800 123456789")
    match = TABLE.matches(0, text).next()
    assert match is not None
    assert (match.start, match.end) == (2, 11)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("", 0.0, 0.0), ("123456", 0.0, 0.0), ("1-2-3-4-5-6", 0.4, 0.5), ("a long text without numbers", 0.0, 0.0)],
)
def test_broken_digits(text: str, low: float, high: float) -> None:
    assert low <= EncodedText(text).broken_digits <= high


def test_long_text_full_of_digits_gives_the_same_answer_pattern_by_pattern() -> None:
    noise = "12-34 56.78 9/01 " * 200
    text = EncodedText(noise + " 123-45-6789 tok_abcd")
    assert text.broken_digits > 0.01
    assert TABLE.matching(text) == [1, 2]
    assert TABLE.matching(text, lambda: {1}) == [1, 2]
    assert TABLE.matching(text, lambda: set()) == [2]


@given(st.text(max_size=80))
def test_every_byte_offset_of_a_character_maps_back_to_it(text: str) -> None:
    encoded = EncodedText(text)
    offset = 0
    for index, char in enumerate(text):
        assert encoded.point(offset) == index
        offset += len(char.encode("utf-8", "surrogatepass"))
    assert encoded.point(offset) == len(text)
    everywhere = np.arange(len(text) + 1, dtype=np.int32)
    assert [encoded.point(int(at)) for at in encoded.offsets(everywhere)] == everywhere.tolist()

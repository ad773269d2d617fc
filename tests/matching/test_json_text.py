"""JSON parts as text and their masking."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding, PartKind
from scangate.matching.decoding import PreparationLimits
from scangate.matching.json_text import mask_json, read_json
from scangate.matching.prepare import prepare

LIMITS = PreparationLimits()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
DOCUMENTS = st.tuples(JSON, st.booleans(), st.sampled_from([None, 2])).map(
    lambda drawn: json.dumps(drawn[0], ensure_ascii=drawn[1], indent=drawn[2])
)


def string_values(value: Any, path: str = "$") -> list[tuple[str, str]]:
    """Reference: every non-empty string value with its path, in document order."""
    if isinstance(value, str):
        return [(path, value)] if value else []
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in string_values(item, f"{path}[{index}]")]
    if isinstance(value, dict):
        steps = (
            (f".{key}" if key.isidentifier() else f"[{json.dumps(key, ensure_ascii=False)}]", item) for key, item in value.items()
        )
        return [found for step, item in steps for found in string_values(item, path + step)]
    return []


def without_surrogates(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@given(DOCUMENTS)
@settings(max_examples=300)
def test_segments_are_the_string_values_with_their_paths(raw: str) -> None:
    document = read_json(raw, LIMITS)
    assert document is not None
    found = [(segment.path, document.text[segment.span.start : segment.span.end]) for segment in document.segments]
    assert found == string_values(json.loads(raw))


@given(DOCUMENTS)
def test_each_segment_maps_to_its_literal(raw: str) -> None:
    document = read_json(raw, LIMITS)
    assert document is not None
    for segment in document.segments:
        span = document.offsets.to_raw(segment.span.start, segment.span.end)
        assert span in document.literals
        assert json.loads(f'"{raw[span.start : span.end]}"') == document.text[segment.span.start : segment.span.end]


@pytest.mark.parametrize(
    ("literal", "text", "spans"),
    [
        (r'"a\nb"', '"a\nb"', [(0, 1), (1, 2), (2, 4), (4, 5), (5, 6)]),
        (r'"\u00e9\"\\"', '"é"\\"', [(0, 1), (1, 7), (7, 9), (9, 11), (11, 12)]),
        (r'"\ud83d\ude00!"', '"😀!"', [(0, 1), (1, 13), (13, 14), (14, 15)]),
        (r'"\ud83dx"', '"\ufffdx"', [(0, 1), (1, 7), (7, 8), (8, 9)]),
        (r'"\\u0041"', '"\\u0041"', [(0, 1), (1, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9)]),
    ],
)
def test_escapes_are_undone_with_exact_offsets(literal: str, text: str, spans: list[tuple[int, int]]) -> None:
    document = read_json(literal, LIMITS)
    assert document is not None
    assert document.text == text
    assert [document.offsets.to_raw(at, at + 1) for at in range(len(text))] == [Span(*span) for span in spans]


@pytest.mark.parametrize(
    "raw",
    ["", "plain text", "{", '{"a": }', '"open', "{'a': 1}", "[1,]", "[" * 10_000 + "]" * 10_000, "[" * 500 + "]" * 500, "\ufeff{}", '"a\nb"'],
    ids=lambda raw: raw[:12],
)  # fmt: skip
def test_what_is_not_json_is_text(raw: str) -> None:
    assert read_json(raw, LIMITS) is None
    assert prepare(raw, PartKind.JSON).raw.text == raw
    assert prepare(raw, PartKind.JSON).segments == ()
    assert mask_json(raw, [Span(0, 3)]) == "XXX"[: len(raw)] + raw[3:]


@pytest.mark.parametrize("raw", ["NaN", "1" * 5000, '"\\ud800"', "-Infinity", "1e999", " [1] "], ids=lambda raw: raw[:10])
def test_what_the_standard_library_takes_is_json(raw: str) -> None:
    assert read_json(raw, LIMITS) is not None
    json.loads(mask_json(raw, [Span(0, len(raw))]))


def test_a_document_is_prepared_as_text() -> None:
    raw = json.dumps({"note": "Bitte gießen", "deep": [{"code": "UGxlYXNlIHdhdGVyIHRoZSBwbGFudHMgdG9kYXku"}], "x": "a\u200bb"})
    prepared = prepare(raw, PartKind.JSON)
    assert "Bitte gießen" in prepared.raw.text
    assert "bitte giessen" in prepared.folded.text
    assert [segment.path for segment in prepared.segments] == ["$.note", "$.deep[0].code", "$.x"]
    (view,) = prepared.decoded
    assert (view.text, view.encodings) == ("Please water the plants today.", (Encoding.BASE64,))
    span = view.to_raw(0, 6)
    assert raw[span.start : span.end] == "UGxlYXNlIHdhdGVyIHRoZSBwbGFudHMgdG9kYXku"
    (hidden,) = prepared.hidden_spans
    assert raw[hidden.start : hidden.end] == r"\u200b"
    at = prepared.folded.text.index("giessen")
    span = prepared.folded.to_raw(at, at + 7)
    assert raw[span.start : span.end] == r"gie\u00dfen"


def test_segments_are_capped() -> None:
    prepared = prepare(json.dumps(["a"] * 50), PartKind.JSON, limits=PreparationLimits(max_segments=10))
    assert len(prepared.segments) == 10
    assert prepared.truncated


@pytest.mark.parametrize(
    ("raw", "spans", "expected"),
    [
        ('{"card": "4111 1111"}', [Span(10, 19)], '{"card": "XXXXXXXXX"}'),
        ('{"card": "4111 1111"}', [Span(0, 21)], '{"XXXX": "XXXXXXXXX"}'),
        ('{"n": 4111111111}', [Span(8, 9)], '{"n": "XXXXXXXX"}'),
        ("[1, 22, -5, 333]", [Span(0, 16)], '[0, 0 , 0 , "X"]'),
        ("[true, false, null]", [Span(0, 19)], '["XX", "XXX", "XX"]'),
        (r'"a\nb"', [Span(2, 3)], '"aXXb"'),
        (r'"\ud83d\ude00"', [Span(8, 9)], '"XXXXXXXXXXXX"'),
        (r'"\u00e9t\u00e9"', [Span(1, 7)], r'"XXXXXXt\u00e9"'),
        ('["a", "b"]', [Span(4, 5)], '["a", "b"]'),
        ('"abc"', [Span(3, 99)], '"abX"'),
        ("{}", [Span(0, 2)], "{}"),
    ],
)
def test_masking_keeps_the_document(raw: str, spans: list[Span], expected: str) -> None:
    assert mask_json(raw, spans) == expected
    json.loads(expected)


class _Pairs(list[tuple[str, Any]]):
    """An object as its pairs, because masked keys may be equal."""


def shape(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return ("object", [shape(item) for _, item in value])
    if isinstance(value, list):
        return ("array", [shape(item) for item in value])
    return "scalar"


@given(DOCUMENTS, st.lists(st.tuples(st.integers(0, 120), st.integers(0, 40)), max_size=5))
@settings(max_examples=400)
def test_masked_documents_parse_with_the_same_shape_and_length(raw: str, ranges: list[tuple[int, int]]) -> None:
    spans = [Span(start, start + size) for start, size in ranges]
    masked = mask_json(raw, spans)
    assert len(masked) == len(raw)
    assert shape(json.loads(masked, object_pairs_hook=_Pairs)) == shape(json.loads(raw, object_pairs_hook=_Pairs))


@given(DOCUMENTS, st.lists(st.tuples(st.integers(0, 120), st.integers(1, 40)), max_size=5))
def test_nothing_of_a_covered_literal_shows(raw: str, ranges: list[tuple[int, int]]) -> None:
    spans = [Span(start, start + size) for start, size in ranges]
    masked = mask_json(raw, spans)
    document = read_json(raw, LIMITS)
    assert document is not None
    for literal in document.literals:
        if any(span.contains(literal) for span in spans):
            assert set(masked[literal.start : literal.end]) <= set('X"0 ')


@pytest.mark.parametrize(
    "raw",
    ['["' + "\\\\" * 200_000 + '"]', "[" + "1," * 200_000 + "1]", json.dumps(["ab"] * 60_000), "[" + "[]," * 130_000 + "[]]",
     '"' * 400_000, "[" * 400_000, json.dumps({f"k{index}": index for index in range(30_000)})],
    ids=["backslashes", "commas", "strings", "arrays", "quotes", "brackets", "keys"],
)  # fmt: skip
def test_cost_is_linear(raw: str) -> None:
    started = time.process_time()
    prepare(raw, PartKind.JSON)
    mask_json(raw, [Span(0, len(raw))])
    assert time.process_time() - started < 2.0

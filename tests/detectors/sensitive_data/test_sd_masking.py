"""Masking what the detector flags: code points, the union of spans, JSON that still parses."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.sensitive_data.data_profiles import predefined_profiles
from scangate.detectors.sensitive_data.detector import compile_sensitive_data
from scangate.detectors.sensitive_data.options import SensitiveDataOptions
from scangate.domain.content import Part, Span
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.matching.json_text import mask_json
from scangate.matching.masking import mask
from scangate.matching.prepare import prepare

OPTIONS = SensitiveDataOptions(action=Action.BLOCK, data_profiles=predefined_profiles()[:1], mask_inline=True)
DETECTOR = compile_sensitive_data(OPTIONS, Resources())
VALUES = {
    "4111 1111 1111 1111": "my credit card number is",
    "5555555555554444": "信用卡号",
    "536-90-4399": "my SSN is",
    "DE89 3704 0044 0532 0130 00": "IBAN",
    "ana.ruiz@yahoo.es": "my email is",
}
FILLER = st.text(st.characters(codec="utf-8", exclude_categories=("Nd", "Cc", "Cf", "Cs", "L")), max_size=12)
"""Anything but letters and digits (which would make other words and numbers) and what is invisible."""


def _flagged(text: str, kind: PartKind = PartKind.TEXT) -> list[Span]:
    subject = Subject(Part(Side.PROMPT, kind, text), prepare(text, kind))
    return [finding.span for finding in DETECTOR.detect(subject) if finding.flagged]


def test_the_documented_example() -> None:
    text = "My SSN is 123-45-6789 and my card is 4111 1111 1111 1111"
    assert mask(text, _flagged(text)) == "My SSN is XXXXXXXXXXX and my card is XXXXXXXXXXXXXXXXXXX"


@settings(deadline=None)  # the first text compiles what it needs
@given(st.lists(st.tuples(FILLER, st.sampled_from(sorted(VALUES))), min_size=1, max_size=4), FILLER)
def test_every_value_is_masked_and_nothing_else(pieces: list[tuple[str, str]], tail: str) -> None:
    text = expected = ""
    for filler, value in pieces:
        lead = f"\n{filler}\n{VALUES[value]} "
        text += lead + value
        expected += lead + "X" * len(value)
    end = f"\n{tail}"
    masked = mask(text + end, _flagged(text + end))
    assert masked == expected + end
    assert len(masked) == len(text + end)


@given(st.text(max_size=20), st.sampled_from(sorted(VALUES)), st.text(max_size=20))
def test_spans_stay_inside_the_text_whatever_it_is(before: str, value: str, after: str) -> None:
    text = f"{before} {VALUES[value]} {value} {after}"
    for span in _flagged(text):
        assert 0 <= span.start < span.end <= len(text)


@given(
    st.dictionaries(st.text(max_size=6), st.text(max_size=10) | st.integers() | st.none(), max_size=3),
    st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3),
    st.booleans(),
)
def test_json_still_parses_and_holds_no_value(rest: dict[str, object], values: list[str], escaped: bool) -> None:
    document = {"rest": rest, "rows": [{"note": f'"é" {VALUES[value]} {value}\n'} for value in values]}
    text = json.dumps(document, ensure_ascii=escaped)
    masked = mask_json(text, _flagged(text, PartKind.JSON))
    rows = json.loads(masked)["rows"]
    assert [row["note"] for row in rows] == [f'"é" {VALUES[value]} {"X" * len(value)}\n' for value in values]


def test_a_number_in_json_is_masked_as_valid_json() -> None:
    text = '{"card_number": 4111111111111111, "name": "Roe"}'
    spans = _flagged(text, PartKind.JSON)
    assert spans
    assert "4111111111111111" not in json.dumps(json.loads(mask_json(text, spans)))

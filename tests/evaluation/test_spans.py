"""Rows with spans: which types are in scope, what counts as found, what as right."""

from __future__ import annotations

from io import BufferedReader, BytesIO

import orjson
import pytest

from scangate.detectors.contract import Entity
from scangate.detectors.registry import REGISTRY
from scangate.domain.content import Span
from scangate.domain.taxonomy import DetectorName
from scangate.errors import RequestInvalidError
from scangate.evaluation.rows import LabelledSpan, Row, RowFormat
from scangate.evaluation.spans import span_figures

SPEC = next(spec for spec in REGISTRY if spec.name is DetectorName.SENSITIVE_DATA)


def rows(*documents: object) -> list[Row]:
    lines = b"\n".join(orjson.dumps(document) for document in documents)
    return RowFormat(SPEC.sides, entities=SPEC.entities).read(BufferedReader(BytesIO(lines)))  # type: ignore[arg-type]


def card(start: int, end: int) -> LabelledSpan:
    return LabelledSpan("CREDIT_CARD", "card", Span(start, end))


def test_types_are_read_as_data_sets_write_them() -> None:
    spans = [{"start": 0, "end": 4, "type": name} for name in ("CREDIT_CARD", "CreditCardNumber", "Email Address", "PERSON")]
    assert [span.group for span in rows({"text": "text", "spans": spans})[0].spans or ()] == ["card", "card", "email", None]


def test_a_row_is_positive_when_a_span_is_in_scope() -> None:
    person, address = ({"start": 0, "end": 2, "type": name} for name in ("PERSON", "IP_ADDRESS"))
    read = rows({"text": "ab", "spans": [person]}, {"text": "ab", "spans": [person, address]}, {"text": "ab", "spans": []})
    assert [row.label for row in read] == [False, True, False]


@pytest.mark.parametrize(
    "span",
    [
        {"start": 0, "end": 9, "type": "SSN"},
        {"start": 2, "end": 2, "type": "SSN"},
        {"start": 0, "end": 1},
        [0, 1],
        {"type": "SSN"},
    ],
)
def test_a_span_that_is_none_is_refused_with_its_line(span: object) -> None:
    with pytest.raises(RequestInvalidError, match="line 1"):
        rows({"text": "abc", "spans": [span]})


def test_spans_are_in_all_rows_or_in_none() -> None:
    with pytest.raises(RequestInvalidError, match="spans"):
        rows({"text": "a", "spans": []}, {"text": "b", "label": 0})


def test_half_of_a_span_is_enough_and_less_is_not() -> None:
    half = span_figures([([card(0, 10)], [Entity("card", Span(0, 5))])])
    less = span_figures([([card(0, 10)], [Entity("card", Span(0, 4))])])
    assert (half["recall"], half["precision"]) == (1.0, 1.0)
    assert (less["recall"], less["precision"]) == (0.0, 1.0)


def test_a_finding_of_another_group_is_wrong_and_the_span_missed() -> None:
    figures = span_figures([([card(0, 10)], [Entity("phone", Span(0, 10))])])
    assert (figures["recall"], figures["precision"], figures["f2"]) == (0.0, 0.0, 0.0)
    assert set(figures["groups"]) == {"card", "phone"}


def test_a_finding_on_a_span_out_of_scope_is_of_no_account() -> None:
    outside = LabelledSpan("DATE_TIME", None, Span(0, 10))
    figures = span_figures([([outside, card(20, 30)], [Entity("birth_date", Span(0, 10)), Entity("card", Span(20, 30))])])
    assert (figures["findings"], figures["f2"], figures["out_of_scope"]) == (1, 1.0, {"DATE_TIME": 1})


def test_f2_counts_recall_twice() -> None:
    figures = span_figures([([card(0, 10), card(20, 30)], [Entity("card", Span(0, 10))])])
    assert figures["f2"] == pytest.approx(5 * 0.5 / (4 + 0.5))

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest

from scangate.domain.taxonomy import PartKind, Side
from scangate.errors import RequestInvalidError
from scangate.evaluation.rows import NO_VALUE, Row, RowFormat

CANARY = "canary-4711"
ALL = RowFormat(frozenset(Side))


def stream(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))


def read(*rows: dict[str, Any] | str | bytes, form: RowFormat = ALL) -> list[Row]:
    lines = [row if isinstance(row, bytes) else (row if isinstance(row, str) else json.dumps(row)).encode() for row in rows]
    return form.read(stream(b"\n".join(lines)))


LABELS = [
    (1, True), (0, False), (True, True), (False, False), (1.0, True), ("injection", True), ("Toxic", True), ("MALICIOUS", True),
    ("Benign", False), ("true", True), ("0", False),
]  # fmt: skip


@pytest.mark.parametrize(("label", "meaning"), LABELS)
def test_every_form_of_label_is_read(label: object, meaning: bool) -> None:
    assert read({"text": "a", "label": label})[0].label is meaning


BAD = [
    ('{"text": "canary-4711", "label": ', "not valid JSON"),
    ('["canary-4711", 1]', "not a JSON object"),
    (b'{"text": "canary-4711 \xff", "label": 1}', "not valid JSON"),
    ({"text": CANARY}, "label is missing"),
    ({"text": CANARY, "label": CANARY}, "label must be"),
    ({"text": CANARY, "label": 2}, "label must be"),
    ({"text": CANARY, "label": None}, "label must be"),
    ({"text": CANARY, "label": [1]}, "label must be"),
    ({"label": 1}, "text is missing"),
    ({"text": None, "label": 1}, "text is missing"),
    ({"text": [CANARY], "label": 1}, "text must be a text"),
    ({"text": "a", "label": 1, "side": CANARY}, "side must be one of"),
    ({"text": "a", "label": 1, "side": {"a": CANARY}}, "side must be one of"),
    ({"text": "a", "label": 1, "history": CANARY}, "history must be"),
    ({"text": "a", "label": 1, "history": [CANARY, 1]}, "history must be"),
    ({"text": "a", "label": 1, "context": 5}, "context must be"),
    ({"text": "a", "grounded": CANARY}, "grounded must be"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_bad_row_is_refused_by_line_number_and_without_its_content(bad: dict[str, Any] | str | bytes, reason: str) -> None:
    with pytest.raises(RequestInvalidError) as refused:
        read({"text": "good", "label": 0}, "", bad)
    assert refused.value.message.startswith("line 3: ") and reason in refused.value.message
    assert CANARY not in refused.value.message


@pytest.mark.parametrize("data", [b"", b"\n\n", gzip.compress(b"")])
def test_a_file_without_rows_is_refused(data: bytes) -> None:
    with pytest.raises(RequestInvalidError, match="no rows"):
        ALL.read(stream(data))


def test_gzip_a_byte_order_mark_and_other_line_separators_are_read() -> None:
    rows = b'\xef\xbb\xbf{"text": "one\xe2\x80\xa8line", "label": 1}\r\n\r\n{"text": "two", "label": 0}'
    for data in (rows, gzip.compress(rows)):
        assert [(row.line, row.text) for row in ALL.read(stream(data))] == [(1, "one\u2028line"), (3, "two")]


def test_a_damaged_gzip_file_is_refused() -> None:
    data = gzip.compress(json.dumps({"text": "a" * 10_000, "label": 1}).encode())
    with pytest.raises(RequestInvalidError, match="damaged"):
        ALL.read(stream(data[: len(data) // 2]))


SIDES = [
    ({Side.TOOL_OUTPUT, Side.PROMPT}, None, Side.PROMPT),
    ({Side.TOOL_INPUT, Side.RESPONSE}, None, Side.RESPONSE),
    ({Side.TOOL_INPUT, Side.TOOL_OUTPUT}, None, Side.TOOL_INPUT),
    (set(Side), "tool_output", Side.TOOL_OUTPUT),
]


@pytest.mark.parametrize(("scanned", "asked", "side"), SIDES)
def test_the_side_is_the_one_asked_for_or_the_first_that_is_scanned(scanned: set[Side], asked: str | None, side: Side) -> None:
    assert read({"text": "a", "label": 1, "side": asked}, form=RowFormat(frozenset(scanned)))[0].side is side


def test_a_side_that_the_detector_does_not_scan_is_refused() -> None:
    with pytest.raises(RequestInvalidError, match="line 1: the detector does not scan the side response; it scans prompt"):
        read({"text": "a", "label": 1, "side": "response"}, form=RowFormat(frozenset({Side.PROMPT})))


def test_content_is_what_the_scan_api_would_read() -> None:
    row = read({"text": "{}", "label": 1, "side": "tool_input", "history": ["one", "", "two"]})[0]
    content = row.content()
    assert [(part.side, part.kind, part.text) for part in content.parts] == [(Side.TOOL_INPUT, PartKind.JSON, "{}")]
    assert [part.text for part in content.history] == ["one", "two"] and content.tool is not None


def test_a_grounding_row_is_a_response_with_its_question_and_context() -> None:
    form = RowFormat(frozenset({Side.RESPONSE}))
    document = {"context": "The shop opens at nine.", "question": "When?", "response": "At ten.", "grounded": False}
    row = read(document, form=form)[0]
    assert (row.text, row.side, row.label) == ("At ten.", Side.RESPONSE, True)
    content = row.content()
    assert [(part.side, part.text) for part in content.parts] == [(Side.PROMPT, "When?"), (Side.RESPONSE, "At ten.")]
    assert content.grounding_context == "The shop opens at nine." and content.tool is None
    assert read({**document, "grounded": 1}, form=form)[0].label is False


def test_groups_follow_the_fields_and_a_field_that_no_row_has_is_refused() -> None:
    form = RowFormat(frozenset(Side), ("lang", "n"))
    rows = read({"text": "a", "label": 1, "lang": "en", "n": 3}, {"text": "b", "label": 0, "n": [1]}, form=form)
    assert [row.groups for row in rows] == [("en", "3"), (NO_VALUE, "[1]")]
    with pytest.raises(RequestInvalidError, match="no row has the field 'lnag'"):
        read({"text": "a", "label": 1}, form=RowFormat(frozenset(Side), ("lnag",)))

"""Labelled rows that bring their topics with them."""

from __future__ import annotations

from io import BufferedReader, BytesIO
from typing import Any

import orjson
import pytest

from scangate.cli.plans import MEASURED_PROFILE, judge_under
from scangate.detectors.contract import Resources
from scangate.detectors.topic_guardrails import SPEC
from scangate.detectors.topic_guardrails.library import find_in_library
from scangate.errors import RequestInvalidError
from scangate.evaluation.rows import Row, RowFormat


def read(*rows: dict[str, Any]) -> list[Row]:
    stream = BufferedReader(BytesIO(b"\n".join(map(orjson.dumps, rows))))  # type: ignore[arg-type]
    return RowFormat(SPEC.sides, protection=SPEC.row_protection).read(stream)


def topic(topic_id: str) -> dict[str, Any]:
    found = find_in_library(topic_id)
    return {"name": found.name, "description": found.description, "examples": list(found.examples)}


def test_each_row_is_judged_under_its_own_topics(resources: Resources) -> None:
    betting = "Which team should I bet on in tonight's match?"
    rows = read(
        {"text": betting, "label": 1, "topic": topic("gambling")},
        {"text": betting, "label": 0, "topic": topic("recipes"), "mode": "block"},
        {"text": betting, "label": 1, "topic": [topic("recipes"), topic("weather")], "mode": "allow"},
        {"text": betting, "label": 0, "topic": [topic("recipes"), topic("gambling")], "mode": "allow"},
    )
    judged = judge_under(MEASURED_PROFILE, SPEC, rows, resources)
    assert [judgement.flagged for judgement in judged] == [row.label for row in rows]
    assert all((judgement.score >= 0.5) == judgement.flagged for judgement in judged)


FAULTS = [
    ({"topic": "gambling"}, "object"),
    ({"topic": []}, "at least one"),
    ({"topic": {"name": 5}}, "texts"),
    ({"topic": {"name": "a", "examples": "b"}}, "list of texts"),
    ({"topic": {"name": "a"}, "mode": "deny"}, "mode"),
]


@pytest.mark.parametrize(("fields", "reason"), FAULTS, ids=range(len(FAULTS)))
def test_rows_with_faulty_topics_are_refused_with_their_line(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(RequestInvalidError, match=f"line 1: .*{reason}"):
        read({"text": "x", "label": 0, **fields})

"""Rows whose label is a list of kinds: how they are read, judged and summed up."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from scangate.cli.plans import MEASURED_PROFILE, plan_of
from scangate.detectors.contract import Kinds, Resources
from scangate.detectors.database_security import SPEC
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Side
from scangate.errors import RequestInvalidError
from scangate.evaluation.judging import judge_rows
from scangate.evaluation.rows import Row, RowFormat
from scangate.evaluation.summary import summarise
from scangate.evaluation.tables import tables


def none(_: Sequence[Finding]) -> frozenset[str]:
    return frozenset()


FORM = RowFormat(SPEC.sides, kinds=SPEC.kinds)
KINDS = Kinds(("red", "blue"), none, "colour-")


def read(*documents: dict[str, Any], form: RowFormat = FORM) -> list[Row]:
    data = "\n".join(json.dumps(document) for document in documents).encode()
    return form.read(io.BufferedReader(io.BytesIO(data)))  # type: ignore[type-var]


def test_a_list_names_kinds_in_any_case_with_or_without_their_prefix() -> None:
    rows = read(
        {"text": "a", "label": ["Red", "colour-blue"]}, {"text": "b", "label": []}, form=RowFormat(frozenset(Side), kinds=KINDS)
    )
    assert [(row.kinds, row.label) for row in rows] == [({"red", "blue"}, True), (frozenset(), False)]


@pytest.mark.parametrize(("label", "reason"), [([1], "list of kinds"), ([""], "list of kinds"), (["x" * 101], "list of kinds")])
def test_what_is_no_kind_is_refused_with_its_line(label: list[Any], reason: str) -> None:
    with pytest.raises(RequestInvalidError, match=f"line 1: label must be a {reason}"):
        read({"text": "a", "label": label})


def test_a_detector_without_kinds_takes_no_lists() -> None:
    with pytest.raises(RequestInvalidError, match="line 1: this detector tells no kinds apart"):
        read({"text": "a", "label": ["red"]}, form=RowFormat(frozenset(Side)))


def test_lists_and_plain_labels_are_not_mixed() -> None:
    with pytest.raises(RequestInvalidError, match="in all rows or in none"):
        read({"text": "a", "label": ["read"]}, {"text": "b", "label": 1})


def test_figures_are_over_pairs_of_a_row_and_a_kind_flagged_or_not() -> None:
    rows = read(
        {"text": "SELECT a FROM t; DELETE FROM t WHERE a = 1;", "label": ["read", "delete"]},
        {"text": "SELECT a FROM t", "label": ["read", "session"]},
        {"text": "INSERT INTO t (a) VALUES (1)", "label": ["update"]},
        {"text": "Please delete the table from the list.", "label": []},
        {"text": "DROP TABLE t;", "label": []},
    )
    plan = plan_of(MEASURED_PROFILE, (SPEC,), Resources())
    summary = summarise(judge_rows(rows, plan, SPEC.name))
    assert (summary["tp"], summary["fp"], summary["fn"], summary["tn"]) == (3, 2, 2, 1)
    assert (summary["precision"], summary["recall"]) == (3 / 5, 3 / 5)
    assert summary["kinds"]["read"]["recall"] == 1.0
    assert summary["kinds"]["session"]["recall"] == 0.0
    assert (summary["exact"], summary["empty_rows"], summary["empty_rows_hit"]) == (2 / 5, 2, 1)
    mistakes = {mistake["row"]: (mistake["expected"], mistake["found"]) for mistake in summary["worst"]}
    assert mistakes == {2: (["read", "session"], ["read"]), 3: (["update"], ["create"]), 5: ([], ["delete"])}
    assert len(list(tables({**summary, "groups": {}}))) == 4

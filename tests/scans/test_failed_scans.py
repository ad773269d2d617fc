"""Answers and reports of scans in which nothing could be looked at in time: never clean, and never an exception."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scangate.cli.plans import plan_of
from scangate.detectors.contract import Resources
from scangate.detectors.registry import REGISTRY
from scangate.domain.content import Content, Part
from scangate.domain.taxonomy import OutcomeStatus, PartKind, Side
from scangate.engine.deadline import Deadline
from scangate.engine.pipeline import scan
from scangate.scans.wire import ScanIds, scan_report, scan_response

TEXT = "QUJD" * 100_000
CONTENT = Content(
    (
        Part(Side.PROMPT, PartKind.TEXT, TEXT),
        Part(Side.PROMPT, PartKind.CODE, TEXT),
        Part(Side.RESPONSE, PartKind.TEXT, TEXT),
        Part(Side.TOOL_OUTPUT, PartKind.TEXT, TEXT),
    )
)


@pytest.mark.parametrize("seconds", [0.0, 0.0005, 0.05, 0.3])
def test_a_deadline_that_passes_anywhere_is_answered_and_reported(seconds: float) -> None:
    plan = plan_of("default", REGISTRY, Resources())
    verdict = scan(CONTENT, plan, deadline=Deadline.after(seconds))
    outcomes = [(side, outcome) for side in verdict.sides for outcome in side.outcomes]
    assert any(outcome.status is OutcomeStatus.TIMEOUT for _, outcome in outcomes)
    assert all(len(outcome.findings) == len(side.parts) for side, outcome in outcomes)
    now, ids = datetime.now(UTC), ScanIds("scan", "tr", "session", "transaction")
    response = scan_response(verdict, plan, ids, now, now)
    assert response["timeout"] is True and response["action"] == "block"
    rows = scan_report(verdict, plan, ids)["detection_results"]
    assert {row["verdict"] for row in rows} >= {"timeout"} and len(rows) == len(outcomes)

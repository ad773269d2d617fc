from __future__ import annotations

from collections.abc import Callable

import pytest

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.database_security import SPEC
from scangate.detectors.database_security.options import DatabaseSecurityOptions, OperationRule
from scangate.detectors.database_security.statement import DatabaseFinding
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Severity, Side
from scangate.matching.prepare import prepare

Scan = Callable[..., list[DatabaseFinding]]


@pytest.fixture(scope="session")
def database_resources() -> Resources:
    return Resources()


@pytest.fixture(scope="session")
def block_everything(database_resources: Resources) -> CompiledDetector:
    rule = OperationRule(action=Action.BLOCK, severity=Severity.HIGH)
    options = DatabaseSecurityOptions(create=rule, read=rule, update=rule, delete=rule, plain_reads=False)
    return SPEC.compile(options, database_resources)


@pytest.fixture(scope="session")
def scan(block_everything: CompiledDetector) -> Scan:
    """All findings of a text under a profile that blocks every operation (plain reads are reported, unflagged)."""

    def run(text: str, kind: PartKind = PartKind.TEXT, detector: CompiledDetector | None = None) -> list[DatabaseFinding]:
        part = Part(Side.TOOL_INPUT if kind is PartKind.JSON else Side.RESPONSE, kind, text)
        findings = (detector or block_everything).detect(Subject(part, prepare(text, kind)))
        return [finding for finding in findings if isinstance(finding, DatabaseFinding)]

    return run


@pytest.fixture(scope="session")
def flagged(scan: Scan) -> Callable[..., set[str]]:
    """The operations that are flagged in a text, as `delete`, `read`, …"""

    def run(text: str, kind: PartKind = PartKind.TEXT) -> set[str]:
        return {finding.category.removeprefix("database-security-") for finding in scan(text, kind) if finding.flagged}

    return run

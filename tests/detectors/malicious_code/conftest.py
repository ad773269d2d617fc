from __future__ import annotations

from collections.abc import Callable

import pytest

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.malicious_code import SPEC
from scangate.detectors.malicious_code.finding import CodeFinding
from scangate.detectors.malicious_code.options import MaliciousCodeOptions
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.matching.prepare import prepare

Scan = Callable[..., list[CodeFinding]]


@pytest.fixture(scope="session")
def code_detector() -> CompiledDetector:
    return SPEC.compile(MaliciousCodeOptions(action=Action.BLOCK), Resources())


@pytest.fixture(scope="session")
def scan(code_detector: CompiledDetector) -> Scan:
    """All findings of a text; a JSON part is the input of a tool."""

    def run(text: str, kind: PartKind = PartKind.TEXT) -> list[CodeFinding]:
        part = Part(Side.TOOL_INPUT if kind is PartKind.JSON else Side.RESPONSE, kind, text)
        findings = code_detector.detect(Subject(part, prepare(text, kind)))
        return [finding for finding in findings if isinstance(finding, CodeFinding)]

    return run


@pytest.fixture(scope="session")
def flagged(scan: Scan) -> Callable[..., set[str]]:
    """The strongest rule of every flagged piece."""

    def run(text: str, kind: PartKind = PartKind.TEXT) -> set[str]:
        return {finding.rule for finding in scan(text, kind) if finding.flagged}

    return run

"""The shipped detector for all tests of the folder, and a way to scan a text as the engine does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.prompt_injection import SPEC
from scangate.detectors.prompt_injection.detector import load_scorer
from scangate.detectors.prompt_injection.options import PromptInjectionOptions
from scangate.detectors.prompt_injection.scoring import Scorer
from scangate.domain.content import Part
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.matching.prepare import prepare

Scan = Callable[..., list[Finding]]


@pytest.fixture(scope="session")
def resources() -> Resources:
    return Resources()


@pytest.fixture(scope="session")
def scorer(resources: Resources) -> Scorer:
    return resources.shared("prompt_injection.scorer", load_scorer)


@pytest.fixture(scope="session")
def scan(resources: Resources) -> Scan:
    """`scan(text, side=…, kind=…, **options)`: every finding, by default for both kinds of attack and with `block`."""

    def run(text: str, side: Side = Side.PROMPT, kind: PartKind = PartKind.TEXT, **options: object) -> list[Finding]:
        chosen = PromptInjectionOptions.model_validate(options or {"action": Action.BLOCK})
        subject = Subject(Part(side, kind, text), prepare(text, kind))
        return list(SPEC.compile(chosen, resources).detect(subject))

    return run


@pytest.fixture(scope="session")
def flagged(scan: Scan) -> Callable[..., list[Finding]]:
    def run(text: str, **arguments: object) -> list[Finding]:
        return [finding for finding in scan(text, **arguments) if finding.flagged]

    return run

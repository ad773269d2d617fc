"""One catalogue for all tests of the folder, and a way to scan a text as the engine does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.sensitive_data import SPEC
from scangate.detectors.sensitive_data.catalog import Catalog, load_catalog
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.domain.content import Part
from scangate.domain.profile import Protections
from scangate.domain.taxonomy import PartKind, Side
from scangate.matching.prepare import prepare

Scan = Callable[..., list[SensitiveDataFinding]]


@pytest.fixture(scope="session")
def resources() -> Resources:
    return Resources()


@pytest.fixture(scope="session")
def catalog(resources: Resources) -> Catalog:
    return resources.shared("sensitive_data.catalog", load_catalog)


@pytest.fixture(scope="session")
def scan(resources: Resources) -> Scan:
    """`scan(text, "PCI", kind=…, **leak)`: the findings under a data profile, by default Sensitive Content."""

    def run(text: str, profile: str = "Sensitive Content", kind: PartKind = PartKind.TEXT, **leak: object) -> list:
        member = [{"text": profile, "id": "", "version": "2"}]
        protections = Protections.model_validate(
            {"data-protection": {"data-leak-detection": {"action": "block", "member": member} | leak}}
        )
        options = SPEC.from_protections(protections)
        assert options is not None
        subject = Subject(Part(Side.PROMPT, kind, text), prepare(text, kind))
        return list(SPEC.compile(options, resources).detect(subject))

    return run

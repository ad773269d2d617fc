"""The profiles of a new installation are stored without a look at the detectors: here is the look."""

from __future__ import annotations

import pytest

from scangate.detectors.contract import Resources
from scangate.detectors.registry import REGISTRY
from scangate.domain.profile import parse_policy
from scangate.domain.taxonomy import DetectorName
from scangate.engine.plan import compile_plan
from scangate.profiles.seeds import seeded_profiles
from scangate.tenants import first_profiles


@pytest.fixture(scope="module")
def resources() -> Resources:
    return Resources()


@pytest.mark.parametrize("name", sorted(seeded_profiles()))
def test_seeded_profiles_compile_with_every_detector(name: str, resources: Resources) -> None:
    plan = compile_plan(parse_policy(seeded_profiles()[name]), REGISTRY, resources, profile_id="p", profile_name=name, revision=1)
    planned = {detector.spec.name for side in plan.sides.values() for detector in side.detectors}
    # topics are a tenant's own: no seeded profile can name any
    assert planned == {spec.name for spec in REGISTRY} - {DetectorName.TOPIC_GUARDRAILS}


def test_a_tenant_begins_with_all_of_them() -> None:
    assert [draft.name for draft in first_profiles()] == list(seeded_profiles())

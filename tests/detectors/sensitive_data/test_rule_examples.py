"""Every shipped rule against its own examples: what is merged with a rule stays true."""

from __future__ import annotations

import pytest

from scangate.detectors.sensitive_data.catalog import Catalog
from scangate.detectors.sensitive_data.overlaps import resolve_overlaps
from scangate.detectors.sensitive_data.rule import Rule, load_rules
from scangate.detectors.sensitive_data.scanner import Hit, Scanner
from scangate.domain.taxonomy import Confidence

RULES = load_rules()


def _hits(catalog: Catalog, text: str) -> list[Hit]:
    minimums = {compiled.index: Confidence.MEDIUM for compiled in catalog.rules}
    return Scanner(catalog, minimums).scan(text, checkpoint=lambda: None).hits


def _examples(kind: str) -> list[object]:
    cases = [
        pytest.param(rule, text, id=f"{rule.id}-{number}")
        for rule in RULES
        for number, text in enumerate(getattr(rule.examples, kind))
    ]
    assert cases
    return cases


@pytest.mark.parametrize(("rule", "text"), _examples("match"))
def test_a_match_is_reported_under_the_rules_name(catalog: Catalog, rule: Rule, text: str) -> None:
    hits = [hit for hit in _hits(catalog, text) if hit.compiled.rule.id == rule.id]
    assert any(hit.confidence is not Confidence.LOW for hit in hits)
    assert rule.name in {hit.compiled.rule.name for hit in resolve_overlaps(_hits(catalog, text))}


@pytest.mark.parametrize(("rule", "text"), _examples("low"))
def test_a_weak_example_is_reported_at_low_confidence(catalog: Catalog, rule: Rule, text: str) -> None:
    hits = [hit for hit in _hits(catalog, text) if hit.compiled.rule.id == rule.id]
    assert {hit.confidence for hit in hits} == {Confidence.LOW}


@pytest.mark.parametrize(("rule", "text"), _examples("benign"))
def test_a_benign_example_is_not_flagged_by_the_rule(catalog: Catalog, rule: Rule, text: str) -> None:
    hits = [hit for hit in _hits(catalog, text) if hit.compiled.rule.id == rule.id]
    assert all(hit.confidence is Confidence.LOW for hit in hits)


def test_names_that_users_know_are_spelled_as_they_know_them(catalog: Catalog) -> None:
    assert {
        "Credit Card Number",
        "Tax Id - US - TIN",
        "National Id - US Social Security Number - SSN",
        "Bank - American Bankers Association Routing Number - ABA",
        "Bank - Committee on Uniform Securities Identification Procedures number",
        "Tax Id - Germany",
        "National Id - Brazil - CPF",
        "National Id - Japan My Number",
        "Secret Key - AWS Access Key ID",
    } <= {compiled.rule.name for compiled in catalog.rules}


def test_pattern_ids_are_24_hexadecimal_digits_and_one_for_each_name(catalog: Catalog) -> None:
    ids = {compiled.rule.name: compiled.pattern_id for compiled in catalog.rules}
    assert len(set(ids.values())) == len(ids)
    assert all(len(identifier) == 24 and int(identifier, 16) >= 0 for identifier in ids.values())
    assert ids["Credit Card Number"] == "37c324f6cfbb34aa6e2a3863"

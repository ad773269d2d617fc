"""The two rules of predefined data profiles: counts, confidences, different values, what is flagged and reported."""

from __future__ import annotations

import pytest
from tests.detectors.sensitive_data.conftest import Scan

from scangate.detectors.sensitive_data.data_profiles import DataProfile, Selection, predefined_profiles
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.detectors.sensitive_data.thresholds import judged
from scangate.domain.content import Span
from scangate.domain.taxonomy import Action, Confidence, Severity

LOW, MEDIUM, HIGH = Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH


def found(
    start: int, confidence: Confidence = MEDIUM, name: str = "Email Address", category: str = "contact"
) -> SensitiveDataFinding:
    return SensitiveDataFinding(
        rule=name, span=Span(start, start + 1), confidence=confidence, score=0.5, action=Action.BLOCK, severity=Severity.LOW,
        category=category, flagged=False, pattern_name=name, pattern_id="", rule_id="",
    )  # fmt: skip


def profile(*select: Selection, second: tuple[Selection, ...] = ()) -> DataProfile:
    return DataProfile(name="p", select=select, second=second)


MAILS = Selection(patterns=("Email Address",), minimum=LOW, count=2, unique=True)
NEVER = Selection(patterns=("Credit Card Number",))


def rules(findings: list[SensitiveDataFinding], text: str, *profiles: DataProfile, least: Confidence | None = None) -> list:
    return [finding.matched_rules for finding in judged(findings, profiles, least, text)]


def test_too_few_matches_flag_nothing_and_enough_flag_all() -> None:
    selection = Selection(patterns=("Email Address",), count=3)
    assert rules([found(0), found(1)], "ab", profile(selection)) == [(), ()]
    assert rules([found(0), found(1), found(2)], "abc", profile(selection)) == [(1,)] * 3


def test_matches_below_the_confidence_neither_count_nor_are_flagged() -> None:
    selection = Selection(patterns=("Email Address",), count=2)
    assert rules([found(0), found(1, LOW), found(2, HIGH)], "abc", profile(selection)) == [(1,), (), (1,)]
    assert rules([found(0), found(1, LOW)], "ab", profile(selection)) == [(), ()]


def test_one_value_written_in_two_ways_is_one() -> None:
    assert rules([found(0, LOW), found(1, LOW)], "aA", profile(MAILS)) == [(), ()]
    assert rules([found(0, LOW), found(1, LOW)], "ab", profile(MAILS)) == [(1,), (1,)]


def test_the_second_rule_has_its_number() -> None:
    both = profile(Selection(patterns=("Email Address",)), second=(MAILS,))
    assert rules([found(0), found(1, LOW)], "ab", both) == [(1, 2), (2,)]


def test_a_minimum_confidence_replaces_the_first_rules_and_switches_the_second_off() -> None:
    both = profile(Selection(patterns=("Email Address",), minimum=HIGH), second=(MAILS,))
    assert rules([found(0), found(1, LOW)], "ab", both, least=MEDIUM) == [(1,), ()]


def test_profiles_are_judged_one_by_one() -> None:
    assert rules([found(0), found(1)], "ab", profile(NEVER), profile(Selection(patterns=("Email Address",)))) == [(1,), (1,)]
    assert rules([found(0)], "a", profile(NEVER)) == [()]


def test_every_predefined_profile_has_two_rules() -> None:
    profiles = predefined_profiles()
    assert len(profiles) >= 11
    assert all(each.select and each.second for each in profiles)


@pytest.mark.parametrize(("name", "needed"), [("PII - Basic", 25), ("Sensitive Content", 50)])
def test_a_list_of_addresses_is_flagged_by_the_second_rule_where_a_few_are_not(scan: Scan, name: str, needed: int) -> None:
    mails = [f"user{number}.smith@mail.org" for number in range(needed)]
    many, few = scan("\n".join(mails), name), scan("\n".join(mails[1:] * 2), name)
    assert {finding.matched_rules for finding in many} == {(2,)}
    assert len(many) == needed
    assert not any(finding.flagged for finding in few)
    assert few

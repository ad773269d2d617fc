"""Check digits of national numbers: published sample numbers pass, the same with one digit changed do not."""

from __future__ import annotations

import pytest

from scangate.detectors.sensitive_data.candidate import Candidate, Check
from scangate.detectors.sensitive_data.validators.registry import resolve


def answer(name: str, value: str) -> Check:
    return resolve(name)(Candidate(value, 0, len(value)))


PUBLISHED = [
    ("luhn_number", "79927398713"),
    ("luxembourg_matricule", "1893120105732"),
    ("hungarian_taj", "111111110"),
    ("polish_identity_card", "ABA300000"),
    ("taiwan_id", "A123456789"),
    ("hong_kong_id", "A123456(3)"),
    ("iran_id", "0499370899"),
    ("uruguay_id", "1.234.567-2"),
    ("australian_medicare", "2123 45670 1"),
    ("new_zealand_nhi", "ZZZ0016"),
    ("german_health_insurance", "A123456780"),
    ("clabe", "032180000118359719"),
    ("vin", "1M8GDM9AXKP042788"),
]


@pytest.mark.parametrize(("name", "value"), PUBLISHED)
def test_a_published_sample_is_proven(name: str, value: str) -> None:
    assert answer(name, value).proven


@pytest.mark.parametrize(("name", "value"), [pair for pair in PUBLISHED if pair[0] != "vin"])
def test_most_changes_of_one_digit_are_noticed(name: str, value: str) -> None:
    places = [at for at, char in enumerate(value) if char.isdigit()][1:]
    changed = [value[:at] + str((int(value[at]) + 1) % 10) + value[at + 1 :] for at in places]
    proven = [one for one in changed if answer(name, one).proven]
    # the last digit of a card's issue number is no part of the sum
    assert len(proven) <= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("luxembourg_matricule", "1893130105732"),
        ("hungarian_personal", "1-991301-1234"),
        ("taiwan_id", "a"),
        ("kazakhstan_iin", "123"),
        ("kuwait_civil_id", "123"),
        ("iran_id", "1111111111"),
        ("hong_kong_id", "A123456(3"),
        ("spanish_social_security", "991234567840"),
        ("egypt_id", "29913011234567"),
        ("three_digits", "12"),
    ],
)
def test_what_has_not_even_the_form_is_refused(name: str, value: str) -> None:
    assert not answer(name, value).valid


def test_a_number_without_a_published_check_is_plausible_at_most() -> None:
    assert answer("egypt_id", "29001011234567").valid
    assert not answer("egypt_id", "29001011234567").proven
    assert answer("vin", "WVWZZZ1JZXW000001").valid
    assert not answer("vin", "WVWZZZ1JZXW000001").proven

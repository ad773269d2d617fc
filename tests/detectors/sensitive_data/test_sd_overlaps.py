"""One span, one name."""

from __future__ import annotations

import pytest
from tests.detectors.sensitive_data.conftest import Scan


def _names(scan: Scan, text: str) -> list[str]:
    return [finding.rule for finding in scan(text) if finding.flagged]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # twelve digits of the card would pass as My Number
        ("my card is 4111 1111 1111 1111", ["Credit Card Number"]),
        ("マイナンバー 123456789018", ["National Id - Japan My Number"]),
        ("カード番号 4111 1111 1111 1111", ["Credit Card Number"]),
        # the phone pattern is the loosest of all
        ("my SSN is 536-90-4399, call me", ["Tax Id - US - TIN"]),
        ("IBAN DE89370400440532013000, account", ["Bank - International Bank Account Number - IBAN"]),
        # a provider's key is not reported again as a generic secret or password
        ("api_key = ghp_¦16C7e42F292c6912E7710c838347Ae178B4a", ["Secret Key - GitHub Token"]),
        ("routing number 121000358, account number 40812345678",
         ["Bank - American Bankers Association Routing Number - ABA", "Bank - Account Number"]),
    ],
)  # fmt: skip
def test_the_more_specific_name_keeps_the_span(scan: Scan, text: str, names: list[str]) -> None:
    assert _names(scan, text.replace("¦", "")) == names


def test_of_one_pattern_no_two_findings_overlap_whatever_the_view(scan: Scan) -> None:
    # full-width digits: the folded view and the raw one see the same number
    text = "信用卡 ４１１１１１１１１１１１１１１１ и карта 4111 1111 1111 1111"
    spans = [(finding.span.start, finding.span.end) for finding in scan(text) if finding.rule == "Credit Card Number"]
    assert spans == [(4, 20), (29, 48)]


def test_neighbours_are_both_reported(scan: Scan) -> None:
    text = "cards 4111111111111111,5555555555554444 4111 1111 1111 1111 5555 5555 5555 4444"
    spans = [(finding.span.start, finding.span.end) for finding in scan(text)]
    assert spans == [(6, 22), (23, 39), (40, 59), (60, 79)]


def test_no_card_inside_an_account_number(scan: Scan) -> None:
    assert [finding for finding in scan("RS35 2600 0560 1001 6113 70") if finding.flagged] == []


def test_numbers_whose_checksum_fits_by_chance_are_not_sure(scan: Scan) -> None:
    # one in ten numbers passes Luhn: among many that do not, those that do are no cards
    numbers = [str(4_000_000_000_000_000 + 7_919 * step) for step in range(60)]
    assert [finding for finding in scan("\n".join(numbers)) if finding.flagged] == []
    assert [finding for finding in scan("\n".join(f"card {number}" for number in numbers)) if finding.flagged] != []

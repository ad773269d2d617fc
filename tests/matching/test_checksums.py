"""Check digits: published examples pass, one changed character fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.matching import checksums

VALID: list[tuple[Callable[[str], bool], str]] = [
    (checksums.luhn, "4111111111111111"),
    (checksums.luhn, "378282246310005"),
    (checksums.mod_97_10, "370400440532013000DE89"),
    (checksums.aba_routing, "021000021"),
    (checksums.aba_routing, "122105155"),
    (checksums.cusip, "037833100"),
    (checksums.cusip, "912828ZT0"),
    (checksums.base62_crc32, "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"),
    (checksums.bech32, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    (checksums.bech32, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
    (checksums.ripple_address, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"),
    (checksums.eip55, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    (checksums.eip55, "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
]


@pytest.mark.parametrize(("check", "value"), VALID)
def test_published_examples_pass(check: Callable[[str], bool], value: str) -> None:
    assert check(value)


@pytest.mark.parametrize(("check", "value"), VALID)
def test_two_neighbours_swapped_or_one_character_changed_fail(check: Callable[[str], bool], value: str) -> None:
    last = value[-1]
    changed = value[:-1] + (last.swapcase() if last.isalpha() and check is checksums.eip55 else "5" if last != "5" else "6")
    assert not check(changed)


@pytest.mark.parametrize("check", [check for check, _ in VALID])
@pytest.mark.parametrize("value", ["", "a", "٤١١١", "١٢٣٤٥٦٧٨٩", "\0" * 9, "😀" * 42, "-" * 9])
def test_nonsense_fails_without_an_exception(check: Callable[[str], bool], value: str) -> None:
    assert not check(value)


def test_aba_prefixes_outside_the_federal_reserve_fail() -> None:
    assert not checksums.aba_routing("990000007")


@pytest.mark.parametrize(
    ("address", "version"),
    [("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", 0), ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", 5)],
)
def test_base58check_gives_version_and_payload(address: str, version: int) -> None:
    payload = checksums.base58check(address)
    assert payload is not None
    assert (payload[0], len(payload)) == (version, 21)
    assert checksums.base58check(address[:-1] + "b") is None


def test_base58check_bounds_its_input() -> None:
    assert checksums.base58check("1" * 121) is None


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (b"a" * 136, "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e"),
    ],
)
def test_keccak_256_vectors(message: bytes, digest: str) -> None:
    assert checksums.keccak_256(message).hex() == digest


@given(st.text(alphabet="0123456789", min_size=1, max_size=24))
def test_exactly_one_last_digit_satisfies_luhn(payload: str) -> None:
    assert sum(checksums.luhn(payload + digit) for digit in "0123456789") == 1

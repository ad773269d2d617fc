"""Check digits of national numbers that python-stdnum lacks, and of accounts, vehicles and health cards of the same kind.

Each function takes the number with or without its separators. Sources are the issuers' published rules, named where they have a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from stdnum import verhoeff

from scangate.detectors.sensitive_data.candidate import FAILED, PLAUSIBLE, PROVEN, Candidate, Check
from scangate.matching import checksums

_TAIWAN_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""In the order of their values, from 10 on."""
_NHI_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_VIN_VALUES: Final = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", map(int, "12345678123457923456789" + "0123456789"), strict=True)
)
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _numbers(candidate: Candidate) -> list[int]:
    return [ord(char) - 48 for char in candidate.value if "0" <= char <= "9"]


def _compact(candidate: Candidate) -> str:
    return "".join(char for char in candidate.value.upper() if char.isalnum())


def _sum(weights: Sequence[int], digits: Sequence[int]) -> int:
    return sum(weight * digit for weight, digit in zip(weights, digits, strict=False))


def _answer(valid: bool) -> Check:
    return PROVEN if valid else FAILED


def _day_exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def luhn_number(candidate: Candidate) -> Check:
    """ISO/IEC 7812: Saudi, Emirati and Mexican numbers, Ontario's health card, fleet cards."""
    return _answer(checksums.luhn("".join(map(str, _numbers(candidate)))))


def three_digits(candidate: Candidate) -> Check:
    """For short codes that only a word makes mean something: at least three digits."""
    return PLAUSIBLE if len(_numbers(candidate)) >= 3 else FAILED


def luxembourg_matricule(candidate: Candidate) -> Check:
    """Date of birth, serial number, then Luhn and Verhoeff over the first eleven digits."""
    value = _compact(candidate)
    if len(value) != 13 or not _day_exists(int(value[:4]), int(value[4:6]), int(value[6:8])):
        return FAILED
    return _answer(checksums.luhn(value[:12]) and bool(verhoeff.is_valid(value[:11] + value[12])))


def hungarian_personal(candidate: Candidate) -> Check:
    """Modulus 11, weights ascending for births before 1997 and descending after (act XX of 1996)."""
    digits = _numbers(candidate)
    if len(digits) != 11 or not 1 <= digits[3] * 10 + digits[4] <= 12:
        return FAILED
    return _answer(digits[10] in (_sum(range(1, 11), digits) % 11, _sum(range(10, 0, -1), digits) % 11))


def hungarian_taj(candidate: Candidate) -> Check:
    """Weights 3 and 7 in turn, modulus 10."""
    digits = _numbers(candidate)
    return _answer(len(digits) == 9 and _sum((3, 7) * 4, digits) % 10 == digits[8])


def polish_identity_card(candidate: Candidate) -> Check:
    """Letters count 10 to 35; weights 7, 3, 1, then 9 for the check digit, 7, 3, 1, 7, 3; the sum ends in 0."""
    values = [int(char, 36) for char in _compact(candidate)]
    return _answer(len(values) == 9 and _sum((7, 3, 1, 9, 7, 3, 1, 7, 3), values) % 10 == 0)


def taiwan_id(candidate: Candidate) -> Check:
    """The letter stands for two digits; weights 1, 9, 8 … 1, 1; modulus 10."""
    value = _compact(candidate)
    letter = _TAIWAN_LETTERS.find(value[0])
    if letter < 0 or len(value) != 10:
        return FAILED
    digits = [*divmod(letter + 10, 10), *_numbers(candidate)]
    return _answer(_sum((1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), digits) % 10 == 0)


def kazakhstan_iin(candidate: Candidate) -> Check:
    """Modulus 11 with weights 1 to 11; where that gives 10, with weights 3 to 11, 1, 2."""
    digits = _numbers(candidate)
    if len(digits) != 12:
        return FAILED
    check = _sum(range(1, 12), digits) % 11
    if check == 10:
        check = _sum((3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2), digits) % 11
    return _answer(check == digits[11])


def kuwait_civil_id(candidate: Candidate) -> Check:
    digits = _numbers(candidate)
    weights = (2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return _answer(len(digits) == 12 and 11 - _sum(weights, digits) % 11 == digits[11])


def egypt_id(candidate: Candidate) -> Check:
    """Century, a day that exists and a governorate; the check digit's rule is not published."""
    value = _compact(candidate)
    century = {"2": 1900, "3": 2000}[value[0]]
    day = _day_exists(century + int(value[1:3]), int(value[3:5]), int(value[5:7]))
    return PLAUSIBLE if day and (1 <= int(value[7:9]) <= 35 or value[7:9] == "88") else FAILED


def iran_id(candidate: Candidate) -> Check:
    digits = _numbers(candidate)
    if len(digits) != 10 or len(set(digits)) == 1:
        return FAILED
    rest = _sum(range(10, 1, -1), digits) % 11
    return _answer(digits[9] == (rest if rest < 2 else 11 - rest))


def hong_kong_id(candidate: Candidate) -> Check:
    """Letters count 10 to 35, a missing first one 36; weights 9 to 1; the sum is a multiple of 11."""
    value = _compact(candidate)
    if candidate.value.count("(") != candidate.value.count(")"):
        return FAILED
    values = [int(char, 36) for char in value]
    if len(values) == 8:
        values.insert(0, 36)
    return _answer(len(values) == 9 and _sum(range(9, 0, -1), values) % 11 == 0)


def uruguay_id(candidate: Candidate) -> Check:
    digits = _numbers(candidate)
    return _answer(len(digits) == 8 and -_sum((2, 9, 8, 7, 6, 3, 4), digits) % 10 == digits[7])


def brazil_pis(candidate: Candidate) -> Check:
    digits = _numbers(candidate)
    rest = 11 - _sum((3, 2, 9, 8, 7, 6, 5, 4, 3, 2), digits) % 11
    return _answer(len(digits) == 11 and digits[10] == (0 if rest > 9 else rest))


def spanish_social_security(candidate: Candidate) -> Check:
    """Province and number modulo 97; short numbers are not padded in the sum."""
    value = _compact(candidate)
    province, number = int(value[:2]), int(value[2:10])
    base = province * 10_000_000 + number if number < 10_000_000 else province * 100_000_000 + number
    return _answer(1 <= province <= 66 and base % 97 == int(value[10:12]))


def australian_medicare(candidate: Candidate) -> Check:
    """Weights 1, 3, 7, 9 twice over the first eight digits, modulus 10."""
    digits = _numbers(candidate)
    return _answer(len(digits) in (10, 11) and _sum((1, 3, 7, 9, 1, 3, 7, 9), digits) % 10 == digits[8])


def new_zealand_nhi(candidate: Candidate) -> Check:
    """HISO 10046: letters without I and O count 1 to 24; weights 7 to 2; modulus 11."""
    value = _compact(candidate)
    values = [_NHI_LETTERS.find(char) + 1 for char in value[:3]] + [int(char) for char in value[3:6]]
    rest = _sum(range(7, 1, -1), values) % 11
    return _answer(rest != 0 and (11 - rest) % 10 == int(value[6]))


def german_health_insurance(candidate: Candidate) -> Check:
    """§ 290 SGB V: the letter as two digits, weights 1 and 2 in turn, digits of the products, modulus 10."""
    value = _compact(candidate)
    digits = [*divmod(ord(value[0]) - 64, 10), *(int(char) for char in value[1:9])]
    products = [digit * (1 + index % 2) for index, digit in enumerate(digits)]
    return _answer(sum(sum(divmod(product, 10)) for product in products) % 10 == int(value[9]))


def clabe(candidate: Candidate) -> Check:
    """Weights 3, 7, 1; last digits of the products; modulus 10."""
    digits = _numbers(candidate)
    total = sum(weight * digit % 10 for weight, digit in zip((3, 7, 1) * 6, digits[:17], strict=False))
    return _answer(len(digits) == 18 and -total % 10 == digits[17])


def vin(candidate: Candidate) -> Check:
    """ISO 3779 with the check digit of North America and China; without it plausible when letters and digits mix."""
    value = _compact(candidate)
    rest = _sum(_VIN_WEIGHTS, [_VIN_VALUES[char] for char in value]) % 11
    if value[8] == ("X" if rest == 10 else str(rest)) and len(set(value)) > 5:
        return PROVEN
    return PLAUSIBLE if value[13:].isdigit() and sum(map(str.isalpha, value)) >= 3 else FAILED

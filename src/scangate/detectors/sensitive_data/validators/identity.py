"""Identity documents whose check is not in python-stdnum, or not in the form that people write."""

from __future__ import annotations

from datetime import date
from typing import Final

from scangate.detectors.sensitive_data.candidate import FAILED, PLAUSIBLE, PROVEN, Candidate, Check

_FIRST_BIRTH_YEAR, _LAST_BIRTH_YEAR = 1900, 2035
_SSN_NEVER_ISSUED: Final = frozenset({"078051120", "219099999"})
_SSN_IN_ADVERTISING = range(987654320, 987654330)
_EIN_UNUSED: Final = frozenset({0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97})
_NINO_UNUSED: Final = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan ene янв janv januar january enero января januar janvier janeiro gennaio gen",
            "feb фев fév february febrero февраля februar février fevereiro febbraio",
            "mar мар mär march marzo марта märz mars março",
            "apr abr апр avr april abril апреля avril aprile",
            "may мая mai mayo maio maggio mag",
            "jun июн june junio июня juni juin junho giugno giu",
            "jul июл july julio июля juli juillet julho luglio lug",
            "aug ago авг aoû août august agosto августа",
            "sep set сен sept september septiembre сентября septembre setembro settembre",
            "oct okt out окт ott october octubre октября oktober octobre outubro ottobre",
            "nov ноя november noviembre ноября novembre novembro",
            "dec dez dic дек déc december diciembre декабря dezember décembre dezembro dicembre",
        ),
        1,
    )
    for name in names.split()
}


def _digits(text: str) -> str:
    return "".join(char for char in text if "0" <= char <= "9")


def us_ssn(candidate: Candidate) -> Check:
    """Area, group and serial that were ever issued (no check digit exists)."""
    digits = _digits(candidate.value)
    if digits[:3] in ("000", "666") or digits[0] == "9" or digits[3:5] == "00" or digits[5:] == "0000":
        return FAILED
    return FAILED if digits in _SSN_NEVER_ISSUED or int(digits) in _SSN_IN_ADVERTISING else PLAUSIBLE


def us_itin(candidate: Candidate) -> Check:
    """9xx, fourth and fifth digit 50-65, 70-88, 90-92 or 94-99 (IRS, since 2011)."""
    digits = _digits(candidate.value)
    group = int(digits[3:5])
    issued = 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
    return PLAUSIBLE if digits[0] == "9" and issued else FAILED


def us_ein(candidate: Candidate) -> Check:
    """A prefix that the IRS has assigned."""
    return FAILED if int(_digits(candidate.value)[:2]) in _EIN_UNUSED else PLAUSIBLE


def uk_nino(candidate: Candidate) -> Check:
    return FAILED if candidate.value[:2].upper() in _NINO_UNUSED else PLAUSIBLE


def uk_driving_licence(candidate: Candidate) -> Check:
    """Month (01-12, women 51-62) and day inside the DVLA number."""
    value = candidate.value.upper().replace(" ", "")
    month, day = int(value[6:8]) % 50, int(value[8:10])
    return PROVEN if 1 <= month <= 12 and 1 <= day <= 31 else FAILED


def jp_my_number(candidate: Candidate) -> Check:
    """Ordinance 85 of 2014: weights 2-7 twice from the right, modulus 11."""
    digits = [int(char) for char in _digits(candidate.value)]
    if len(digits) != 12:
        return FAILED
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    remainder = sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % 11
    return PROVEN if digits[11] == (0 if remainder <= 1 else 11 - remainder) else FAILED


def ru_snils(candidate: Candidate) -> Check:
    """Weighted sum modulo 101 (order 192p of the Pension Fund)."""
    digits = _digits(candidate.value)
    if len(digits) != 11:
        return FAILED
    total = sum(weight * int(digit) for weight, digit in zip(range(9, 0, -1), digits, strict=False))
    return PROVEN if total % 101 % 100 == int(digits[9:]) else FAILED


def ru_passport(candidate: Candidate) -> Check:
    """Series with a region (01-99) and the year of the form (1997 on, two digits); the number from 000101."""
    digits = _digits(candidate.value)
    year = int(digits[2:4])
    if len(digits) != 10 or digits[:2] == "00" or not (year <= 35 or year >= 97) or int(digits[4:]) < 101:
        return FAILED
    return PLAUSIBLE


def icao_check(text: str) -> int:
    """The 7-3-1 check digit of ICAO 9303 over `0-9A-Z<`."""
    total = 0
    for index, char in enumerate(text):
        total += (0 if char == "<" else int(char, 36)) * (7, 3, 1)[index % 3]
    return total % 10


def de_identity_card(candidate: Candidate) -> Check:
    """Nine characters, proven when the ICAO check digit follows; at least one digit, so that words do not match."""
    value = candidate.value.upper()
    if sum(char.isdigit() for char in value) < 2:
        return FAILED
    if len(value) == 10:
        return PROVEN if value[9].isdigit() and icao_check(value[:9]) == int(value[9]) else FAILED
    return PLAUSIBLE


def passport_mrz(candidate: Candidate) -> Check:
    """Second line of a machine-readable passport (ICAO 9303-4): check digits of number, birth and expiry."""
    line = candidate.value.upper()
    fields = ((line[0:9], line[9]), (line[13:19], line[19]), (line[21:27], line[27]))
    return PROVEN if all(check.isdigit() and icao_check(field) == int(check) for field, check in fields) else FAILED


def has_digit_and_letter(candidate: Candidate) -> Check:
    value = candidate.value
    return PLAUSIBLE if any(char.isdigit() for char in value) and any(char.isalpha() for char in value) else FAILED


def four_digits(candidate: Candidate) -> Check:
    """For loose document numbers: upper-case words and short codes do not count."""
    return PLAUSIBLE if len(_digits(candidate.value)) >= 4 else FAILED


def us_npi(candidate: Candidate) -> Check:
    """National Provider Identifier: Luhn with the prefix 80840."""
    from scangate.matching.checksums import luhn

    return PROVEN if luhn("80840" + candidate.value) else FAILED


def us_dea(candidate: Candidate) -> Check:
    """DEA registration: two letters, seven digits, weighted check digit."""
    digits = [int(char) for char in candidate.value[2:]]
    total = digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])
    return PROVEN if total % 10 == digits[6] else FAILED


def birth_date(candidate: Candidate) -> Check:
    """A day that exists, 1900 to 2035, in any usual order of day, month and year. Figures stand between equal marks: `0.94-1.20`
    is a range."""
    marks = {char for char in candidate.value if not char.isdigit()}
    if len(marks) > 1 and not any(map(str.isalpha, marks)):
        return FAILED
    spaced = "".join(char if char.isalnum() else " " for char in candidate.value.lower())
    for mark in "年月日":
        spaced = spaced.replace(mark, " ")
    parts = [part for part in spaced.split() if part not in ("de", "of", "г")]
    parts = [part[:-2] if part[:-2].isdigit() and part[-2:] in ("st", "nd", "rd", "th") else part for part in parts]
    if len(parts) != 3:
        return FAILED
    numbers = [int(part) if part.isdigit() else _MONTHS.get(part, _MONTHS.get(part[:3], 0)) for part in parts]
    orders = ((0, 1, 2), (2, 1, 0), (2, 0, 1))
    return PLAUSIBLE if any(_exists(*(numbers[at] for at in order)) for order in orders) else FAILED


def _exists(year: int, month: int, day: int) -> bool:
    if year < 100:
        year += 1900 if year > _LAST_BIRTH_YEAR - 2000 else 2000
    if not _FIRST_BIRTH_YEAR <= year <= _LAST_BIRTH_YEAR:
        return False
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True

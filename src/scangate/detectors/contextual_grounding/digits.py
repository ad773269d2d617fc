"""Digits and Chinese numerals as values: what separators may mean, dates and times in figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import re2

from scangate.detectors.contextual_grounding.quantity import Day

_GROUPS_OF_THREE: Final = re2.compile(r"^\d{1,3}(?:[.,'’ ]\d{3})+$")
_GROUPED_WITH_FRACTION: Final = re2.compile(r"^\d{1,3}(?:[.,'’ ]\d{3})+[.,]\d+$")
_HAN_DIGITS: Final = {
    char: value
    for value, chars in enumerate(("零〇", "一", "二两兩", "三", "四", "五", "六", "七", "八", "九"))
    for char in chars
}
_HAN_SCALES: Final = {"十": 10, "百": 100, "千": 1000}
HAN_MYRIADS: Final = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}

MINUTES_A_DAY: Final = 1440


def minutes_of(hour: str, minute: str) -> float | None:
    if not (hour.isdigit() and minute.isdigit() and len(hour) <= 2 and len(minute) <= 2):
        return None
    total = int(hour) * 60 + int(minute)
    return float(total) if int(hour) <= 24 and int(minute) < 60 else None


def days_of(parts: Sequence[str]) -> tuple[Day, ...]:
    if not all(part.isdigit() and len(part) <= 4 for part in parts):
        return ()
    first, second, third = (int(part) for part in parts)
    if len(parts[0]) == 4:
        return (Day(first, second, third),)
    if len(parts[0]) > 2 or len(parts[1]) > 2 or len(parts[2]) not in (2, 4):
        return ()
    year = third if third >= 100 else 2000 + third if third < 70 else 1900 + third
    both = (Day(year, second, first), Day(year, first, second))
    return tuple(day for day in both if 1 <= day.month <= 12 and 1 <= day.day <= 31)


def readings_of(token: str) -> tuple[float, ...]:
    """What digits with separators may mean: `1.860` 1860 and 1.86, `1,5` 1.5, `1.234.567,8` one thing only."""
    plain = token.replace("’", "'")
    if plain.isdigit():
        return (float(plain[:30]),)
    if _GROUPED_WITH_FRACTION.match(token):
        whole, fraction = plain[: max(plain.rfind("."), plain.rfind(","))], plain[max(plain.rfind("."), plain.rfind(",")) + 1 :]
        digits = "".join(char for char in whole if char.isdigit())
        return (float(f"{digits[:30]}.{fraction[:20]}"),)
    if _GROUPS_OF_THREE.match(token):
        grouped = float("".join(char for char in plain if char.isdigit())[:30])
        separators = [char for char in plain if not char.isdigit()]
        if len(separators) == 1 and separators[0] in ".,":
            return (grouped, float(plain.replace(",", ".")))
        return (grouped,)
    numbers = [part for part in _split(plain) if part]
    if len(numbers) == 2 and any(char in plain for char in ".,"):
        return (float(f"{numbers[0][:30]}.{numbers[1][:20]}"),)
    return tuple(float(number[:30]) for number in numbers[:4])


def _split(text: str) -> list[str]:
    return "".join(char if char.isdigit() else " " for char in text).split()


def han_value(text: str) -> float | None:
    """`三百二十` is 320, `二〇二四` is 2024, `两万` 20000; None for what is no number, and for a lone `一`, a word more often."""
    if text in ("一", "千", "万", "百", "亿", "億", "萬"):
        return None
    if len(text) > 1 and all(char in _HAN_DIGITS for char in text):
        return float("".join(str(_HAN_DIGITS[char]) for char in text)[:30])
    total = section = digit = 0
    for char in text:
        if char in _HAN_DIGITS:
            digit = _HAN_DIGITS[char]
        elif char in _HAN_SCALES:
            section, digit = section + (digit or 1) * _HAN_SCALES[char], 0
        else:
            total, section, digit = (total + section + digit or 1) * HAN_MYRIADS[char], 0, 0
    return float(total + section + digit)


def han_scale(text: str) -> float | None:
    """`万`, `千万`: what a number in digits is multiplied with."""
    value = 1.0
    for char in text:
        scale = _HAN_SCALES.get(char) or HAN_MYRIADS.get(char)
        if scale is None:
            return None
        value *= scale
    return value

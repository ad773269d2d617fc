"""Spelled numbers, units, months and weekdays of nine languages, from the lexicon; compound numbers are put together here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from scangate.detectors.contextual_grounding.lexicon import read_lexicon
from scangate.detectors.contextual_grounding.quantity import Unit

_FIRST_WIDE: Final = 0x2E80


@dataclass(frozen=True, slots=True)
class NumberWords:
    numbers: dict[str, float]
    scales: dict[str, float]
    joiners: frozenset[str]
    units: dict[str, Unit]
    wide_units: dict[str, Unit]
    months: dict[str, int]
    weekdays: dict[str, int]
    month_starts: frozenset[str]
    times: frozenset[str]


@cache
def number_words() -> NumberWords:
    numbers: dict[str, float] = {}
    scales: dict[str, float] = {}
    joiners: set[str] = set()
    for language, table in read_lexicon("numbers.yaml").items():
        _add_numbers(language, table, numbers)
        scales |= {str(word): value for word, value in table["scales"].items()}
        joiners |= set(table["joiners"])
    numbers = {word.casefold(): value for word, value in numbers.items()}
    units = {unicodedata.normalize("NFKC", str(word)).casefold(): unit for word, unit in _units()}
    times = frozenset(word for word, unit in units.items() if unit.dimension == "time" and len(word) > 2)
    wide = {word: unit for word, unit in units.items() if ord(word[0]) >= _FIRST_WIDE}
    calendar = read_lexicon("calendar.yaml")
    months = {word: number for number, words in enumerate(calendar["months"], 1) for word in words}
    weekdays = {word: number for number, words in enumerate(calendar["weekdays"], 1) for word in words}
    return NumberWords(
        numbers, scales, frozenset(joiners), units, wide, months, weekdays, frozenset(word[:3] for word in months), times
    )


def _units() -> Iterator[tuple[str, Unit]]:
    for entry in read_lexicon("units.yaml"):
        unit = Unit(entry["dimension"], entry.get("to_base", 1.0), entry.get("fahrenheit", False), entry.get("also", ""))
        yield from ((word, unit) for word in entry["words"])


def _add_numbers(language: str, table: dict[str, Any], numbers: dict[str, float]) -> None:
    ones = {word: float(value) for value, word in enumerate(table["ones"]["words"], table["ones"]["from"])}
    tens = {word: 10.0 * value for value, word in enumerate(table["tens"], 2)}
    hundreds = {word: 100.0 * value for value, word in enumerate(table.get("hundreds", ()), 1)}
    numbers |= ones | tens | hundreds | {word: float(value) for word, value in table["also"].items()}
    digits = {word: value for word, value in ones.items() if value < 10}
    if language == "de":
        digits |= {"ein": 1.0}
        numbers |= {f"{one}und{ten}": a + b for one, a in digits.items() for ten, b in tens.items()}
        below = {word: value for word, value in numbers.items() if value < 100}
        for one, a in digits.items():
            numbers |= {f"{one}hundert": 100 * a} | {f"{one}tausend": 1000 * a}
            numbers |= {f"{one}hundert{rest}": 100 * a + b for rest, b in below.items()}
        numbers |= {f"{word}tausend": 1000 * value for word, value in below.items()}
    elif language == "it":
        for ten, b in tens.items():
            numbers |= {(ten[:-1] if one[0] in "uo" else ten) + one: a + b for one, a in (digits | {"uno": 1.0}).items()}
            numbers |= {ten[:-1] + one: a + b for one, a in digits.items() if one == "otto"}
        below = {word: value for word, value in numbers.items() if value < 100 and " " not in word}
        for one, a in (digits | {"": 1.0}).items():
            numbers |= {f"{one}cento": 100 * a} | {f"{one}cento{rest}": 100 * a + b for rest, b in below.items()}
        numbers |= {f"{word}mila": 1000 * value for word, value in list(numbers.items()) if value < 1000}
    elif language in ("en", "fr"):
        numbers |= {f"{ten}-{one}": a + b for one, a in ones.items() if a < 20 for ten, b in tens.items()}

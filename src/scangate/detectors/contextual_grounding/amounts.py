"""Are the numbers of a claim those of the context? Equal after conversion, or what follows by arithmetic: or wrong, and how surely."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final, NamedTuple

from scangate.detectors.contextual_grounding.quantity import CLOCK, DATE, NUMBER, WEEKDAY, Quantity, Unit

_EXACT: Final = 0.0005
_CONVERTED: Final = 0.035
"""Relative; what rounding after a conversion, and months of 30 days, may lose."""
_ROUNDED: Final = 0.02
_MOST_TERMS: Final = 24
"""Numbers that arithmetic is tried with: those nearest to the claim."""
_SMALL: Final = 12
_TRIVIAL: Final = 2
_DAY: Final = 86_400
_YEARS: Final = range(1000, 2200)
_LOOSE: Final = frozenset(("teaspoon", "tablespoon", "spoon"))


class Fault(NamedTuple):
    """A number of the claim that is not the context's."""

    kind: str
    quantity: Quantity


NUMBER_ABSENT: Final = "number_absent"
NUMBER_ELSEWHERE: Final = "number_elsewhere"
SMALL_NUMBER_ABSENT: Final = "small_number_absent"
UNIT: Final = "unit"
DATE_ABSENT: Final = "date_absent"
DATE_WRONG: Final = "date_wrong"
DATE_RECKONED: Final = "date_reckoned"
"""Not a date of the context, which has spans of days or more that it may follow from."""
CLOCK_ABSENT: Final = "clock_absent"
WEEKDAY_ABSENT: Final = "weekday_absent"


class Pool:
    """The quantities of a text, for asking whether it has one. `numbers` are also those inside of dates and times."""

    def __init__(self, quantities: Iterable[Quantity]) -> None:
        self.all = tuple(quantities)
        self.numbers = frozenset(_rounded(value) for one in self.all for value in _numbers(one))

    def has_number(self, quantity: Quantity) -> bool:
        return any(_rounded(value) in self.numbers for value in quantity.values)

    def of(self, kind: str) -> list[Quantity]:
        return [one for one in self.all if one.kind == kind]


def faults(claim: Sequence[Quantity], near: Pool, everywhere: Pool, question: Pool) -> list[Fault]:
    """
    Args:
        claim: the claim's quantities.
        near: those of the passages that speak of the claim.
        everywhere: those of the whole context.
        question: those of the question.
    """
    found = []
    for quantity in claim:
        kind = _fault(quantity, claim, near, everywhere, question)
        if kind is not None:
            found.append(Fault(kind, quantity))
    return found


def _fault(quantity: Quantity, claim: Sequence[Quantity], near: Pool, everywhere: Pool, question: Pool) -> str | None:
    if quantity.kind == DATE:
        fault = _date_fault(quantity, everywhere, question)
        return DATE_RECKONED if fault and _has_span(near, question) else fault
    if quantity.kind == CLOCK:
        return _clock_fault(quantity, near, everywhere, question)
    if quantity.kind == WEEKDAY:
        known = any(quantity.values == other.values for pool in (everywhere, question) for other in pool.of(WEEKDAY))
        return None if known else WEEKDAY_ABSENT
    if (
        quantity.ordinal
        or quantity.implied
        or not quantity.values
        or (quantity.spelled and quantity.unit is None and _is_wide(quantity))
    ):
        return None
    if any(agree(quantity, other) for pool in (near, question) for other in pool.of(NUMBER)):
        return None
    mismatched = _unit_fault(quantity, near, everywhere, question)
    if mismatched:
        return UNIT
    if near.has_number(quantity) or question.has_number(quantity) or _is_hour(quantity, everywhere, question):
        return None
    if _follows(quantity, claim, near, question):
        return None
    if any(agree(quantity, other) for other in everywhere.of(NUMBER)) or everywhere.has_number(quantity):
        return NUMBER_ELSEWHERE
    whole = quantity.whole
    if whole is not None and whole <= _SMALL:
        return None if whole <= _TRIVIAL and quantity.unit is None else SMALL_NUMBER_ABSENT
    return NUMBER_ABSENT


def agree(one: Quantity, other: Quantity) -> bool:
    """Whether two amounts may be the same: equal numbers with no unit on one side, or equal after conversion."""
    if one.kind != NUMBER or other.kind != NUMBER:
        return False
    if one.unit is None or other.unit is None:
        return any(_close(a, b, _EXACT) for a in one.values for b in other.values)
    if one.unit == other.unit:
        return any(_close(a, b, _ROUNDED if _is_round(a) else _EXACT) for a in one.values for b in other.values)
    if _loose(one, other):
        return any(_close(a, b, _EXACT) for a in one.values for b in other.values)
    if one.unit.dimension != other.unit.dimension and not _also(one.unit, other.unit):
        return False
    return any(_close(one.unit.base(a), other.unit.base(b), _CONVERTED) for a in one.values for b in other.values)


def _also(one: Unit, other: Unit) -> bool:
    return one.also == other.dimension or other.also == one.dimension


def _loose(one: Quantity, other: Quantity) -> bool:
    """Spoons of some kind; pounds that are money."""
    dimensions = {unit.dimension for unit in (one.unit, other.unit) if unit is not None}
    return (len(dimensions & _LOOSE) > 1 and "spoon" in dimensions) or dimensions == {"mass", "sterling"}


def _is_hour(quantity: Quantity, everywhere: Pool, question: Pool) -> bool:
    """`six in the evening` of 18:00."""
    hours = {other.values[0] // 60 % 12 for pool in (everywhere, question) for other in pool.of(CLOCK)}
    return quantity.unit is None and quantity.whole in hours


def _is_wide(quantity: Quantity) -> bool:
    return quantity.text[:1] >= "\u2e80"


def _unit_fault(quantity: Quantity, near: Pool, everywhere: Pool, question: Pool) -> bool:
    """Whether the context has this very number, but only of something else."""
    if quantity.unit is None:
        return False
    for pool in (near, everywhere):
        others = [
            other
            for other in (*pool.of(NUMBER), *question.of(NUMBER))
            if any(_close(a, b, _EXACT) for a in quantity.values for b in other.values)
        ]
        if others:
            apart = all(other.unit is not None and not agree(quantity, other) for other in others)
            return apart and not _follows_in_unit(quantity, near, question)
    return False


def _follows_in_unit(quantity: Quantity, near: Pool, question: Pool) -> bool:
    """Whether amounts of the same unit make it: two years more, when one has three and the other one; half an hour; four times 10 g."""
    numbers = (*near.of(NUMBER), *question.of(NUMBER))
    same = [other.values[0] for other in numbers if other.unit == quantity.unit and other.values][:_MOST_TERMS]
    others = [other.values[0] for other in numbers if other.values][:_MOST_TERMS]
    made = {value for one, other in combinations(same, 2) for value in (one + other, abs(one - other))}
    made |= {one * other for one in same for other in others} | {one / 2 for one in same}
    return any(_close(value, other, _EXACT) for value in quantity.values for other in made)


def _has_span(near: Pool, question: Pool) -> bool:
    """Whether there are spans of a day or more: two years of warranty from a date on make another date."""
    return any(
        other.unit is not None and other.unit.dimension == "time" and other.unit.to_base >= _DAY and not other.implied
        for pool in (near, question)
        for other in pool.of(NUMBER)
    )


def _date_fault(quantity: Quantity, everywhere: Pool, question: Pool) -> str | None:
    known = [day for pool in (everywhere, question) for other in pool.of(DATE) for day in other.days]
    for day in quantity.days:
        if any(day.agrees(other) and (other.month or not day.month) for other in known):
            return None
    first = quantity.days[0]
    months = {day.month for day in known}
    if any(not day.day or _rounded(day.day) in everywhere.numbers for day in quantity.days) and not months & {first.month}:
        return DATE_ABSENT
    if first.day and _rounded(first.day) in everywhere.numbers and first.month in months and not first.year:
        return None
    return DATE_WRONG if first.month in months else DATE_ABSENT


def _clock_fault(quantity: Quantity, near: Pool, everywhere: Pool, question: Pool) -> str | None:
    known = [value for pool in (everywhere, question) for other in pool.of(CLOCK) for value in other.values]
    if any(value in known for value in quantity.values):
        return None
    if any(value % 60 == 0 and _rounded(value / 60) in (everywhere.numbers | question.numbers) for value in quantity.values):
        return None
    spans = [
        other.unit.base(value) / 60
        for pool in (near, question)
        for other in pool.of(NUMBER)
        if other.unit is not None and other.unit.dimension == "time"
        for value in other.values
    ]
    local = [value for pool in (near, question) for other in pool.of(CLOCK) for value in other.values]
    if any(
        _rounded((start + sign * span) % 1440) == _rounded(value)
        for start in local
        for span in spans
        for sign in (1, -1)
        for value in quantity.values
    ):
        return None
    return CLOCK_ABSENT


def _follows(quantity: Quantity, claim: Sequence[Quantity], near: Pool, question: Pool) -> bool:
    """Whether a number is what arithmetic makes of two or three others: sum, difference, product, quotient, share in percent."""
    others = (*question.all, *(other for other in claim if other is not quantity), *near.all)
    terms = list(dict.fromkeys(value for one in others for value in _countable(one)))[:_MOST_TERMS]
    wanted = [value for value in quantity.values if value]
    if quantity.unit is not None and quantity.unit.dimension == "time":
        wanted = wanted + [quantity.unit.base(value) / 60 for value in wanted]
    made: set[float] = set()
    for first, second in combinations(terms, 2):
        made |= _made(first, second)
    for term in terms:
        made |= {
            term * 2,
            term / 2,
            term * 3,
            term / 3,
            term / 4,
            term * 4,
            100 - term,
            term * 10,
            term / 10,
            term * 12,
            term / 12,
            term * term,
        }
        made |= {term * 7, term * 60, term / 60, term * 1000, term / 1000, term * 24, term + 1, term - 1, term * 100, term / 100}
    if any(_close(value, other, _tolerance(value)) for value in wanted for other in made):
        return True
    if quantity.unit is None and quantity.whole in _YEARS:
        return False  # three numbers make any year
    few = terms[:12]
    return any(
        _close(value, other + third, _EXACT) or _close(value, abs(other - third), _EXACT) or _close(value, other * third, _EXACT)
        for value in wanted
        for first, second in combinations(few, 2)
        for other in (first + second, first * second)
        for third in few
    )


def _made(first: float, second: float) -> set[float]:
    made = {first + second, abs(first - second), first * second, first * second / 100, (first + second) / 2}
    for a, b in ((first, second), (second, first)):
        if b:
            made |= {a / b, 100 * a / b, 100 * abs(a - b) / b}
        made |= {a * (1 + b / 100), a * (1 - b / 100)}
    return made


def _numbers(quantity: Quantity) -> tuple[float, ...]:
    if quantity.kind == DATE:
        return tuple(float(value) for day in quantity.days for value in day if value)
    if quantity.kind == CLOCK:
        return (quantity.values[0] // 60, quantity.values[0] % 60)
    return quantity.values if quantity.kind == NUMBER else ()


def _tolerance(value: float) -> float:
    """How far a result of arithmetic may be off: numbers that end in noughts, and small ones with a fraction, were rounded."""
    if value >= 100:
        return _ROUNDED if value % 100 == 0 else _EXACT
    return 0.005 if value == int(value) else 0.01


def _countable(quantity: Quantity) -> tuple[float, ...]:
    """What arithmetic is done with: amounts, and the years of dates."""
    if quantity.kind == DATE:
        return tuple(float(day.year) for day in quantity.days[:1] if day.year)
    return quantity.values[:1] if quantity.kind == NUMBER else ()


def _is_round(value: float) -> bool:
    """Whether a number ends in noughts, so that it may stand for another."""
    return value >= 100 and value % 10 == 0


def _close(one: float, other: float, tolerance: float) -> bool:
    return abs(one - other) <= tolerance * max(abs(one), abs(other)) + 1e-9


def _rounded(value: float) -> float:
    return round(value, 6)

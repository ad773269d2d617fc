"""What a text counts: an amount with a unit, a date, a time of day, a weekday."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

NUMBER: Final = "number"
DATE: Final = "date"
CLOCK: Final = "clock"
WEEKDAY: Final = "weekday"
Kind = Literal["number", "date", "clock", "weekday"]


class Unit(NamedTuple):
    """What is counted; amounts compare where the dimension is the same, in multiples of its base."""

    dimension: str
    to_base: float = 1.0
    fahrenheit: bool = False
    also: str = ""
    """A second dimension that the word may mean: pounds."""

    def base(self, value: float) -> float:
        return (value - 32.0) / 1.8 if self.fahrenheit else value * self.to_base


class Day(NamedTuple):
    """A date as far as it is given; 0 where it says nothing."""

    year: int
    month: int
    day: int

    def agrees(self, other: Day) -> bool:
        return all(not mine or not its or mine == its for mine, its in zip(self, other, strict=True))


@dataclass(frozen=True, slots=True)
class Quantity:
    """`values` are all that it may mean: `1.860` is 1860 or 1.86. Of a date `days`, of a time of day minutes since midnight."""

    kind: Kind
    text: str
    values: tuple[float, ...] = ()
    unit: Unit | None = None
    days: tuple[Day, ...] = ()
    spelled: bool = False
    ordinal: bool = False
    implied: bool = False
    """No number stands there: `a week`."""

    @property
    def whole(self) -> int | None:
        value = self.values[0] if self.values else 0.5
        return int(value) if value == int(value) else None

"""The spans of time that logs and dashboards may be asked about, and their buckets.

The log's windows end now, to the microsecond. Those of dashboards end with the running slot (`rollup_tables`): with the hour, or with
the five minutes where the window is one hour long. So buckets begin on the clock and hold the same whenever one looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scangate.errors import RequestInvalidError
from scangate.records.entry import microseconds, moment_of
from scangate.records.rollup_tables import FINE_GRAIN, HOUR_GRAIN

HOUR: Final = 3600
DAY: Final = 24 * HOUR
_UNITS: Final = {"hour": HOUR, "hours": HOUR, "day": DAY, "days": DAY}
_BUCKETS: Final = {HOUR: 12, DAY: 24, 7 * DAY: 7, 30 * DAY: 30, 60 * DAY: 60}
"""Length in seconds to the number of buckets in charts."""


@dataclass(frozen=True, slots=True)
class Window:
    """`[since, until)` in microseconds since 1970."""

    since_us: int
    until_us: int
    buckets: int

    @property
    def bucket_us(self) -> int:
        return (self.until_us - self.since_us) // self.buckets

    @property
    def days(self) -> float:
        """At least one: what happened within an hour is no reason to multiply it by 24."""
        return max(1.0, (self.until_us - self.since_us) / 1_000_000 / DAY)

    def starts(self) -> list[datetime]:
        """When each bucket begins."""
        return [moment_of(self.since_us + number * self.bucket_us) for number in range(self.buckets)]


@dataclass(frozen=True, slots=True)
class Span(Window):
    """A dashboard's window: whole slots of one grain. Nothing in the log is newer than its end."""

    grain: int
    floor_us: int
    """What is older is not counted: the tenant does not keep it."""

    @property
    def _slot_us(self) -> int:
        return self.grain * 1_000_000

    @property
    def counted_us(self) -> int:
        """Where counting begins."""
        return max(self.since_us, self.floor_us)

    @property
    def first_slot(self) -> int:
        """Of the window, counted or not."""
        return self.since_us // self._slot_us

    @property
    def floor_slot(self) -> int:
        return -(-self.floor_us // self._slot_us)

    @property
    def counted_slot(self) -> int:
        return max(self.first_slot, self.floor_slot)

    @property
    def end_slot(self) -> int:
        return self.until_us // self._slot_us

    @property
    def bucket_slots(self) -> int:
        return self.bucket_us // self._slot_us


def window(interval: int, unit: str, until: datetime) -> Window:
    """
    Raises:
        RequestInvalidError: neither 1 hour nor 1, 7, 30 or 60 days.
    """
    return window_of(seconds_of(interval, unit), microseconds(until))


def seconds_of(interval: int, unit: str) -> int:
    """
    Raises:
        RequestInvalidError: neither 1 hour nor 1, 7, 30 or 60 days.
    """
    seconds = interval * _UNITS.get(unit.lower(), 0)
    if seconds not in _BUCKETS:
        raise RequestInvalidError("time_interval and time_unit: 1 hour, or 1, 7, 30 or 60 days")
    return seconds


def grain_of(seconds: int) -> int:
    return FINE_GRAIN if seconds == HOUR else HOUR_GRAIN


def span_of(seconds: int, now_us: int, newest_slot: int, floor_us: int) -> Span:
    """The dashboard's window of that length, at a moment.

    Args:
        newest_slot: of what was scanned, in slots of `grain_of(seconds)`: a clock of another server may be ahead of this one's.
    """
    grain = grain_of(seconds)
    end_slot = max(now_us // (grain * 1_000_000), newest_slot) + 1
    until_us = end_slot * grain * 1_000_000
    return Span(until_us - seconds * 1_000_000, until_us, _BUCKETS[seconds], grain, floor_us)


def window_of(seconds: int, until_us: int) -> Window:
    return Window(until_us - seconds * 1_000_000, until_us, _BUCKETS[seconds])

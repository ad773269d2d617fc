"""The spans of time that logs and dashboards may be asked about, and their buckets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scangate.errors import RequestInvalidError
from scangate.records.entry import microseconds, moment_of

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


def window(interval: int, unit: str, until: datetime) -> Window:
    """
    Raises:
        RequestInvalidError: neither 1 hour nor 1, 7, 30 or 60 days.
    """
    seconds = interval * _UNITS.get(unit.lower(), 0)
    if seconds not in _BUCKETS:
        raise RequestInvalidError("time_interval and time_unit: 1 hour, or 1, 7, 30 or 60 days")
    return window_of(seconds, microseconds(until))


def window_of(seconds: int, until_us: int) -> Window:
    return Window(until_us - seconds * 1_000_000, until_us, _BUCKETS[seconds])

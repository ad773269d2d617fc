"""When a key ends: a number of hours, days or calendar months from its creation or regeneration."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scangate.errors import RequestInvalidError

Unit = Literal["hours", "days", "months"]


@dataclass(frozen=True, slots=True)
class Rotation:
    interval: int
    unit: Unit

    def ends(self, start: datetime) -> datetime:
        """
        Raises:
            RequestInvalidError: the end lies past the year 9999.
        """
        try:
            if self.unit == "hours":
                return start + timedelta(hours=self.interval)
            if self.unit == "days":
                return start + timedelta(days=self.interval)
            return _months_later(start, self.interval)
        except (OverflowError, ValueError):
            raise RequestInvalidError("rotation_time_interval: the expiration lies too far ahead") from None


def _months_later(start: datetime, months: int) -> datetime:
    """The same day of a later month, or that month's last day where it has no such day."""
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    return start.replace(year=year, month=month + 1, day=min(start.day, calendar.monthrange(year, month + 1)[1]))

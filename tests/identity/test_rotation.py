from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scangate.errors import RequestInvalidError
from scangate.identity.rotation import Rotation, Unit

START = datetime(2028, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("interval", "unit", "end"),
    [
        (1, "hours", datetime(2028, 1, 31, 13, tzinfo=UTC)),
        (1, "days", datetime(2028, 2, 1, 12, tzinfo=UTC)),
        (1, "months", datetime(2028, 2, 29, 12, tzinfo=UTC)),
        (12, "months", datetime(2029, 1, 31, 12, tzinfo=UTC)),
        (25, "months", datetime(2030, 2, 28, 12, tzinfo=UTC)),
    ],
)
def test_end_of_a_rotation(interval: int, unit: Unit, end: datetime) -> None:
    assert Rotation(interval, unit).ends(START) == end


@pytest.mark.parametrize("unit", ["hours", "days", "months"])
def test_an_end_that_no_calendar_knows_is_refused(unit: Unit) -> None:
    with pytest.raises(RequestInvalidError, match="rotation_time_interval"):
        Rotation(2**31 - 1, unit).ends(START)

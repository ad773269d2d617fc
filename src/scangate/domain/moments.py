"""Moments as they go over the wire, the same on both planes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_SECONDS_FRACTION: Final = len("2026-09-01T16:20:39.388749")


def timestamp(moment: datetime) -> str:
    """RFC 3339 with `Z`, as in `2026-09-01T16:20:39.388749Z`."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat('T', 'microseconds')[:_SECONDS_FRACTION]}Z"

"""Requests per minute and key, in memory. Fail mode: there is no dependency that could fail."""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from scangate.errors import LimitExceededError


class RateLimiter:
    """A moving window of one minute."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, *key: str) -> None:
        """
        Raises:
            LimitExceededError: with the seconds until the next request is welcome.
        """
        if not self._limiter.hit(self._item, *key):
            reset = self._limiter.get_window_stats(self._item, *key).reset_time
            raise LimitExceededError(retry_after_seconds=max(1, int(reset - time.time()) + 1))

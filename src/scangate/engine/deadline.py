"""How long a scan may take. Threads cannot be stopped from outside, so detectors ask at checkpoints."""

from __future__ import annotations

import time
from dataclasses import dataclass

from scangate.errors import DeadlineExceededError


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock, in seconds."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def check(self) -> None:
        """
        Raises:
            DeadlineExceededError: the time is up.
        """
        if time.monotonic() >= self.at:
            raise DeadlineExceededError

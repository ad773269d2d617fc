"""Whether what was read is still what the database says: asked once for everybody, beside the requests and not by them.

Every change of the management plane is in the audit log, in its own transaction; so the number of the log's newest entry stands for the
state of everything that scans depend on. A background task reads it every `EVERY_SECONDS`; caches then need no reads of their own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from scangate.errors import StorageUnavailableError

EVERY_SECONDS: Final = 0.35
SILENT_SECONDS: Final = 0.9
"""After so long without an answer nothing is vouched for any more."""
_NEVER: Final = float("-inf")


class ChangeWatch:
    """Moments are those of `time.monotonic()`."""

    def __init__(self, newest: Callable[[], Awaitable[int]]) -> None:
        self._newest = newest
        self._known: int | None = None
        self._changed_at = _NEVER
        self._asked_at = _NEVER
        self._stopped = asyncio.Event()

    @property
    def listens(self) -> bool:
        """Whether the database was asked a moment ago."""
        return time.monotonic() - self._asked_at < SILENT_SECONDS

    def is_unchanged_since(self, moment: float) -> bool:
        """Whether nothing was changed since a read that began at `moment`, as far as the last question tells."""
        return moment >= self._changed_at

    async def ask(self) -> None:
        """
        Raises:
            StorageUnavailableError: no answer.
        """
        began = time.monotonic()
        newest = await self._newest()
        if newest != self._known:
            self._known, self._changed_at = newest, began
        self._asked_at = began

    async def run(self) -> None:
        """Ask until `stop`. While the database cannot be read, caches fall back on their own time to live."""
        while not self._stopped.is_set():
            try:
                await self.ask()
            except StorageUnavailableError:
                self._known = None
            try:
                await asyncio.wait_for(self._stopped.wait(), EVERY_SECONDS)
            except TimeoutError:
                continue

    def stop(self) -> None:
        self._stopped.set()

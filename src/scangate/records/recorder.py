"""Writes records behind the answers: bounded, batched, by one writer. What was put and not lost is on disk after `flush()`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from scangate.errors import StorageUnavailableError
from scangate.telemetry import metrics

T = TypeVar("T")
log = structlog.get_logger(__name__)

BATCH_ROWS = 500
RETRY_SECONDS = 1.0


class Recorder(Generic[T]):
    """`put_nowait` never blocks; `run()` writes in the background; a failed batch stays first in line and is tried again.

    Fail mode: with `required`, `put_nowait` and `check` raise while the last write failed, so that no scan is answered that
    cannot be recorded; without, records beyond the bound are dropped and counted.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], Awaitable[None]], *, flush_ms: int, queue_rows: int, required: bool
    ) -> None:
        self._write = write
        self._flush_seconds = flush_ms / 1000
        self._queue_rows = queue_rows
        self._required = required
        self._waiting: deque[T] = deque()
        self._filled = asyncio.Event()
        self._writing = asyncio.Lock()
        self._healthy = True
        self._closing = False

    def check(self) -> None:
        """
        Raises:
            StorageUnavailableError: records are required and cannot be written now.
        """
        if self._required and (not self._healthy or len(self._waiting) >= self._queue_rows):
            raise StorageUnavailableError

    def put_nowait(self, record: T) -> None:
        """
        Raises:
            StorageUnavailableError: as `check`.
        """
        self.check()
        if len(self._waiting) >= self._queue_rows:
            metrics.RECORDS_LOST.inc()
            return
        self._waiting.append(record)
        self._filled.set()

    async def flush(self) -> None:
        """Write everything that waits.

        Raises:
            StorageUnavailableError: it cannot be written; it keeps waiting.
        """
        async with self._writing:
            while self._waiting:
                batch = [self._waiting[index] for index in range(min(BATCH_ROWS, len(self._waiting)))]
                try:
                    await self._write(batch)
                except StorageUnavailableError:
                    if self._healthy:
                        log.error("records.unavailable", waiting=len(self._waiting))
                    self._healthy = False
                    raise
                for _ in batch:
                    self._waiting.popleft()
                if not self._healthy:
                    log.info("records.available")
                self._healthy = True

    async def run(self) -> None:
        """Flush as records come in, until `close()`; while the storage fails, probe it once a second."""
        while not self._closing:
            await self._filled.wait()
            await asyncio.sleep(self._flush_seconds)
            self._filled.clear()
            try:
                await self.flush()
            except StorageUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)
                self._filled.set()

    async def close(self) -> None:
        """Write what waits and end `run()`.

        Raises:
            StorageUnavailableError: what waits cannot be written.
        """
        self._closing = True
        self._filled.set()
        await self.flush()

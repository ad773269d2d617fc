"""The worker inside the server process: takes jobs, renews their leases while a handler runs, gives back what failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from scangate.errors import ScangateError
from scangate.jobs.queue import Job, Queue
from scangate.telemetry import metrics

Handler = Callable[[Job], Awaitable[None]]
log = structlog.get_logger(__name__)

IDLE_SECONDS = 1.0
BACK_OFF_SECONDS = 2.0


class Worker:
    """`run()` until `stop()`; a job in progress is finished first, one that is queued stays queued."""

    def __init__(self, queue: Queue, handlers: Mapping[str, Handler], *, concurrency: int, lease_seconds: int) -> None:
        self._queue = queue
        self._handlers = handlers
        self._concurrency = concurrency
        self._lease_seconds = lease_seconds
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look for jobs now: one was just enqueued in this process."""
        self._woken.set()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._loop())

    async def _loop(self) -> None:
        while not self._stopping:
            try:
                job = await self._queue.take()
            except ScangateError as error:
                log.warning("jobs.unavailable", code=error.code)
                job = None
            if job is not None:
                await self._work(job)
                continue
            try:
                await asyncio.wait_for(self._woken.wait(), IDLE_SECONDS)
            except TimeoutError:
                continue
            if not self._stopping:
                self._woken.clear()

    async def _work(self, job: Job) -> None:
        """The job boundary: whatever a handler raises, the worker lives on and the job is tried again."""
        renewal = asyncio.ensure_future(self._renew(job))
        try:
            await self._handlers[job.kind](job)
            metrics.JOBS.labels(kind=job.kind, outcome="done").inc()
        except Exception as error:
            metrics.JOBS.labels(kind=job.kind, outcome="failed").inc()
            log.error("jobs.failed", kind=job.kind, job_id=job.job_id, attempts=job.attempts, error=type(error).__name__)
            await self._give_back(job)
        finally:
            renewal.cancel()

    async def _renew(self, job: Job) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                await self._queue.renew(job)
            except ScangateError as error:
                log.warning("jobs.unavailable", code=error.code)

    async def _give_back(self, job: Job) -> None:
        try:
            await self._queue.give_back(job, after_seconds=BACK_OFF_SECONDS * job.attempts)
        except ScangateError as error:
            log.warning("jobs.unavailable", code=error.code)

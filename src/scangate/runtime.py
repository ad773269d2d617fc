"""What a running process holds: built once in the lifespan, closed once, passed around; no globals."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from scangate.db.changes import ChangeWatch
from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.detectors.guard import shared_guard
from scangate.detectors.malicious_urls.detector import FEEDS_DIRECTORY
from scangate.detectors.malicious_urls.feed_store import FeedStore
from scangate.detectors.registry import REGISTRY
from scangate.errors import ProfileInvalidError, StorageUnavailableError
from scangate.identity.audit import newest_entry
from scangate.identity.service import Authenticator, Identity, tenant_of_installation
from scangate.identity.tokens import Tokens
from scangate.identity.usage import Meter, add_usage
from scangate.jobs.queue import Queue
from scangate.jobs.worker import Worker
from scangate.profiles.pepper import pepper_of
from scangate.profiles.service import Profiles
from scangate.profiles.topic_reviews import TopicReviews
from scangate.profiles.topics import Topics
from scangate.records.entry import LogEntry
from scangate.records.forwarding.forwarder import Forwarder
from scangate.records.recorder import Recorder
from scangate.records.service import ScanLog
from scangate.scans import repository
from scangate.scans.admission import COUNTS_FILE, Admission, SharedCounts
from scangate.scans.refusals import Refusals
from scangate.scans.repository import ScanRecord
from scangate.scans.service import JOB_KIND, Scans, usage_of
from scangate.settings import Settings
from scangate.telemetry import metrics, observation
from scangate.web.ratelimit import RateLimiter

_YOUNG_OBJECTS = 20_000
"""A scan makes thousands of short-lived objects and no cycles: the collector need not look after every 700 of them."""
_WARM_PROFILES = 100
"""Profiles that are compiled before the first scan. One more takes milliseconds; ten thousand would take the start hostage."""
_SWITCH_SECONDS = 0.001
"""Scans of large texts hold the interpreter lock in threads; a short turn keeps small requests beside them quick."""


@dataclass(slots=True)
class Runtime:
    settings: Settings
    database: Database
    identity: Identity
    profiles: Profiles
    topics: Topics
    topic_reviews: TopicReviews
    recorder: Recorder[ScanRecord | LogEntry]
    scan_log: ScanLog
    scans: Scans
    queue: Queue
    worker: Worker
    query_limiter: RateLimiter
    login_limiter: RateLimiter
    refusals: Refusals
    warm: bool = False
    feed_names: set[str] = field(default_factory=set)
    """URL feeds that the metrics have told of: one that was removed has no entries any more."""

    async def warm_up(self) -> None:
        """Compile the profiles' newest revisions, so that the first scan under one pays for nothing."""
        tsg_id = await tenant_of_installation(self.database)
        for revision in await self.profiles.list_latest(tsg_id, limit=_WARM_PROFILES):
            with suppress(ProfileInvalidError):  # a broken stored document concerns the scans that name it
                await self.profiles.plan(tsg_id, profile_id=revision.profile_id, profile_name=None)
        _settle()
        self.warm = True

    async def ready(self) -> bool:
        """Warm, and the database answers and takes records."""
        if not self.warm:
            return False
        try:
            self.recorder.check()
            metrics.QUEUE_DEPTH.set(await self.queue.depth())
        except StorageUnavailableError:
            return False
        return True

    async def count_feeds(self) -> None:
        """Bring the metrics of the URL feeds up to date with the feeds folder."""
        store = FeedStore(self.settings.data_dir / FEEDS_DIRECTORY)
        found = {status.record.name: status for status in await asyncio.to_thread(store.inventory)}
        for name in self.feed_names - found.keys():
            observation.feed_counted(name, 0, None)
        for name, status in found.items():
            observation.feed_counted(name, 0 if status.problem else status.record.entries, status.fetched_seconds)
        self.feed_names |= found.keys()


def _settle() -> None:
    """What is there now stays until the end: take it out of the collector's rounds, and make these rarer. What loading needed on its
    way is given back, where the C library is one that keeps it."""
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    gc.enable()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)


def _writer(database: Database, scan_log: ScanLog, meter: Meter) -> Callable[[Sequence[ScanRecord | LogEntry]], Awaitable[None]]:
    """What the recorder calls with each batch: scans, log and quotas in one transaction."""

    async def write(records: Sequence[ScanRecord | LogEntry]) -> None:
        finished = [record for record in records if isinstance(record, ScanRecord)]
        entries = [record.entry if isinstance(record, ScanRecord) else record for record in records]
        usage = usage_of(finished)
        async with database.write() as connection:
            if finished:
                await repository.insert_scans(connection, finished)
            await scan_log.write(connection, [entry for entry in entries if entry is not None])
            await add_usage(connection, usage)
        meter.written(usage)

    return write


@asynccontextmanager
async def open_runtime(settings: Settings, *, releases_jobs: bool) -> AsyncIterator[Runtime]:
    """Everything running, until the block ends: then requests' records are written and the job in progress is finished."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    database = Database(settings.database_url, busy_seconds=settings.database.busy_seconds, max_pages=settings.database.max_pages)
    executor = ThreadPoolExecutor(settings.limits.concurrent_large_scans, thread_name_prefix="scan")

    meter = Meter(database)

    scan_log = ScanLog(database, repository.delete_finished)
    forwarder = Forwarder(database, settings.forwarding)

    recorder: Recorder[ScanRecord | LogEntry] = Recorder(
        _writer(database, scan_log, meter),
        flush_ms=settings.records.flush_ms,
        queue_rows=settings.records.queue_rows,
        required=settings.records.required,
    )
    resources = Resources(data_dir=settings.data_dir, max_urls=settings.limits.urls, own_models=settings.own_models)
    executor.submit(shared_guard, resources)  # beside everything else; where it fails, the warm-up says so
    watch = ChangeWatch(lambda: newest_entry(database))
    profiles = Profiles(database, REGISTRY, resources, pepper_of(settings), watch=watch)
    shared = SharedCounts(settings.data_dir / COUNTS_FILE, settings.server.workers) if settings.server.workers > 1 else None
    admission = Admission(
        per_tenant=settings.limits.concurrent_scans, per_process=settings.limits.concurrent_scans_per_process, shared=shared
    )
    scans = Scans(database, profiles, recorder, scan_log, executor, settings.limits, meter, admission)
    queue = Queue(database, lease_seconds=settings.jobs.lease_seconds)
    worker = Worker(
        queue, {JOB_KIND: scans.run_job}, concurrency=settings.jobs.concurrency, lease_seconds=settings.jobs.lease_seconds
    )
    limiter = RateLimiter(settings.limits.queries_per_minute)
    tokens = Tokens(database, key_days=settings.identity.signing_key_days)
    identity = Identity(database, tokens, Authenticator(database, tokens, watch), settings.identity)
    logins = RateLimiter(settings.identity.logins_per_minute)
    refusals = Refusals(recorder, identity.authenticator, settings.records.rejected_per_minute)
    topics = Topics(database, on_change=profiles.forget_all)
    runtime = Runtime(
        settings,
        database,
        identity,
        profiles,
        topics,
        TopicReviews(topics, resources),
        recorder,
        scan_log,
        scans,
        queue,
        worker,
        limiter,
        logins,
        refusals,
    )
    try:
        await runtime.warm_up()
        await scan_log.refresh()
        await forwarder.prepare(release=releases_jobs)
        if releases_jobs:
            await queue.release_all()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch.run())
            tasks.create_task(recorder.run())
            tasks.create_task(worker.run())
            tasks.create_task(scan_log.run())
            tasks.create_task(forwarder.run())
            try:
                yield runtime
            finally:
                watch.stop()
                worker.stop()
                scan_log.stop()
                forwarder.stop()
                with suppress(StorageUnavailableError):
                    await recorder.close()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        if shared is not None:
            shared.close()
        await database.close()

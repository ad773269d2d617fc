"""The scan log's service: entries for the scan plane, pages for operators, tenants' settings, and the end of what is too old."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.domain.verdict import Verdict
from scangate.engine.plan import ScanPlan
from scangate.errors import NotFoundError, RequestInvalidError
from scangate.identity import audit
from scangate.identity.labels import labels_of
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.records import repository, rollups
from scangate.records.entry import Caller, Circumstances, ContentStorage, LogEntry, microseconds, scanned
from scangate.records.repository import Position, TenantSettings
from scangate.records.rollup_tables import FINE_GRAIN, HOUR_GRAIN
from scangate.records.windows import Window, window_of
from scangate.records.wire import JsonObject, log_document

REFRESH_SECONDS: Final = 1.0
SUM_UP_SECONDS: Final = 2.0
SUM_UP_ROWS: Final = 2000
"""Rows of the log that one transaction sums up."""
RETENTION_SECONDS: Final = 600.0
BATCH_ROWS: Final = 500
"""Rows that one transaction of the retention deletes: scans must not wait for it."""
PAUSE_SECONDS: Final = 0.05
RETENTION_DAYS_MAX: Final = 3650
NOBODY_DAYS: Final = 7
"""How long refused requests are kept of which nobody knows whose they are: anybody can send those."""
log = structlog.get_logger(__name__)

DeleteScans = Callable[[AsyncConnection, str, datetime, int], Awaitable[int]]
"""(connection, tenant, before, at most) to how many: what the scan plane keeps of finished scans."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log, newest first; `totals` are those of the whole window as `count_by_category` gives them."""

    entries: Sequence[LogEntry]
    totals: dict[str, tuple[int, int]]
    page_token: str | None
    """Continues behind the last entry; None on the last page."""


class ScanLog:
    """One per process. `entry` runs behind every scan and reads tenants' settings from memory: a change by another process holds
    after `REFRESH_SECONDS`."""

    def __init__(self, database: Database, delete_scans: DeleteScans) -> None:
        self.database = database
        self._delete_scans = delete_scans
        self._storage: dict[str, ContentStorage] = {}
        self._stopped = asyncio.Event()
        self._summing = asyncio.Lock()

    def entry(self, caller: Caller, about: Circumstances, plan: ScanPlan, verdict: Verdict, completed: datetime) -> LogEntry:
        return scanned(caller, about, plan, verdict, completed, self._storage.get(caller.tsg_id, ContentStorage.NONE))

    async def write(self, connection: AsyncConnection, entries: Sequence[LogEntry]) -> None:
        """In the transaction of the scans themselves."""
        await repository.insert_entries(connection, entries)

    async def refresh(self) -> None:
        """Read tenants' settings.

        Raises:
            StorageUnavailableError: those of before stay.
        """
        async with self.database.read() as connection:
            found = await repository.list_settings(connection)
        self._storage = {settings.tsg_id: settings.content_storage for settings in found}

    async def run(self) -> None:
        """Keep the settings fresh, sum the log up and delete what is too old, until `stop()`."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(self.sum_up, SUM_UP_SECONDS))
            tasks.create_task(self._repeat(self.refresh, REFRESH_SECONDS))
            tasks.create_task(self._repeat(self.apply_retention, RETENTION_SECONDS))

    async def sum_up(self) -> None:
        """All that is in the log now, for dashboards. Between stretches of a long one others may write.

        Raises:
            StorageUnavailableError: the rest will be summed up the next time.
        """
        async with self._summing:
            async with self.database.read() as connection:
                last = await repository.last_log_id(connection)
                reached = await rollups.progress(connection)
            while reached < last and not self._stopped.is_set():
                async with self.database.write() as connection:
                    reached = await rollups.advance(connection, rows=SUM_UP_ROWS)
                await asyncio.sleep(0 if last - reached < SUM_UP_ROWS else PAUSE_SECONDS)

    def stop(self) -> None:
        self._stopped.set()

    async def _repeat(self, work: Callable[[], Awaitable[object]], seconds: float) -> None:
        while not self._stopped.is_set():
            try:
                await work()
            except Exception as error:  # the boundary of a task that must outlive a database that does not
                log.warning("scan_log.failed", error=type(error).__name__)
            await self._pause(seconds)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return

    async def page(
        self, tsg_id: str, span: Window, *, category: str | None, token: str | None, offset: int, limit: int
    ) -> LogPage:
        """
        Args:
            token: of the page before; it also holds the window, so that what comes in meanwhile shifts nothing, and the totals,
                which are counted once.
            offset: rows to leave out, where there is no token.

        Raises:
            RequestInvalidError: the token is none of this server's.
        """
        after = totals = None
        if token:
            until_us, after, totals = _position(token)
            span = window_of((span.until_us - span.since_us) // 1_000_000, until_us)
        async with self.database.read() as connection:
            found = await repository.list_entries(
                connection, tsg_id, span.since_us, span.until_us, category=category, after=after,
                offset=0 if after else offset, limit=limit + 1,
            )  # fmt: skip
            if totals is None:
                totals = await repository.count_by_category(connection, tsg_id, span.since_us, span.until_us)
        entries = found[:limit]
        return LogPage(entries, totals, _token(span.until_us, entries[-1], totals) if len(found) > limit else None)

    async def documents(self, tsg_id: str, entries: Sequence[LogEntry]) -> list[JsonObject]:
        """Entries of one tenant as the API gives them."""
        async with self.database.read() as connection:
            labels = await labels_of(
                connection, tsg_id, (entry.application_id for entry in entries), (entry.api_key_id for entry in entries)
            )
        return [log_document(entry, labels) for entry in entries]

    async def everything(self, tsg_id: str, since: datetime, until: datetime, category: str | None) -> AsyncIterator[JsonObject]:
        """All documents of `[since, until)`, newest first; read in batches, so that it may be a million."""
        after = None
        while True:
            async with self.database.read() as connection:
                found = await repository.list_entries(
                    connection, tsg_id, microseconds(since), microseconds(until), category=category, after=after, limit=BATCH_ROWS
                )
            for document in await self.documents(tsg_id, found):
                yield document
            if len(found) < BATCH_ROWS:
                return
            after = Position(found[-1].received_us, found[-1].log_id)

    async def read_content(self, operator: Operator, scan_id: str, req_id: int) -> tuple[LogEntry, dict[str, Any] | None]:
        """An item, and its texts by the field that they came in; None where none were stored. That they were read is audited.

        Raises:
            NotFoundError: this tenant has no such item.
        """
        async with self.database.read() as connection:
            found = await repository.find_item(connection, operator.tsg_id, scan_id, req_id)
            if found is None:
                raise NotFoundError
            content = await repository.find_content(connection, operator.tsg_id, scan_id, found.item)
        if content is None:
            return found, None
        async with self.database.write() as connection:
            await audit.record(connection, operator, Verb.READ, Entity.SCAN_LOG, f"content {scan_id} {req_id}")
        return found, orjson.loads(content)

    async def settings(self, tsg_id: str) -> TenantSettings:
        async with self.database.read() as connection:
            return await repository.find_settings(connection, tsg_id)

    async def change_settings(
        self, operator: Operator, *, content_storage: ContentStorage | None, retention_days: int | None
    ) -> TenantSettings:
        """What is None stays as it is.

        Raises:
            RequestInvalidError: days out of bounds.
        """
        if retention_days is not None and not 1 <= retention_days <= RETENTION_DAYS_MAX:
            raise RequestInvalidError(f"retention_days: 1 to {RETENTION_DAYS_MAX}")
        async with self.database.write() as connection:
            before = await repository.find_settings(connection, operator.tsg_id)
            after = TenantSettings(
                operator.tsg_id, content_storage or before.content_storage, retention_days or before.retention_days
            )
            await repository.put_settings(connection, after, operator.subject, datetime.now(UTC))
            await audit.record(
                connection, operator, Verb.UPDATE, Entity.SCAN_LOG, "settings", before=asdict(before), after=asdict(after)
            )
        self._storage[operator.tsg_id] = after.content_storage
        return after

    async def apply_retention(self, only: str | None = None) -> int:
        """Delete what is older than its tenant keeps: log, content, results and reports. Returns rows of the log.

        Args:
            only: a tenant; by default all of them.

        Raises:
            StorageUnavailableError: what was not deleted will be the next time.
        """
        async with self.database.read() as connection:
            tenants = [only] if only is not None else [repository.NOBODY, *await repository.list_tenants(connection)]
            settings = {found.tsg_id: found for found in await repository.list_settings(connection)}
        deleted = 0
        for tsg_id in tenants:
            days = settings.get(tsg_id, TenantSettings(tsg_id)).retention_days if tsg_id else NOBODY_DAYS
            deleted += await self._delete_before(tsg_id, _full_hour(datetime.now(UTC) - timedelta(days=days)))
        return deleted

    async def _delete_before(self, tsg_id: str, before: datetime) -> int:
        """Dashboards first, so that they count whole hours only; the log last: a tenant without a log is not looked at again."""
        before_us = microseconds(before)
        now_us = microseconds(datetime.now(UTC))
        floor_us = max(before_us, microseconds(_full_hour(datetime.now(UTC) - timedelta(seconds=rollups.LONGEST_SECONDS))))
        async with self.database.write() as connection:
            await rollups.raise_floor(connection, tsg_id, floor_us)
        fine_us = max(floor_us, now_us - rollups.FINE_SECONDS * rollups.SECOND_US)
        batches: tuple[Callable[[AsyncConnection], Awaitable[int]], ...] = (
            lambda connection: rollups.delete_slots(connection, tsg_id, HOUR_GRAIN, floor_us, limit=BATCH_ROWS),
            lambda connection: rollups.delete_slots(connection, tsg_id, FINE_GRAIN, fine_us, limit=BATCH_ROWS),
            lambda connection: rollups.delete_heads(connection, tsg_id, floor_us, limit=BATCH_ROWS),
            lambda connection: self._delete_scans(connection, tsg_id, before, BATCH_ROWS),
            lambda connection: repository.delete_contents(connection, tsg_id, before_us, limit=BATCH_ROWS),
            lambda connection: repository.delete_entries(connection, tsg_id, before_us, limit=BATCH_ROWS),
        )
        rows = 0
        for delete in batches:
            rows = 0
            while not self._stopped.is_set():
                async with self.database.write() as connection:
                    count = await delete(connection)
                rows += count
                if count < BATCH_ROWS:
                    break
                await self._pause(PAUSE_SECONDS)
        return rows


def _full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


Totals = dict[str, tuple[int, int]]


def _token(until_us: int, last: LogEntry, totals: Totals) -> str:
    counts = (number for category in repository.CATEGORIES for number in totals.get(category, (0, 0)))
    numbers = (until_us, last.received_us, last.log_id, *counts)
    return base64.urlsafe_b64encode(".".join(map(str, numbers)).encode()).decode()


def _position(token: str) -> tuple[int, Position, Totals]:
    """What a client makes of a token of its own shows it nothing but its tenant's rows, and counts that it made up itself."""
    try:
        numbers = [int(part) for part in base64.urlsafe_b64decode(token.encode()).decode().split(".")]
        if len(numbers) != 3 + 2 * len(repository.CATEGORIES) or not all(0 <= number < 2**63 for number in numbers):
            raise ValueError
    except (ValueError, binascii.Error):
        raise RequestInvalidError("page_token: not one of this server") from None
    until_us, received_us, log_id, *counts = numbers
    totals = {category: (counts[2 * i], counts[2 * i + 1]) for i, category in enumerate(repository.CATEGORIES)}
    return until_us, Position(received_us, log_id), totals

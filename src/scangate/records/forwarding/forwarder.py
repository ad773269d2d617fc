"""Forwarding of the scan log: each target has a cursor in the database and gets everything behind it, at least once.

A cursor moves after the target has taken a batch: a crash in between sends that batch again and loses nothing. One process at a
time forwards to a target, under a lease on its cursor. What a target has not taken when its retention is over is lost to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from scangate.db.engine import Database
from scangate.domain.ids import new_id
from scangate.identity.labels import Labels, labels_of
from scangate.records import repository
from scangate.records.entry import LogEntry, microseconds
from scangate.records.forwarding.file import FileTarget
from scangate.records.forwarding.syslog import SyslogTarget
from scangate.records.forwarding.target import DeliveryError, Event, Target, event_of
from scangate.records.forwarding.webhook import WebhookTarget
from scangate.settings import ForwardingSettings
from scangate.telemetry import metrics

FIRST_BACK_OFF_SECONDS: Final = 1.0
log = structlog.get_logger(__name__)


def targets_of(settings: ForwardingSettings) -> list[Target]:
    """
    Raises:
        ConfigurationError: an address is none.
    """
    targets: list[Target] = []
    if settings.file is not None:
        targets.append(FileTarget(settings.file))
    if settings.syslog is not None:
        targets.append(SyslogTarget(settings.syslog, timeout_seconds=settings.timeout_seconds))
    if settings.webhook is not None and settings.webhook_secret is not None:
        secret = settings.webhook_secret.get_secret_value()
        targets.append(WebhookTarget(settings.webhook, secret, timeout_seconds=settings.timeout_seconds))
    return targets


class Forwarder:
    """One per process. `prepare` before anything is scanned: a new target gets what comes from then on."""

    def __init__(self, database: Database, settings: ForwardingSettings) -> None:
        self._database = database
        self._settings = settings
        self._targets = targets_of(settings)
        self._owner = new_id()
        self._lease_us = (2 * settings.timeout_seconds + 10) * 1_000_000
        self._stopped = asyncio.Event()

    async def prepare(self, *, release: bool) -> None:
        """
        Args:
            release: no other process of this installation is alive, whatever the leases say.

        Raises:
            StorageUnavailableError: nothing is prepared.
        """
        if not self._targets:
            return
        async with self._database.write() as connection:
            for target in self._targets:
                if not await repository.cursor_exists(connection, target.name):
                    await repository.create_cursor(connection, target.name, await repository.last_log_id(connection))
            if release:
                await repository.release_cursors(connection)

    async def run(self) -> None:
        """Until `stop()`; a batch on its way is finished."""
        async with asyncio.TaskGroup() as tasks:
            for target in self._targets:
                tasks.create_task(self._forward(target))

    def stop(self) -> None:
        self._stopped.set()

    async def _forward(self, target: Target) -> None:
        back_off = 0.0
        while not self._stopped.is_set():
            pause = float(self._settings.poll_seconds)
            try:
                if await self._batch(target):
                    pause = 0.0
                back_off = 0.0
            except Exception as error:  # the boundary of a task that must outlive whatever a target does
                cause = str(error) if isinstance(error, DeliveryError) else type(error).__name__
                if not back_off:
                    log.warning("forwarding.failed", target=target.name, cause=cause)
                metrics.FORWARDED.labels(target=target.name, outcome="failed").inc()
                back_off = min(max(FIRST_BACK_OFF_SECONDS, back_off * 2), float(self._settings.back_off_seconds))
                pause = back_off
            await self._pause(pause)
        await target.close()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return

    async def _batch(self, target: Target) -> bool:
        """Whether there may be more at once.

        Raises:
            DeliveryError: the cursor stays.
            StorageUnavailableError: the cursor stays, whatever has arrived.
        """
        async with self._database.read() as connection:
            cursor = await repository.find_cursor(connection, target.name)
            entries = await repository.entries_behind(connection, cursor, limit=self._settings.batch_rows)
            labels = {
                tsg_id: await labels_of(
                    connection,
                    tsg_id,
                    (entry.application_id for entry in entries if entry.tsg_id == tsg_id),
                    (entry.api_key_id for entry in entries if entry.tsg_id == tsg_id),
                )
                for tsg_id in {entry.tsg_id for entry in entries}
            }
        if not entries:
            return False
        now = microseconds(datetime.now(UTC))
        async with self._database.write() as connection:
            leased = await repository.lease_cursor(connection, target.name, self._owner, now, now + self._lease_us)
        if leased != cursor:
            return False  # another process forwards, or has just done so
        await target.send(_events(entries, labels))
        until = microseconds(datetime.now(UTC)) + self._lease_us
        async with self._database.write() as connection:
            await repository.move_cursor(connection, target.name, self._owner, entries[-1].log_id, until)
        metrics.FORWARDED.labels(target=target.name, outcome="sent").inc(len(entries))
        return len(entries) == self._settings.batch_rows


def _events(entries: Sequence[LogEntry], labels: dict[str, Labels]) -> list[Event]:
    return [event_of(entry, labels[entry.tsg_id]) for entry in entries]

"""The embedded queue: jobs are rows, enqueued in the transaction that stores what they are about.

At least once: a job whose worker dies is taken again when its lease ends. A handler makes that "exactly once in the results"
by writing its result and calling `complete` in one transaction; `complete` refuses a worker whose lease was lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.domain.ids import new_id
from scangate.jobs.tables import JobRow


@dataclass(frozen=True, slots=True)
class Job:
    """A job in the hands of one worker, until `lease` is lost."""

    job_id: int
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    lease: str


async def enqueue(connection: AsyncConnection, kind: str, payloads: Sequence[Mapping[str, Any]]) -> None:
    """Add jobs to the caller's transaction."""
    now = datetime.now(UTC)
    await connection.execute(
        insert(JobRow),
        [{"kind": kind, "payload": dict(payload), "attempts": 0, "available_at": now, "dead": False} for payload in payloads],
    )


async def complete(connection: AsyncConnection, job: Job) -> bool:
    """Remove a job in the caller's transaction; False when the lease was lost, and then the caller must roll back."""
    result = await connection.execute(delete(JobRow).where(JobRow.job_id == job.job_id, JobRow.lease == job.lease))
    return result.rowcount == 1


class Queue:
    """Taking jobs and giving them back."""

    def __init__(self, database: Database, *, lease_seconds: int) -> None:
        self._database = database
        self._lease_seconds = lease_seconds

    async def take(self) -> Job | None:
        """The job that has waited longest, under a new lease; None when nothing is due."""
        async with self._database.read() as connection:
            if await connection.scalar(select(JobRow.job_id).where(_due()).limit(1)) is None:
                return None
        lease = new_id()
        async with self._database.write() as connection:
            chosen = select(JobRow.job_id).where(_due()).order_by(JobRow.available_at, JobRow.job_id).limit(1).scalar_subquery()
            row = (
                await connection.execute(
                    update(JobRow)
                    .where(JobRow.job_id == chosen)
                    .values(
                        lease=lease,
                        attempts=JobRow.attempts + 1,
                        available_at=datetime.now(UTC) + timedelta(seconds=self._lease_seconds),
                    )
                    .returning(JobRow.job_id, JobRow.kind, JobRow.payload, JobRow.attempts)
                )
            ).first()
        return Job(row.job_id, row.kind, row.payload, row.attempts, lease) if row else None

    async def renew(self, job: Job) -> None:
        """Extend the lease; a no-op when it was lost."""
        async with self._database.write() as connection:
            await connection.execute(
                update(JobRow)
                .where(JobRow.job_id == job.job_id, JobRow.lease == job.lease)
                .values(available_at=datetime.now(UTC) + timedelta(seconds=self._lease_seconds))
            )

    async def give_back(self, job: Job, *, after_seconds: float) -> None:
        """Let another try, later."""
        async with self._database.write() as connection:
            await connection.execute(
                update(JobRow)
                .where(JobRow.job_id == job.job_id, JobRow.lease == job.lease)
                .values(lease=None, available_at=datetime.now(UTC) + timedelta(seconds=after_seconds))
            )

    async def release_all(self) -> None:
        """Drop every lease: at start-up no worker of this installation is alive, whatever the rows say."""
        async with self._database.write() as connection:
            await connection.execute(
                update(JobRow).where(JobRow.lease.is_not(None)).values(lease=None, available_at=datetime.now(UTC))
            )

    async def depth(self) -> int:
        """Jobs that wait or are being worked on."""
        async with self._database.read() as connection:
            return await connection.scalar(select(func.count()).select_from(JobRow).where(JobRow.dead.is_(False))) or 0


def _due() -> Any:
    return (JobRow.dead.is_(False)) & (JobRow.available_at <= datetime.now(UTC))

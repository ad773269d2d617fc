"""The audit log: who did what, from where, and what changed. Written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.identity.tables import AuditRow

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    audit_id: int
    at: datetime
    actor: str
    remote: str
    action: str
    entity: str
    entity_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


async def record(
    connection: AsyncConnection,
    operator: Operator,
    verb: Verb | str,
    entity: Entity,
    entity_id: str,
    *,
    before: Document | None = None,
    after: Document | None = None,
) -> None:
    """Call it inside the change's own transaction, so that neither is there without the other. No secrets in the documents."""
    await connection.execute(
        insert(AuditRow).values(
            tsg_id=operator.tsg_id,
            at=datetime.now(UTC),
            actor=operator.subject,
            remote=operator.remote,
            action=str(verb),
            entity=str(entity),
            entity_id=entity_id,
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
        )
    )


async def list_entries(connection: AsyncConnection, tsg_id: str, *, offset: int, limit: int) -> list[AuditEntry]:
    """Newest first."""
    row = AuditRow
    query = (
        select(row.audit_id, row.at, row.actor, row.remote, row.action, row.entity, row.entity_id, row.before, row.after)
        .where(row.tsg_id == tsg_id)
        .order_by(row.audit_id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [AuditEntry(*found) for found in (await connection.execute(query)).all()]


async def newest_entry(database: Database) -> int:
    """The number of the newest entry of any tenant, 0 for none: another number means that something was changed."""
    async with database.read() as connection:
        return int(await connection.scalar(select(func.max(AuditRow.audit_id))) or 0)


async def count_entries(connection: AsyncConnection, tsg_id: str) -> int:
    return int(await connection.scalar(select(func.count()).select_from(AuditRow).where(AuditRow.tsg_id == tsg_id)) or 0)

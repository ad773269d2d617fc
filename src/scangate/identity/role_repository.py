"""Every query of the management plane on custom roles and service accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity.tables import RoleRow, ServiceAccountRow


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Account:
    """A service account as it may be shown."""

    client_id: str
    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None
    previous_secret_until: datetime | None = None


async def list_roles(connection: AsyncConnection, tsg_id: str, *, offset: int, limit: int) -> list[Role]:
    query = select(RoleRow.name, RoleRow.permissions).where(RoleRow.tsg_id == tsg_id).order_by(RoleRow.name)
    found = (await connection.execute(query.offset(offset).limit(limit))).all()
    return [Role(name, frozenset(permissions)) for name, permissions in found]


async def find_role(connection: AsyncConnection, tsg_id: str, name: str) -> Role | None:
    query = select(RoleRow.name, RoleRow.permissions).where(RoleRow.tsg_id == tsg_id, RoleRow.name == name)
    found = (await connection.execute(query)).first()
    return Role(found[0], frozenset(found[1])) if found else None


async def insert_role(
    connection: AsyncConnection, tsg_id: str, name: str, permissions: Sequence[str], created_at: datetime
) -> None:
    values = {"tsg_id": tsg_id, "name": name, "permissions": list(permissions), "created_at": created_at}
    await connection.execute(insert(RoleRow).values(**values))


async def update_role(connection: AsyncConnection, tsg_id: str, name: str, permissions: Sequence[str]) -> None:
    await connection.execute(
        update(RoleRow).where(RoleRow.tsg_id == tsg_id, RoleRow.name == name).values(permissions=list(permissions))
    )


async def delete_role(connection: AsyncConnection, tsg_id: str, name: str) -> None:
    await connection.execute(delete(RoleRow).where(RoleRow.tsg_id == tsg_id, RoleRow.name == name))


def _accounts(tsg_id: str) -> Select[*tuple[Any, ...]]:
    row = ServiceAccountRow
    return select(row.client_id, row.name, row.role, row.created_at, row.disabled_at, row.previous_secret_until).where(
        row.tsg_id == tsg_id
    )


async def list_accounts(connection: AsyncConnection, tsg_id: str, *, offset: int, limit: int | None) -> list[Account]:
    """Oldest first."""
    row = ServiceAccountRow
    query = _accounts(tsg_id).order_by(row.created_at, row.client_id).offset(offset).limit(limit)
    return [Account(*found) for found in (await connection.execute(query)).all()]


async def find_account(connection: AsyncConnection, tsg_id: str, client_id: str) -> Account | None:
    found = (await connection.execute(_accounts(tsg_id).where(ServiceAccountRow.client_id == client_id))).first()
    return Account(*found) if found else None


async def accounts_with_role(connection: AsyncConnection, tsg_id: str, role: str, *, limit: int) -> list[Account]:
    """Those that are not disabled, oldest first."""
    row = ServiceAccountRow
    query = _accounts(tsg_id).where(row.role == role, row.disabled_at.is_(None)).order_by(row.created_at).limit(limit)
    return [Account(*found) for found in (await connection.execute(query)).all()]


async def count_enabled(connection: AsyncConnection, tsg_id: str, role: str) -> int:
    row = ServiceAccountRow
    query = select(func.count()).select_from(row).where(row.tsg_id == tsg_id, row.role == role, row.disabled_at.is_(None))
    return int(await connection.scalar(query) or 0)


async def disable_account(connection: AsyncConnection, tsg_id: str, client_id: str, at: datetime) -> None:
    row = ServiceAccountRow
    await connection.execute(update(row).where(row.tsg_id == tsg_id, row.client_id == client_id).values(disabled_at=at))


async def rotate_secret(
    connection: AsyncConnection, tsg_id: str, client_id: str, secret_hash: str, *, old_until: datetime | None
) -> None:
    """The secret of now becomes the one before; the one that was that before ends."""
    row = ServiceAccountRow
    await connection.execute(
        update(row)
        .where(row.tsg_id == tsg_id, row.client_id == client_id)
        .values(
            previous_secret_hash=row.secret_hash if old_until is not None else None,
            previous_secret_until=old_until,
            secret_hash=secret_hash,
        )
    )

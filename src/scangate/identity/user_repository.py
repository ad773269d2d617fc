"""Every query on users, who log in with passwords."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity.tables import UserRow


@dataclass(frozen=True, slots=True)
class User:
    """`password_hash` is for those who verify only; it is never shown."""

    user_id: str
    tsg_id: str
    email: str
    name: str
    role: str
    password_hash: str
    password_number: int
    failed_logins: int
    locked_until: datetime | None
    last_login_at: datetime | None
    disabled_at: datetime | None
    created_at: datetime

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and self.locked_until > now

    def status(self, now: datetime) -> str:
        if self.disabled_at is not None:
            return "disabled"
        return "locked" if self.is_locked(now) else "active"


def _users(tsg_id: str) -> Select[*tuple[Any, ...]]:
    return _everybody().where(UserRow.tsg_id == tsg_id)


def _everybody() -> Select[*tuple[Any, ...]]:
    row = UserRow
    return select(
        row.user_id, row.tsg_id, row.email, row.name, row.role, row.password_hash, row.password_number, row.failed_logins,
        row.locked_until, row.last_login_at, row.disabled_at, row.created_at,
    )  # fmt: skip


async def list_users(connection: AsyncConnection, tsg_id: str, *, offset: int, limit: int | None) -> list[User]:
    """By their e-mail addresses."""
    query = _users(tsg_id).order_by(UserRow.email).offset(offset).limit(limit)
    return [User(*found) for found in (await connection.execute(query)).all()]


async def find_user(connection: AsyncConnection, tsg_id: str, user_id: str) -> User | None:
    found = (await connection.execute(_users(tsg_id).where(UserRow.user_id == user_id))).first()
    return User(*found) if found else None


async def find_by_email(connection: AsyncConnection, tsg_id: str, email: str) -> User | None:
    found = (await connection.execute(_users(tsg_id).where(UserRow.email == email))).first()
    return User(*found) if found else None


async def find_subject(connection: AsyncConnection, user_id: str) -> User | None:
    """Of whatever tenant: whose access token this is. Not one who is disabled."""
    found = (await connection.execute(_everybody().where(UserRow.user_id == user_id, UserRow.disabled_at.is_(None)))).first()
    return User(*found) if found else None


async def users_with_role(connection: AsyncConnection, tsg_id: str, role: str, *, limit: int) -> list[User]:
    """Those who are not disabled."""
    query = _users(tsg_id).where(UserRow.role == role, UserRow.disabled_at.is_(None)).order_by(UserRow.email).limit(limit)
    return [User(*found) for found in (await connection.execute(query)).all()]


async def count_enabled(connection: AsyncConnection, tsg_id: str, role: str) -> int:
    row = UserRow
    query = select(func.count()).select_from(row).where(row.tsg_id == tsg_id, row.role == role, row.disabled_at.is_(None))
    return int(await connection.scalar(query) or 0)


async def insert_user(connection: AsyncConnection, user: User) -> None:
    await connection.execute(insert(UserRow).values(**{name: getattr(user, name) for name in User.__dataclass_fields__}))


async def update_user(connection: AsyncConnection, tsg_id: str, user_id: str, **values: Any) -> None:
    row = UserRow
    await connection.execute(update(row).where(row.tsg_id == tsg_id, row.user_id == user_id).values(**values))

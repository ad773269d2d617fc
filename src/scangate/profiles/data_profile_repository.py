"""Every query on tenants' own data profiles."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.profiles.data_profile_tables import (
    DataProfileImportRow,
    DataProfileKeyRow,
    DataProfileRow,
    ProfileDataProfileRow,
)
from scangate.profiles.tables import SecurityProfileRow


@dataclass(frozen=True, slots=True)
class StoredDataProfile:
    """An own data profile as it is now; its id stays the same from revision to revision."""

    data_profile_id: str
    tsg_id: str
    data_profile_name: str
    revision: int
    document: dict[str, Any]
    created_by: str
    updated_by: str
    created_at: datetime
    last_modified_at: datetime


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What was imported, without its hashes: `size` values or words; `name` is "" for values."""

    data_profile_id: str
    pattern: str
    name: str
    kind: str
    size: int
    updated_by: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StoredImport:
    """With its hashes."""

    pattern: str
    name: str
    kind: str
    size: int
    shape: dict[str, Any]
    hashes: bytes
    heads: bytes


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A tenant's half of the key of its hashes, and which pepper is the other; "" for none."""

    hash_key: bytes
    pepper_id: str


def _profiles(tsg_id: str) -> Select[*tuple[Any, ...]]:
    row = DataProfileRow
    return select(
        row.data_profile_id,
        row.tsg_id,
        row.data_profile_name,
        row.revision,
        row.document,
        row.created_by,
        row.updated_by,
        row.created_at,
        row.last_modified_at,
    ).where(row.tsg_id == tsg_id)


async def find(connection: AsyncConnection, tsg_id: str, data_profile_id: str) -> StoredDataProfile | None:
    query = _profiles(tsg_id).where(DataProfileRow.data_profile_id == data_profile_id)
    found = (await connection.execute(query)).first()
    return StoredDataProfile(*found) if found else None


async def find_by_name(connection: AsyncConnection, tsg_id: str, name: str) -> StoredDataProfile | None:
    found = (await connection.execute(_profiles(tsg_id).where(DataProfileRow.data_profile_name == name))).first()
    return StoredDataProfile(*found) if found else None


async def find_some(
    connection: AsyncConnection, tsg_id: str, ids: Collection[str], names: Collection[str]
) -> list[StoredDataProfile]:
    """Those with one of the ids or one of the names."""
    row = DataProfileRow
    query = _profiles(tsg_id).where(or_(row.data_profile_id.in_(ids), row.data_profile_name.in_(names)))
    return [StoredDataProfile(*found) for found in (await connection.execute(query)).all()]


async def list_page(connection: AsyncConnection, tsg_id: str, *, offset: int, limit: int | None) -> list[StoredDataProfile]:
    """By name, an order that an index holds."""
    query = _profiles(tsg_id).order_by(DataProfileRow.data_profile_name).offset(offset).limit(limit)
    return [StoredDataProfile(*found) for found in (await connection.execute(query)).all()]


async def insert_profile(connection: AsyncConnection, profile: StoredDataProfile) -> None:
    await connection.execute(insert(DataProfileRow).values(**_values(profile)))


async def update_profile(connection: AsyncConnection, profile: StoredDataProfile) -> None:
    """Everything but the id, the tenant and the origin."""
    row = DataProfileRow
    changed = {name: value for name, value in _values(profile).items() if not name.startswith("created_")}
    query = update(row).where(row.tsg_id == profile.tsg_id, row.data_profile_id == profile.data_profile_id)
    await connection.execute(query.values(**changed))


async def delete_profile(connection: AsyncConnection, tsg_id: str, data_profile_id: str) -> None:
    """With what was imported for it. The caller has found it in this tenant. The stored policies go on naming it."""
    for row in (ProfileDataProfileRow, DataProfileImportRow):
        await connection.execute(delete(row).where(row.data_profile_id == data_profile_id))
    profile = DataProfileRow
    await connection.execute(delete(profile).where(profile.tsg_id == tsg_id, profile.data_profile_id == data_profile_id))


def _values(profile: StoredDataProfile) -> dict[str, Any]:
    return {
        "data_profile_id": profile.data_profile_id,
        "tsg_id": profile.tsg_id,
        "data_profile_name": profile.data_profile_name,
        "revision": profile.revision,
        "document": profile.document,
        "created_by": profile.created_by,
        "updated_by": profile.updated_by,
        "created_at": profile.created_at,
        "last_modified_at": profile.last_modified_at,
    }


async def find_key(connection: AsyncConnection, tsg_id: str) -> StoredKey | None:
    row = DataProfileKeyRow
    found = (await connection.execute(select(row.hash_key, row.pepper_id).where(row.tsg_id == tsg_id))).first()
    return StoredKey(*found) if found else None


async def store_key(connection: AsyncConnection, tsg_id: str, key: StoredKey, at: datetime) -> None:
    """In place of the one that the tenant has."""
    row = DataProfileKeyRow
    await connection.execute(delete(row).where(row.tsg_id == tsg_id))
    await connection.execute(insert(row).values(tsg_id=tsg_id, hash_key=key.hash_key, pepper_id=key.pepper_id, created_at=at))


def _imports(tsg_id: str, columns: Iterable[Any]) -> Select[*tuple[Any, ...]]:
    row, profile = DataProfileImportRow, DataProfileRow
    query = select(*columns).join(profile, profile.data_profile_id == row.data_profile_id).where(profile.tsg_id == tsg_id)
    return query.order_by(row.data_profile_id, row.pattern_name, row.import_name)


async def summaries(connection: AsyncConnection, tsg_id: str, ids: Collection[str]) -> list[ImportSummary]:
    """Of what was imported for these data profiles, by pattern and name."""
    row = DataProfileImportRow
    columns = (row.data_profile_id, row.pattern_name, row.import_name, row.kind, row.size, row.updated_by, row.updated_at)
    query = _imports(tsg_id, columns).where(row.data_profile_id.in_(ids))
    return [ImportSummary(*found) for found in (await connection.execute(query)).all()]


async def imports(connection: AsyncConnection, tsg_id: str, data_profile_id: str) -> list[StoredImport]:
    """With their hashes: megabytes."""
    row = DataProfileImportRow
    columns = (row.pattern_name, row.import_name, row.kind, row.size, row.shape, row.hashes, row.heads)
    query = _imports(tsg_id, columns).where(row.data_profile_id == data_profile_id)
    return [StoredImport(*found) for found in (await connection.execute(query)).all()]


async def find_import(
    connection: AsyncConnection, tsg_id: str, data_profile_id: str, pattern: str, name: str
) -> StoredImport | None:
    row = DataProfileImportRow
    columns = (row.pattern_name, row.import_name, row.kind, row.size, row.shape, row.hashes, row.heads)
    query = _imports(tsg_id, columns).where(
        row.data_profile_id == data_profile_id, row.pattern_name == pattern, row.import_name == name
    )
    found = (await connection.execute(query)).first()
    return StoredImport(*found) if found else None


async def store_import(connection: AsyncConnection, data_profile_id: str, stored: StoredImport, *, by: str, at: datetime) -> None:
    """In place of what a pattern had under that name. The caller has found the data profile in its tenant."""
    await delete_import(connection, data_profile_id, stored.pattern, stored.name)
    await connection.execute(
        insert(DataProfileImportRow).values(
            data_profile_id=data_profile_id,
            pattern_name=stored.pattern,
            import_name=stored.name,
            kind=stored.kind,
            size=stored.size,
            shape=stored.shape,
            hashes=stored.hashes,
            heads=stored.heads,
            updated_by=by,
            updated_at=at,
        )
    )


async def delete_import(connection: AsyncConnection, data_profile_id: str, pattern: str, name: str | None = None) -> None:
    """One of a pattern's imports, or all of them. The caller has found the data profile in its tenant."""
    row = DataProfileImportRow
    query = delete(row).where(row.data_profile_id == data_profile_id, row.pattern_name == pattern)
    await connection.execute(query if name is None else query.where(row.import_name == name))


async def refer(connection: AsyncConnection, profile_id: str, data_profile_ids: Iterable[str]) -> None:
    """Note which own data profiles a new revision of a security profile refers to."""
    references = [{"data_profile_id": each, "profile_id": profile_id} for each in sorted(set(data_profile_ids))]
    if references:
        await connection.execute(insert(ProfileDataProfileRow).values(references))


async def forget_revision(connection: AsyncConnection, profile_id: str) -> None:
    """Before a revision of a security profile goes."""
    row = ProfileDataProfileRow
    await connection.execute(delete(row).where(row.profile_id == profile_id))


async def referrers(connection: AsyncConnection, tsg_id: str, data_profile_id: str, *, limit: int) -> list[tuple[str, str, int]]:
    """`(profile id, name, revision)` of the security profiles that refer to one, by name, newest first."""
    row = SecurityProfileRow
    query = (
        select(row.profile_id, row.profile_name, row.revision)
        .join(ProfileDataProfileRow, ProfileDataProfileRow.profile_id == row.profile_id)
        .where(row.tsg_id == tsg_id, ProfileDataProfileRow.data_profile_id == data_profile_id)
        .order_by(row.profile_name, row.revision.desc())
        .limit(limit)
    )
    return [(profile_id, name, revision) for profile_id, name, revision in (await connection.execute(query)).all()]

"""Changes of data profiles inside the caller's write transaction, each with its line in the audit log. A write transaction is alone in the
installation, so what is read here still holds when it is written."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.detectors.sensitive_data.own.definition import (
    DataProfileDocument,
    ExactDataPattern,
    FingerprintPattern,
    dump_document,
)
from scangate.domain.ids import is_uuid, new_id
from scangate.domain.moments import timestamp
from scangate.errors import ConflictError, NotFoundError, RequestInvalidError
from scangate.identity import audit
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.profiles import data_profile_repository as repository
from scangate.profiles.data_profile_repository import ImportSummary, StoredDataProfile, StoredImport

VALUES: Final = "values"
DOCUMENT: Final = "document"
DATA_PROFILES_MAX: Final = 1000
"""Of one tenant."""
_REFERRERS: Final = 1000


@dataclass(frozen=True, slots=True)
class DataProfile:
    """A data profile with what was imported for it."""

    stored: StoredDataProfile
    imported: tuple[ImportSummary, ...] = ()


def data_profile_object(profile: DataProfile) -> dict[str, Any]:
    """The data profile object of the management API."""
    stored = profile.stored
    return {
        "data_profile_id": stored.data_profile_id,
        "data_profile_name": stored.data_profile_name,
        "tsg_id": stored.tsg_id,
        "revision": stored.revision,
        "type": "custom",
        **{name: value for name, value in stored.document.items() if name != "data_profile_name"},
        "imported": [
            {
                "pattern": each.pattern,
                "name": each.name,
                "kind": each.kind,
                "size": each.size,
                "updated_by": each.updated_by,
                "updated_ts": timestamp(each.updated_at),
            }
            for each in profile.imported
        ],
        "created_by": stored.created_by,
        "updated_by": stored.updated_by,
        "created_ts": timestamp(stored.created_at),
        "last_modified_ts": timestamp(stored.last_modified_at),
    }


async def with_imports(connection: AsyncConnection, tsg_id: str, found: list[StoredDataProfile]) -> list[DataProfile]:
    summaries = await repository.summaries(connection, tsg_id, [each.data_profile_id for each in found]) if found else []
    return [
        DataProfile(each, tuple(summary for summary in summaries if summary.data_profile_id == each.data_profile_id))
        for each in found
    ]


async def create(connection: AsyncConnection, operator: Operator, document: DataProfileDocument, by: str) -> DataProfile:
    if len(await repository.list_page(connection, operator.tsg_id, offset=DATA_PROFILES_MAX - 1, limit=1)):
        raise RequestInvalidError(f"a tenant has at most {DATA_PROFILES_MAX} data profiles of its own")
    now = datetime.now(UTC)
    stored = StoredDataProfile(
        data_profile_id=new_id(),
        tsg_id=operator.tsg_id,
        data_profile_name=document.data_profile_name,
        revision=1,
        document=dump_document(document),
        created_by=by,
        updated_by=by,
        created_at=now,
        last_modified_at=now,
    )
    await repository.insert_profile(connection, stored)
    created = DataProfile(stored)
    await record(connection, operator, Verb.CREATE, stored, after=data_profile_object(created))
    return created


async def replace(
    connection: AsyncConnection, operator: Operator, current: StoredDataProfile, document: DataProfileDocument, by: str
) -> DataProfile:
    [before] = await with_imports(connection, operator.tsg_id, [current])
    kinds = {VALUES: ExactDataPattern, DOCUMENT: FingerprintPattern}
    for each in before.imported:
        if not isinstance(document.pattern(each.pattern), kinds[each.kind]):
            await repository.delete_import(connection, current.data_profile_id, each.pattern, each.name)
    renamed = dataclasses.replace(current, data_profile_name=document.data_profile_name, document=dump_document(document))
    following = await store_next(connection, renamed, by)
    [after] = await with_imports(connection, operator.tsg_id, [following])
    await record(connection, operator, Verb.UPDATE, current, before=data_profile_object(before), after=data_profile_object(after))
    return after


async def store_next(connection: AsyncConnection, changed: StoredDataProfile, by: str) -> StoredDataProfile:
    """Store the next revision."""
    following = dataclasses.replace(changed, revision=changed.revision + 1, updated_by=by, last_modified_at=datetime.now(UTC))
    await repository.update_profile(connection, following)
    return following


async def store_import(
    connection: AsyncConnection, operator: Operator, current: StoredDataProfile, stored: StoredImport, by: str
) -> DataProfile:
    before = await repository.find_import(connection, operator.tsg_id, current.data_profile_id, stored.pattern, stored.name)
    await repository.store_import(connection, current.data_profile_id, stored, by=by, at=datetime.now(UTC))
    following = await store_next(connection, current, by)
    await record(
        connection,
        operator,
        Verb.UPDATE,
        current,
        before=audited_import(current, before) if before else {"revision": current.revision},
        after=audited_import(following, stored),
    )
    [changed] = await with_imports(connection, operator.tsg_id, [following])
    return changed


def audited_import(profile: StoredDataProfile, stored: StoredImport) -> dict[str, Any]:
    """What the audit log keeps of an import: how much, and nothing of what."""
    return {
        "data_profile_name": profile.data_profile_name,
        "revision": profile.revision,
        "pattern": stored.pattern,
        "name": stored.name,
        "kind": stored.kind,
        "size": stored.size,
    }


async def record(
    connection: AsyncConnection,
    operator: Operator,
    verb: Verb | str,
    profile: StoredDataProfile,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    await audit.record(connection, operator, verb, Entity.DLP_PROFILES, profile.data_profile_id, before=before, after=after)


async def existing(connection: AsyncConnection, tsg_id: str, data_profile_id: str) -> StoredDataProfile:
    found = await repository.find(connection, tsg_id, data_profile_id.lower()) if is_uuid(data_profile_id) else None
    if found is None:
        raise NotFoundError("this tenant has no data profile with that id")
    return found


async def check_name(connection: AsyncConnection, tsg_id: str, name: str, data_profile_id: str | None) -> None:
    taken = await repository.find_by_name(connection, tsg_id, name)
    if taken is not None and taken.data_profile_id != data_profile_id:
        raise ConflictError(
            f"there is a data profile {name!r}; PUT makes its next revision",
            payload=[{"data_profile_id": taken.data_profile_id, "data_profile_name": name, "revision": taken.revision}],
        )


async def check_referrers(connection: AsyncConnection, profile: StoredDataProfile) -> None:
    found = await repository.referrers(connection, profile.tsg_id, profile.data_profile_id, limit=_REFERRERS)
    if found:
        raise ConflictError(
            f"revisions of security profiles refer to the data profile {profile.data_profile_name!r}",
            payload=[{"profile_id": id_, "profile_name": name, "revision": revision} for id_, name, revision in found],
        )


def pattern_of(profile: StoredDataProfile, kind: type[ExactDataPattern | FingerprintPattern], word: str, name: str | None) -> str:
    """The name of the pattern that is meant.

    Raises:
        RequestInvalidError: there is none of that type, or several and no name.
    """
    names = [each.name for each in DataProfileDocument.model_validate(profile.document).patterns if isinstance(each, kind)]
    if name is None and len(names) == 1:
        return names[0]
    if name not in names or name is None:
        known = ", ".join(repr(each) for each in names) or "none"
        raise RequestInvalidError(f"pattern: name a pattern of the type {word}; there are: {known}")
    return name

"""Changes of profiles inside the caller's write transaction, each with its line in the audit log. No revision is ever changed: an
update stores the next one. A write transaction is alone in the installation, so what is read here still holds when it is written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.domain.ids import is_uuid, new_id
from scangate.errors import ConflictError, NotFoundError
from scangate.identity import audit
from scangate.identity.links import applications_with_profile
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.profiles import data_profile_repository, repository
from scangate.profiles.documents import ProfileDraft
from scangate.profiles.own_profiles import resolve_data_profiles
from scangate.profiles.references import resolve_topics
from scangate.profiles.repository import ProfileRevision

FORCED: Final = "force delete"
"""The action in the audit log."""
_NAMED_IN_MESSAGE: Final = 5


async def insert_next(
    connection: AsyncConnection, tsg_id: str, draft: ProfileDraft, *, by: str, created_by: str | None = None
) -> tuple[ProfileRevision, ProfileRevision | None]:
    """The next revision of a draft's name, with an id of its own, and the one before it.

    Raises:
        ProfileInvalidError: the policy names a topic or a data profile that this tenant does not have.
    """
    topic_ids = await resolve_topics(connection, tsg_id, draft.policy)
    data_profile_ids = await resolve_data_profiles(connection, tsg_id, draft.policy)
    newest = await repository.find_latest(connection, tsg_id, draft.name)
    deleted = await repository.find_number(connection, tsg_id, draft.name)
    revision = ProfileRevision(
        profile_id=new_id(),
        tsg_id=tsg_id,
        profile_name=draft.name,
        revision=max(newest.revision if newest else 0, deleted) + 1,
        active=draft.active,
        policy=draft.policy,
        created_by=(newest.created_by if newest else "") or created_by or by,
        updated_by=by,
        last_modified_at=datetime.now(UTC),
    )
    await repository.insert_revision(connection, revision, topic_ids)
    await data_profile_repository.refer(connection, revision.profile_id, data_profile_ids)
    return revision, newest


async def create(connection: AsyncConnection, operator: Operator, draft: ProfileDraft, *, by: str) -> ProfileRevision:
    """The first revision of a name.

    Raises:
        ConflictError: there is a profile of that name; nothing was stored.
        ProfileInvalidError: as above.
    """
    taken = await repository.find_latest(connection, operator.tsg_id, draft.name)
    if taken is not None:
        raise _name_taken(taken)
    revision, _ = await insert_next(connection, operator.tsg_id, draft, by=by)
    await audit.record(connection, operator, Verb.CREATE, Entity.PROFILES, revision.profile_id, after=audited(revision))
    return revision


async def replace(
    connection: AsyncConnection, operator: Operator, profile_id: str, draft: ProfileDraft, *, by: str
) -> ProfileRevision:
    """The next revision of the profile that an id belongs to, or the first one of the new name that the draft gives it.

    Raises:
        NotFoundError: this tenant has no such revision.
        ConflictError: the new name is another profile's.
        ProfileInvalidError: as above.
    """
    named = await existing(connection, operator.tsg_id, profile_id)
    if draft.name != named.profile_name:
        taken = await repository.find_latest(connection, operator.tsg_id, draft.name)
        if taken is not None:
            raise _name_taken(taken)
    revision, newest = await insert_next(connection, operator.tsg_id, draft, by=by, created_by=named.created_by)
    before = audited(newest or named)
    await audit.record(
        connection, operator, Verb.UPDATE, Entity.PROFILES, revision.profile_id, before=before, after=audited(revision)
    )
    return revision


async def apply(connection: AsyncConnection, operator: Operator, draft: ProfileDraft, *, by: str) -> ProfileRevision:
    """The next revision of the draft's name, or its first one.

    Raises:
        ProfileInvalidError: as above.
    """
    revision, newest = await insert_next(connection, operator.tsg_id, draft, by=by)
    await audit.record(
        connection,
        operator,
        Verb.UPDATE if newest else Verb.CREATE,
        Entity.PROFILES,
        revision.profile_id,
        before=audited(newest) if newest else None,
        after=audited(revision),
    )
    return revision


async def remove(
    connection: AsyncConnection, operator: Operator, profile_id: str, *, forced_by: str | None = None
) -> ProfileRevision:
    """Delete one revision; the others of its name stay. `forced_by`: do so whatever refers to it, and who asks.

    Its number is not given out again while others of its name are left. With the last one the name's history ends.

    Raises:
        NotFoundError: this tenant has no such revision.
        ConflictError: it is the last one of its name and applications scan with that profile; says which.
    """
    revision = await existing(connection, operator.tsg_id, profile_id)
    is_last = await repository.count_revisions(connection, operator.tsg_id, revision.profile_name) == 1
    if forced_by is None and is_last:
        linked = await applications_with_profile(connection, operator.tsg_id, revision.profile_name)
        if linked:
            raise ConflictError(
                f"{revision.profile_name!r} has no other revision and is the profile of applications that name none: "
                + ", ".join(repr(name) for _, name in linked[:_NAMED_IN_MESSAGE]),
                payload=[{"policy_id": id_, "policy_name": name, "priority": 0} for id_, name in linked],
            )
    await data_profile_repository.forget_revision(connection, revision.profile_id)
    await repository.delete_revision(connection, operator.tsg_id, revision.profile_id)
    if is_last:
        await repository.forget_number(connection, operator.tsg_id, revision.profile_name)
    elif revision.revision > await repository.find_number(connection, operator.tsg_id, revision.profile_name):
        await repository.keep_number(connection, operator.tsg_id, revision.profile_name, revision.revision)
    await audit.record(
        connection,
        operator,
        Verb.DELETE if forced_by is None else FORCED,
        Entity.PROFILES,
        revision.profile_id,
        before=audited(revision),
        after={"updated_by": forced_by} if forced_by else None,
    )
    return revision


async def existing(connection: AsyncConnection, tsg_id: str, profile_id: str) -> ProfileRevision:
    """
    Raises:
        NotFoundError: this tenant has no such revision.
    """
    found = await repository.find_by_id(connection, tsg_id, profile_id.lower()) if is_uuid(profile_id) else None
    if found is None:
        raise NotFoundError("this tenant has no profile with that id")
    return found


def audited(revision: ProfileRevision) -> dict[str, Any]:
    """What the audit log keeps of a revision."""
    return {
        "profile_id": revision.profile_id,
        "profile_name": revision.profile_name,
        "revision": revision.revision,
        "active": revision.active,
        "policy": revision.policy,
        "updated_by": revision.updated_by,
    }


def _name_taken(taken: ProfileRevision) -> ConflictError:
    return ConflictError(
        f"there is a profile {taken.profile_name!r}; PUT makes its next revision",
        payload=[{"profile_id": taken.profile_id, "profile_name": taken.profile_name, "revision": taken.revision}],
    )

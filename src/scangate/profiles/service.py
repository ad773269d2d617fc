"""Security profiles: from a profile's id or name to a compiled plan, and the changes that plans must follow."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.changes import ChangeWatch
from scangate.db.engine import Database
from scangate.db.readthrough import ReadThrough
from scangate.detectors.contract import DetectorSpec, Resources
from scangate.domain.profile import parse_policy
from scangate.engine.plan import ScanPlan, compile_plan
from scangate.errors import ProfileInvalidError
from scangate.identity.principal import Operator
from scangate.profiles import changes, repository
from scangate.profiles.data_profiles import DataProfiles
from scangate.profiles.documents import ProfileDraft, checked_policy, checked_profile
from scangate.profiles.own_profiles import NO_OWN_PROFILES, OwnProfiles
from scangate.profiles.pepper import Pepper
from scangate.profiles.repository import ProfileListing, ProfileRevision

PROFILE_NOT_FOUND = "AI profile not found"
PROFILE_INACTIVE = "invalid profile: profile inactive"
PROFILE_REQUIRED = "AI profile required: name one, or link one to the API key's application"


Stamp = tuple[tuple[str, int], ...]
"""Ids and revisions of the own data profiles and topics that a plan was compiled with."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A revision with the tenant's own data profiles and topics as they were when it was read."""

    revision: ProfileRevision
    own: OwnProfiles


class Profiles:
    """Plans by profile id or name. A change by another process holds within a second.

    Plans are immutable and cached by profile id, which is one revision's own; the caches are bounded.
    """

    def __init__(
        self,
        database: Database,
        registry: Sequence[DetectorSpec[Any]],
        resources: Resources,
        pepper: Pepper,
        *,
        watch: ChangeWatch | None = None,
        ttl_seconds: float = 0.9,
        size: int = 512,
    ) -> None:
        self._database = database
        self._registry = registry
        self._resources = resources
        self._size = size
        self.data_profiles = DataProfiles(database, resources, pepper, on_change=self.forget_all)
        self._newest: ReadThrough[tuple[str, str], _Found | None] = ReadThrough(
            self._find_latest, ttl_seconds=ttl_seconds, size=size, watch=watch
        )
        self._by_id: ReadThrough[tuple[str, str], _Found | None] = ReadThrough(
            self._find_by_id, ttl_seconds=ttl_seconds, size=size, watch=watch
        )
        self._plans: OrderedDict[tuple[str, str], tuple[Stamp, ScanPlan]] = OrderedDict()

    async def plan(self, tsg_id: str, *, profile_id: str | None, profile_name: str | None) -> ScanPlan:
        """The plan of a revision (by id), else of the newest revision with a name; the id wins when both are given.

        Raises:
            ProfileInvalidError: neither is given, there is none, it is not active, or the stored document cannot be compiled. An
                inactive newest revision does not give way to an older one: who switched it off meant the profile.
        """
        if profile_id:
            found = await self._by_id.get((tsg_id, profile_id))
        elif profile_name:
            found = await self._newest.get((tsg_id, profile_name))
        else:
            raise ProfileInvalidError(PROFILE_REQUIRED)
        if found is None:
            raise ProfileInvalidError(PROFILE_NOT_FOUND)
        if not found.revision.active:
            raise ProfileInvalidError(PROFILE_INACTIVE)
        if found.own.topics and self._kept(found) is None:  # a topic that another process stored may have to be encoded
            return await asyncio.to_thread(self._compiled, found)
        return self._compiled(found)

    async def _find_latest(self, key: tuple[str, str]) -> _Found | None:
        async with self._database.read() as connection:
            revision = await repository.find_latest(connection, *key)
        return await self._with_own(revision)

    async def _find_by_id(self, key: tuple[str, str]) -> _Found | None:
        async with self._database.read() as connection:
            revision = await repository.find_by_id(connection, *key)
        return await self._with_own(revision)

    async def _with_own(self, revision: ProfileRevision | None) -> _Found | None:
        if revision is None:
            return None
        try:
            policy = parse_policy(revision.policy)
        except ProfileInvalidError:  # whoever compiles it will be told
            return _Found(revision, NO_OWN_PROFILES)
        return _Found(revision, await self.data_profiles.referred_to(revision.tsg_id, policy))

    def _compiled(self, found: _Found) -> ScanPlan:
        """
        Raises:
            ProfileInvalidError: the stored document cannot be compiled.
        """
        revision = found.revision
        plan = self._kept(found)
        if plan is None:
            policy = parse_policy(revision.policy)
            found.own.bind(policy)
            plan = compile_plan(
                policy,
                self._registry,
                self._resources,
                profile_id=revision.profile_id,
                profile_name=revision.profile_name,
                revision=revision.revision,
            )
            self._plans[revision.tsg_id, revision.profile_id] = (found.own.stamp, plan)
            if len(self._plans) > self._size:
                self._plans.popitem(last=False)
        return plan

    def _kept(self, found: _Found) -> ScanPlan | None:
        stamp, plan = self._plans.get((found.revision.tsg_id, found.revision.profile_id), (None, None))
        return plan if stamp == found.own.stamp else None

    async def check(self, tsg_id: str, document: object) -> ProfileDraft:
        """A document that may be stored; the loop goes on while it is compiled.

        Raises:
            ProfileInvalidError: with the path to the fault.
        """
        own = await self.own_of(tsg_id, document)
        return await asyncio.to_thread(checked_profile, document, self._registry, self._resources, own)

    async def own_of(self, tsg_id: str, document: object) -> OwnProfiles:
        """The tenant's own data profiles that a profile document refers to.

        Raises:
            ProfileInvalidError: with the path to the fault.
        """
        return await self.data_profiles.referred_to(tsg_id, checked_policy(document))

    async def create(self, operator: Operator, document: object, *, by: str) -> ProfileRevision:
        """Store the first revision of a name; see `changes.create` for what it raises."""
        draft = await self.check(operator.tsg_id, document)
        async with self._database.write() as connection:
            revision = await changes.create(connection, operator, draft, by=by)
        return self._changed(revision)

    async def replace(self, operator: Operator, profile_id: str, document: object, *, by: str) -> ProfileRevision:
        """Store the next revision of the profile that an id belongs to; see `changes.replace` for what it raises."""
        draft = await self.check(operator.tsg_id, document)
        async with self._database.write() as connection:
            revision = await changes.replace(connection, operator, profile_id, draft, by=by)
        return self._changed(revision)

    async def apply(self, operator: Operator, document: object, *, by: str) -> ProfileRevision:
        """Store a profile document as the next revision of its name, whether there is one or not.

        Raises:
            ProfileInvalidError: with the path to the fault; nothing is stored.
        """
        draft = await self.check(operator.tsg_id, document)
        async with self._database.write() as connection:
            revision = await changes.apply(connection, operator, draft, by=by)
        return self._changed(revision)

    async def remove(self, operator: Operator, profile_id: str, *, forced_by: str | None = None) -> ProfileRevision:
        """Delete one revision; see `changes.remove` for what it raises."""
        async with self._database.write() as connection:
            revision = await changes.remove(connection, operator, profile_id, forced_by=forced_by)
        return self._changed(revision)

    async def remove_all(self, operator: Operator, name: str, *, forced_by: str | None = None) -> list[ProfileRevision]:
        """Delete every revision of a name, or none.

        Raises:
            ProfileInvalidError: no profile has that name.
            ConflictError: applications scan with that profile; says which.
        """
        async with self._database.write() as connection:
            found = await repository.list_revisions(connection, operator.tsg_id, name)
            if not found:
                raise ProfileInvalidError(f"profile not found: {name!r}")
            for revision in found:
                await changes.remove(connection, operator, revision.profile_id, forced_by=forced_by)
        return [self._changed(revision) for revision in found]

    async def find_name(self, connection: AsyncConnection, tsg_id: str, name_or_id: str) -> str | None:
        """See `repository.find_name`; for those who link a profile, inside their transaction."""
        return await repository.find_name(connection, tsg_id, name_or_id)

    def forget_all(self) -> None:
        """A data profile or a topic was changed, which any profile may refer to."""
        self._newest.clear()
        self._by_id.clear()

    def _changed(self, revision: ProfileRevision) -> ProfileRevision:
        """From here on this process answers by what was committed."""
        self._newest.forget((revision.tsg_id, revision.profile_name))
        self._by_id.forget((revision.tsg_id, revision.profile_id))
        self._plans.pop((revision.tsg_id, revision.profile_id), None)
        return revision

    async def page(self, tsg_id: str, *, offset: int, limit: int, latest: bool) -> list[ProfileListing]:
        async with self._database.read() as connection:
            return await repository.list_page(connection, tsg_id, offset=offset, limit=limit, latest=latest)

    async def list_latest(self, tsg_id: str, *, limit: int | None = None) -> list[ProfileRevision]:
        """The newest revision of every profile, or of the first ones by name."""
        async with self._database.read() as connection:
            return await repository.list_latest(connection, tsg_id, limit=limit)

    async def revisions(self, tsg_id: str, name: str) -> list[ProfileRevision]:
        """All revisions of a name, newest first.

        Raises:
            ProfileInvalidError: no profile has that name.
        """
        async with self._database.read() as connection:
            found = await repository.list_revisions(connection, tsg_id, name)
        if not found:
            raise ProfileInvalidError(f"profile not found: {name!r}")
        return found

    async def show(self, tsg_id: str, name_or_id: str, *, revision: int | None = None) -> ProfileRevision:
        """The revision with an id, else the newest of a name or the one with that number.

        Raises:
            ProfileInvalidError: no profile has that name or id, or it has no such revision.
        """
        async with self._database.read() as connection:
            if revision is not None:
                found = await repository.find_revision(connection, tsg_id, name_or_id, revision)
            else:
                found = await repository.find_by_id(connection, tsg_id, name_or_id) or await repository.find_latest(
                    connection, tsg_id, name_or_id
                )
        if found is None:
            wanted = f"{name_or_id!r}" if revision is None else f"{name_or_id!r} revision {revision}"
            raise ProfileInvalidError(f"profile not found: {wanted}")
        return found

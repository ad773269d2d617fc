"""Security profiles: new revisions, and from a profile's id or name to a compiled plan."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.db.readthrough import ReadThrough
from scangate.detectors.contract import DetectorSpec, Resources
from scangate.domain.ids import new_id
from scangate.domain.profile import PROFILE_NAME_MAX, parse_policy
from scangate.engine.plan import ScanPlan, compile_plan
from scangate.errors import ProfileInvalidError
from scangate.profiles import repository
from scangate.profiles.repository import ProfileRevision
from scangate.profiles.severities import fill_severities

PROFILE_NOT_FOUND = "AI profile not found"
PROFILE_REQUIRED = "AI profile required: name one, or link one to the API key's application"


class Profiles:
    """Plans by profile id or name. A change by another process holds after `ttl_seconds` at the latest.

    Plans are immutable and cached by profile id, which is one revision's own; the cache is bounded.
    """

    def __init__(
        self,
        database: Database,
        registry: Sequence[DetectorSpec[Any]],
        resources: Resources,
        *,
        ttl_seconds: float = 1.0,
        size: int = 512,
    ) -> None:
        self._database = database
        self._registry = registry
        self._resources = resources
        self._size = size
        self._newest: ReadThrough[tuple[str, str], ProfileRevision | None] = ReadThrough(
            self._find_latest, ttl_seconds=ttl_seconds, size=size
        )
        self._plans: OrderedDict[tuple[str, str], ScanPlan] = OrderedDict()

    async def plan(self, tsg_id: str, *, profile_id: str | None, profile_name: str | None) -> ScanPlan:
        """The plan of a revision (by id), else of the newest revision with a name; the id wins when both are given.

        Raises:
            ProfileInvalidError: neither is given, there is none, or the stored document cannot be compiled.
        """
        if profile_id:
            cached = self._plans.get((tsg_id, profile_id))
            if cached is not None:
                return cached
            async with self._database.read() as connection:
                revision = await repository.find_by_id(connection, tsg_id, profile_id)
        elif profile_name:
            revision = await self._newest.get((tsg_id, profile_name))
        else:
            raise ProfileInvalidError(PROFILE_REQUIRED)
        if revision is None:
            raise ProfileInvalidError(PROFILE_NOT_FOUND)
        return self._compiled(revision)

    async def _find_latest(self, key: tuple[str, str]) -> ProfileRevision | None:
        async with self._database.read() as connection:
            return await repository.find_latest(connection, *key)

    def _compiled(self, revision: ProfileRevision) -> ScanPlan:
        key = (revision.tsg_id, revision.profile_id)
        plan = self._plans.get(key)
        if plan is None:
            plan = compile_plan(
                parse_policy(revision.policy),
                self._registry,
                self._resources,
                profile_id=revision.profile_id,
                profile_name=revision.profile_name,
                revision=revision.revision,
            )
            self._plans[key] = plan
            if len(self._plans) > self._size:
                self._plans.popitem(last=False)
        return plan

    async def apply(self, tsg_id: str, document: object, *, by: str) -> ProfileRevision:
        """Store a profile document (`profile_name`, `policy`, `active`) as the next revision of its name.

        Raises:
            ProfileInvalidError: with the path to the fault; nothing is stored.
        """
        name, policy, active = checked_profile(document, self._registry, self._resources)
        async with self._database.write() as connection:
            revision = await insert_next(connection, tsg_id, name, policy, active=active, by=by)
        self._newest.forget((tsg_id, name))
        return revision

    async def list_latest(self, tsg_id: str) -> list[ProfileRevision]:
        async with self._database.read() as connection:
            return await repository.list_latest(connection, tsg_id)

    async def show(self, tsg_id: str, name_or_id: str) -> ProfileRevision:
        """
        Raises:
            ProfileInvalidError: no profile has that name or id.
        """
        async with self._database.read() as connection:
            found = await repository.find_by_id(connection, tsg_id, name_or_id) or await repository.find_latest(
                connection, tsg_id, name_or_id
            )
        if found is None:
            raise ProfileInvalidError(f"profile not found: {name_or_id!r}")
        return found


def checked_profile(
    document: object, registry: Sequence[DetectorSpec[Any]], resources: Resources
) -> tuple[str, dict[str, Any], bool]:
    """`(name, policy with severities filled in, active)` of a profile document that parses and compiles.

    Raises:
        ProfileInvalidError: with the path to the fault.
    """
    if not isinstance(document, dict):
        raise ProfileInvalidError("a profile document is an object with profile_name and policy")
    name = document.get("profile_name")
    if not isinstance(name, str) or not 0 < len(name) <= PROFILE_NAME_MAX:
        raise ProfileInvalidError(f"a name of 1 to {PROFILE_NAME_MAX} characters is required", path="profile_name")
    active = document.get("active", True)
    if not isinstance(active, bool):
        raise ProfileInvalidError("must be true or false", path="active")
    policy = parse_policy(document.get("policy"))
    compile_plan(policy, registry, resources, profile_id="", profile_name=name, revision=0)
    return name, fill_severities(document["policy"]), active


async def insert_next(
    connection: AsyncConnection, tsg_id: str, name: str, policy: dict[str, Any], *, active: bool = True, by: str
) -> ProfileRevision:
    """The next revision of a name, with an id of its own, inside the caller's transaction."""
    newest = await repository.find_latest(connection, tsg_id, name)
    revision = ProfileRevision(
        profile_id=new_id(),
        tsg_id=tsg_id,
        profile_name=name,
        revision=newest.revision + 1 if newest else 1,
        active=active,
        policy=policy,
        updated_by=by,
        last_modified_at=datetime.now(UTC),
    )
    await repository.insert_revision(connection, revision)
    return revision

"""What of a tenant's own a policy refers to, data profiles and topics: found by id or name, and bound to the policy before it is compiled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.detectors.sensitive_data.data_profiles import find_profile
from scangate.detectors.sensitive_data.own.profile import OwnDataProfile
from scangate.domain.ids import is_uuid
from scangate.domain.profile import DlpMember, ProfilePolicy, parse_policy
from scangate.errors import ProfileInvalidError
from scangate.profiles import data_profile_repository as repository
from scangate.profiles.topic_repository import Topic

Reference = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OwnProfiles:
    """Compiled data profiles of one tenant, by id and by name, and its topics."""

    by_id: Mapping[str, OwnDataProfile] = field(default_factory=dict)
    by_name: Mapping[str, OwnDataProfile] = field(default_factory=dict)
    topics: tuple[Topic, ...] = ()

    @property
    def stamp(self) -> tuple[tuple[str, int], ...]:
        """What a plan depends on beside its own document: ids and revisions."""
        data_profiles = [(own.data_profile_id, own.revision) for own in self.by_id.values()]
        return tuple(sorted([*data_profiles, *((topic.topic_id, topic.revision) for topic in self.topics)]))

    def bind(self, policy: ProfilePolicy) -> None:
        """Tell every reference of a policy what it means; those to predefined data profiles stay as they are."""
        for _, member in policy.data_profile_members():
            if may_be_own(member):
                member.bind(self.by_id.get(member.id.lower()) or self.by_name.get(member.text))
        topics_by_id = {topic.topic_id: topic for topic in self.topics}
        topics_by_name = {topic.topic_name: topic for topic in self.topics}
        for reference in policy.topic_references():
            named = reference.topic_id.lower()
            reference.bind(topics_by_id.get(named) if named else topics_by_name.get(reference.topic_name))


NO_OWN_PROFILES = OwnProfiles()


def may_be_own(member: DlpMember) -> bool:
    """Whether a reference is to be looked up among the tenant's own: an id wins, a predefined name comes before an own one."""
    return is_uuid(member.id) or find_profile(member) is None


def wanted(policy: ProfilePolicy) -> tuple[set[str], set[str]]:
    """Ids and names to look up."""
    members = [member for _, member in policy.data_profile_members() if may_be_own(member)]
    return {member.id.lower() for member in members if is_uuid(member.id)}, {member.text for member in members if member.text}


async def resolve_data_profiles(connection: AsyncConnection, tsg_id: str, policy: Reference) -> set[str]:
    """The ids of the own data profiles of a policy that was checked. What a reference leaves out (id, name, version) is filled in, in place.

    Raises:
        ProfileInvalidError: neither this tenant has such a data profile nor is it predefined; with the path.
    """
    references = list(_references(policy))
    ids, names = wanted(parse_policy(policy))
    if not ids and not names:
        return set()
    found = await repository.find_some(connection, tsg_id, ids, names)
    by_id = {own.data_profile_id: own for own in found}
    by_name = {own.data_profile_name: own for own in found}
    referred = set()
    for path, reference in references:
        member = DlpMember.model_validate(reference)
        if not may_be_own(member):
            continue
        own = by_id.get(member.id.lower()) or by_name.get(member.text)
        if own is not None:
            reference |= {"id": own.data_profile_id, "text": member.text or own.data_profile_name}
            reference["version"] = member.version or str(own.revision)
            referred.add(own.data_profile_id)
        elif find_profile(member) is None:
            raise ProfileInvalidError(f"no data profile {member.text or member.id!r}", path=path)
    return referred


def _references(policy: Reference) -> Iterator[tuple[str, Reference]]:
    """`(path, reference object)`; the objects are the policy's own."""
    for number, profile in enumerate(policy["ai-security-profiles"]):
        start = f"ai-security-profiles[{number}]"
        scopes = {f"{start}.model-configuration": profile.get("model-configuration")} | {
            f"{start}.content-type-configurations.{direction}": configuration
            for direction, configuration in (profile.get("content-type-configurations") or {}).items()
        }
        for path, scope in scopes.items():
            leak = ((scope or {}).get("data-protection") or {}).get("data-leak-detection") or {}
            for place, reference in enumerate(leak.get("member") or ()):
                yield f"{path}.data-protection.data-leak-detection.member[{place}]", reference


def index(found: Collection[OwnDataProfile], topics: Collection[Topic] = ()) -> OwnProfiles:
    """By id and name."""
    by_name = {own.document.data_profile_name: own for own in found}
    return OwnProfiles({own.data_profile_id: own for own in found}, by_name, tuple(topics))


def wanted_topics(policy: ProfilePolicy) -> tuple[set[str], set[str]]:
    """Ids and names to look up; an id counts where both are given."""
    references = policy.topic_references()
    ids = {reference.topic_id.lower() for reference in references if is_uuid(reference.topic_id)}
    return ids, {reference.topic_name for reference in references if not reference.topic_id and reference.topic_name}

"""Profile documents: from what a client sent to a draft that may be stored, and from what is stored back to the wire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from scangate.detectors.contract import DetectorSpec, Resources
from scangate.domain.moments import timestamp
from scangate.domain.profile import PROFILE_NAME_MAX, ProfilePolicy, dump_policy, parse_policy
from scangate.engine.plan import compile_plan
from scangate.errors import ProfileInvalidError
from scangate.profiles.own_profiles import NO_OWN_PROFILES, OwnProfiles
from scangate.profiles.repository import ProfileListing, ProfileRevision
from scangate.profiles.severities import fill_defaults
from scangate.profiles.texts import checked_text

DEPTH_MAX: Final = 64
"""Levels of a document; it takes a dozen to say everything that means anything."""


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """A profile that parses and compiles. Whether the topics that it names exist is known inside a transaction only."""

    name: str
    policy: dict[str, Any]
    active: bool


def checked_profile(
    document: object,
    registry: Sequence[DetectorSpec[Any]],
    resources: Resources,
    own: OwnProfiles = NO_OWN_PROFILES,
) -> ProfileDraft:
    """A profile document (`profile_name`, `policy`, `active`) with what the server fills in.

    Args:
        own: the tenant's own data profiles that it may refer to.

    Raises:
        ProfileInvalidError: with the path to the fault.
    """
    members = _members(document)
    name = checked_name(members.get("profile_name"))
    active = members.get("active")
    if active is None:
        active = True
    if not isinstance(active, bool):
        raise ProfileInvalidError("must be true or false", path="active")
    policy = checked_policy(document)
    own.bind(policy)
    compile_plan(policy, registry, resources, profile_id="", profile_name=name, revision=0)
    filled = fill_defaults(dump_policy(policy))
    try:
        json.dumps(filled, allow_nan=False).encode("ascii")
    except ValueError:  # YAML knows NaN and infinity, JSON does not
        raise ProfileInvalidError("holds a number that JSON does not know", path="policy") from None
    return ProfileDraft(name, filled, active)


def checked_policy(document: object) -> ProfilePolicy:
    """The policy of a profile document, parsed and not compiled.

    Raises:
        ProfileInvalidError: with the path to the fault.
    """
    policy = _members(document).get("policy")
    _check_depth(policy)
    return parse_policy(policy)


def _members(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ProfileInvalidError("a profile document is an object with profile_name and policy")
    return document


def checked_name(name: object) -> str:
    """
    Raises:
        ProfileInvalidError: no text, blank, with control characters, or over the limit.
    """
    try:
        return checked_text(name, PROFILE_NAME_MAX, single_line=True)
    except ValueError as error:
        raise ProfileInvalidError(str(error), path="profile_name") from None


def _check_depth(document: object) -> None:
    level: list[object] = [document]
    for _ in range(DEPTH_MAX):
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ProfileInvalidError(f"nested more than {DEPTH_MAX} levels deep", path="policy")


def profile_object(revision: ProfileRevision | ProfileListing) -> dict[str, Any]:
    """The AIProfileObject of the management API; `orjson` writes the stored policy of a listing as it stands."""
    policy = orjson.Fragment(revision.policy_json) if isinstance(revision, ProfileListing) else revision.policy
    return {
        "profile_id": revision.profile_id,
        "profile_name": revision.profile_name,
        "tsg_id": revision.tsg_id,
        "revision": revision.revision,
        "active": revision.active,
        "policy": policy,
        "created_by": revision.created_by,
        "updated_by": revision.updated_by,
        "last_modified_ts": timestamp(revision.last_modified_at),
    }

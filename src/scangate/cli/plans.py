"""A profile that the command line names, to a compiled plan: for commands that scan without a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from scangate.cli.profiles import read_document
from scangate.detectors.contract import DetectorSpec, Resources
from scangate.domain.ids import new_id
from scangate.domain.profile import parse_policy
from scangate.engine.plan import ScanPlan, compile_plan
from scangate.errors import ProfileInvalidError
from scangate.profiles.documents import checked_profile
from scangate.profiles.own_profiles import NO_OWN_PROFILES, OwnProfiles
from scangate.profiles.seeds import measured_policy, seeded_profiles
from scangate.settings import load_settings

MEASURED_PROFILE: Final = "measured"
"""Known to the command line only: the profile under which detectors are measured, unless another is named."""


def local_resources(data_dir: Path | None = None) -> Resources:
    """What a server with these settings would give its detectors."""
    settings = load_settings(**({"data_dir": data_dir} if data_dir else {}))
    return Resources(data_dir=settings.data_dir, max_urls=settings.limits.urls, own_models=settings.own_models)


def plan_of(
    profile: str,
    registry: Sequence[DetectorSpec[Any]],
    resources: Resources,
    bring: Callable[[dict[str, Any]], tuple[dict[str, Any], OwnProfiles]] = lambda document: (document, NO_OWN_PROFILES),
) -> ScanPlan:
    """The plan of a seeded profile, or of a file with a profile document, with the detectors of `registry` only.

    Args:
        bring: from the document to the one that is meant and the data profiles that it may refer to.

    Raises:
        ProfileInvalidError: there is no such profile, or its document asks for what does not exist.
    """
    seeds = {**seeded_profiles(), MEASURED_PROFILE: measured_policy()}
    if profile in seeds:
        document: object = {"profile_name": profile, "policy": seeds[profile]}
    elif Path(profile).is_file():
        document = read_document(Path(profile))
    else:
        raise ProfileInvalidError(f"profile not found: {profile!r} is neither a file nor one of {', '.join(seeded_profiles())}")
    own = NO_OWN_PROFILES
    if isinstance(document, dict):
        document, own = bring(document)
    draft = checked_profile(document, registry, resources, own)
    policy = parse_policy(draft.policy)
    own.bind(policy)
    return compile_plan(policy, registry, resources, profile_id=new_id(), profile_name=draft.name, revision=1)

"""A profile that the command line names, to a compiled plan: for commands that scan without a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from scangate.cli.profiles import read_document
from scangate.detectors.contract import DetectorSpec, Resources
from scangate.domain.ids import new_id
from scangate.domain.profile import parse_policy
from scangate.engine.plan import ScanPlan, compile_plan
from scangate.errors import ProfileInvalidError
from scangate.evaluation.judging import Judgement, Progress, judge_rows
from scangate.evaluation.rows import Row
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


def judge_under(
    profile: str, spec: DetectorSpec[Any], rows: Sequence[Row], resources: Resources, progress: Progress = lambda: None
) -> list[Judgement]:
    """A judgement for each row, in their order: under the profile, or under the protection that a row brings with it.

    Raises:
        ProfileInvalidError: as above, or the profile has the detector switched off where a row needs it.
    """
    judged: dict[int, Judgement] = {}
    for protection in dict.fromkeys(row.protection for row in rows):
        plan = (
            plan_of(profile, (spec,), resources)
            if protection is None
            else _plan_of_entry(json.loads(protection), spec, resources)
        )
        chosen = [row for row in rows if row.protection == protection]
        judged |= {judgement.row.line: judgement for judgement in judge_rows(chosen, plan, spec.name, progress)}
    return [judged[row.line] for row in rows]


def _plan_of_entry(entry: dict[str, Any], spec: DetectorSpec[Any], resources: Resources) -> ScanPlan:
    configuration = {"model-type": "default", "model-configuration": {"model-protection": [entry]}}
    policy = parse_policy({"ai-security-profiles": [configuration]})
    return compile_plan(policy, (spec,), resources, profile_id=new_id(), profile_name=MEASURED_PROFILE, revision=1)

"""A profile compiled once into an immutable plan: which detector runs on which side, with which options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scangate.detectors.contract import CompiledDetector, DetectorSpec, Resources
from scangate.domain.content import Content
from scangate.domain.profile import ProfilePolicy, Protections
from scangate.domain.taxonomy import Action, Side
from scangate.errors import ProfileInvalidError


@dataclass(frozen=True, slots=True)
class PlannedDetector:
    spec: DetectorSpec[Any]
    options: Any
    compiled: CompiledDetector


@dataclass(frozen=True, slots=True)
class SidePlan:
    detectors: tuple[PlannedDetector, ...] = ()
    masks: bool = False


_NOTHING: Final = SidePlan()


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """`timeout_action` also decides about a detector that failed with an error: both mean "not looked at"."""

    profile_id: str
    profile_name: str
    revision: int
    timeout_seconds: float
    timeout_action: Action
    masks_storage: bool
    sides: Mapping[Side, SidePlan]
    inspects_conversation: bool = False
    """Whether earlier elements are scanned as the newest one is, and not only read as its context."""

    @property
    def runs_models(self) -> bool:
        """Whether a scan under this plan waits for a neural model."""
        return any(planned.spec.runs_model for side in self.sides.values() for planned in side.detectors)

    def side(self, side: Side) -> SidePlan:
        return self.sides.get(side, _NOTHING)

    def characters(self, content: Content) -> int:
        """Code points of what is scanned of a content."""
        earlier = sum(len(part.text) for part in content.history) if self.inspects_conversation else 0
        return content.characters + earlier


def compile_plan(
    policy: ProfilePolicy,
    registry: Sequence[DetectorSpec[Any]],
    resources: Resources,
    *,
    profile_id: str,
    profile_name: str,
    revision: int,
) -> ScanPlan:
    """Compile a validated policy; sides that ask for the same options share one compiled detector.

    Raises:
        ProfileInvalidError: the document names a category, data profile or the like that does not exist.
    """
    profile = policy.security_profile
    memo: dict[tuple[str, str], PlannedDetector] = {}
    sides = {side: _compile_side(profile.protections(side), side, registry, resources, memo) for side in Side}
    latency = profile.model_configuration.latency
    return ScanPlan(
        profile_id=profile_id,
        profile_name=profile_name,
        revision=revision,
        timeout_seconds=float(latency.max_inline_latency),
        timeout_action=Action.ALLOW if latency.inline_timeout_action == "allow" else Action.BLOCK,
        masks_storage=profile.model_configuration.mask_data_in_storage,
        sides=sides,
        inspects_conversation=profile.model_configuration.enable_full_conversation_inspection,
    )


def _compile_side(
    protections: Protections,
    side: Side,
    registry: Sequence[DetectorSpec[Any]],
    resources: Resources,
    memo: dict[tuple[str, str], PlannedDetector],
) -> SidePlan:
    planned: list[PlannedDetector] = []
    for spec in registry:
        if side not in spec.sides:
            continue
        try:
            options = spec.from_protections(protections)
        except ProfileInvalidError as error:
            raise _below_configuration(error) from None
        if options is None:
            continue
        key = (spec.name, options.model_dump_json())
        if key not in memo:
            memo[key] = PlannedDetector(spec, options, spec.compile(options, resources))
        planned.append(memo[key])
    data = protections.data_protection
    leak = data.data_leak_detection if data else None
    return SidePlan(tuple(planned), masks=bool(leak and leak.mask_data_inline))


def _below_configuration(error: ProfileInvalidError) -> ProfileInvalidError:
    """A detector knows its own part of the document only; users want the path from the top."""
    reason = error.message.rpartition(f"{error.path}: ")[2] if error.path else error.message
    return ProfileInvalidError(reason, path=f"ai-security-profiles[0].model-configuration.{error.path}")

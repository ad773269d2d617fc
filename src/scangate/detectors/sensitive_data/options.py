"""The sensitive-data detector's share of a security profile: `data-protection.data-leak-detection`."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, SkipValidation, model_validator
from pydantic.json_schema import SkipJsonSchema

from scangate.detectors.sensitive_data.data_profiles import DataProfile, find_profile, predefined_profiles
from scangate.detectors.sensitive_data.own.profile import OwnDataProfile
from scangate.domain.profile import DataLeakDetection, Protections
from scangate.domain.taxonomy import Action, Confidence, Severity
from scangate.errors import ProfileInvalidError

_PATH: Final = "data-protection.data-leak-detection"


class OwnMember(BaseModel):
    """A data profile of the tenant's own, by what tells its revisions apart, and compiled."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    data_profile_id: str = Field(description="Its id.")
    name: str = Field(description="Its name.")
    revision: int = Field(description="The revision that was compiled.")
    profile: Annotated[OwnDataProfile, SkipValidation, SkipJsonSchema()] = Field(exclude=True)


class SensitiveDataOptions(BaseModel):
    """What to look for, what to do about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(description="What to do when sensitive data is found: block, alert or allow.")
    data_profiles: tuple[DataProfile, ...] = Field(
        description="The data profiles that say which data patterns count, and from which confidence on."
    )
    own: tuple[OwnMember, ...] = Field(default=(), description="The tenant's own data profiles among them.")
    severity: Severity | None = Field(default=None, description="Severity of every finding; unset, each pattern has its own.")
    mask_inline: bool = Field(default=False, description="Return a copy of the text with each flagged value replaced by X.")
    minimum_confidence: Confidence | None = Field(
        default=None, description="Flag from this confidence on, whatever the data profiles say: low, medium or high."
    )

    @model_validator(mode="after")
    def _some_data_profile(self) -> Self:
        if not self.data_profiles and not self.own:
            raise ValueError("at least one data profile is needed")
        return self


def from_protections(protections: Protections) -> SensitiveDataOptions | None:
    """The options that a profile asks for; None when the action is empty or no data profile is named.

    Beyond the documented fields, `minimum-confidence` (low, medium, high) is read: an extension of this product.

    Raises:
        ProfileInvalidError: a data profile or confidence that does not exist.
    """
    data = protections.data_protection
    leak = data.data_leak_detection if data is not None else None
    if leak is None or not leak.action or not leak.member:
        return None
    profiles, own = [], []
    for index, member in enumerate(leak.member):
        if isinstance(member.own, OwnDataProfile):
            mine = member.own
            name = mine.document.data_profile_name
            own.append(OwnMember(data_profile_id=mine.data_profile_id, name=name, revision=mine.revision, profile=mine))
            continue
        profile = find_profile(member)
        if profile is None:
            known = ", ".join(profile.name for profile in predefined_profiles())
            raise ProfileInvalidError(f"unknown data profile; known: {known}", path=f"{_PATH}.member[{index}].text")
        profiles.append(profile)
    return SensitiveDataOptions(
        action=Action(leak.action),
        data_profiles=tuple(profiles),
        own=tuple(own),
        severity=leak.severity,
        mask_inline=leak.mask_data_inline,
        minimum_confidence=_minimum_confidence(leak),
    )


def _minimum_confidence(leak: DataLeakDetection) -> Confidence | None:
    value = (leak.model_extra or {}).get("minimum-confidence")
    if value is None:
        return None
    try:
        return Confidence(value)
    except ValueError:
        raise ProfileInvalidError("known: low, medium, high", path=f"{_PATH}.minimum-confidence") from None

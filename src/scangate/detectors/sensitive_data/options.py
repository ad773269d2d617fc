"""What a profile asks of the sensitive-data detector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.sensitive_data.rule import DataCategory
from scangate.domain.profile import DlpMember, Protections
from scangate.domain.taxonomy import Action, Severity
from scangate.errors import ProfileInvalidError

_PATH: Final = "data-protection.data-leak-detection.member"
_OLD_IDS: Final = {"11995025": "Sensitive Content", "11995043": "Sensitive Content"}


@dataclass(frozen=True, slots=True)
class DataProfile:
    """A named group of data categories."""

    name: str
    id: str
    categories: frozenset[DataCategory]


@cache
def data_profiles() -> tuple[DataProfile, ...]:
    """The predefined ones."""
    rows = yaml.safe_load(files(__package__).joinpath("data_profiles.yaml").read_text("utf-8"))
    return tuple(DataProfile(row["name"], row["id"], frozenset(map(DataCategory, row["categories"]))) for row in rows)


class SensitiveDataOptions(BaseModel):
    """Matches of medium and high confidence are flagged; those of low confidence are reported only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(description="What to do about flagged data: block, allow or alert.")
    severity: Severity = Field(Severity.HIGH, description="Severity of a finding.")
    profile_name: str = Field(description="Name of the first data profile, for reports.")
    profile_id: str = Field(description="Its id.")
    categories: tuple[DataCategory, ...] = Field(description="Categories of data to look for.")


def from_protections(protections: Protections) -> SensitiveDataOptions | None:
    """The options of `data-leak-detection`; None when it has no action or no member.

    Raises:
        ProfileInvalidError: a member names no data profile.
    """
    leak = protections.data_protection.data_leak_detection if protections.data_protection else None
    if leak is None or not leak.action or not leak.member:
        return None
    chosen = [_find(member, index) for index, member in enumerate(leak.member)]
    return SensitiveDataOptions(
        action=Action(leak.action),
        severity=leak.severity or Severity.HIGH,
        profile_name=chosen[0].name,
        profile_id=chosen[0].id,
        categories=tuple(sorted(frozenset[DataCategory]().union(*(profile.categories for profile in chosen)))),
    )


def _find(member: DlpMember, index: int) -> DataProfile:
    """By id where one is given, else by name, ignoring case."""
    by_id = next((p for p in data_profiles() if member.id and p.id == member.id), None)
    name = _OLD_IDS.get(member.id, member.text).strip().lower()
    found = by_id or next((profile for profile in data_profiles() if profile.name.lower() == name), None)
    if found is None:
        raise ProfileInvalidError(f"unknown data profile {member.text[:64]!r}", path=f"{_PATH}[{index}].text")
    return found

"""Data profiles: named selections of data patterns, as `data-leak-detection.member` of a security profile refers to them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.sensitive_data.rule import RANK, DataCategory
from scangate.domain.profile import DlpMember
from scangate.domain.taxonomy import Confidence
from scangate.errors import ConfigurationError
from scangate.matching.documents import read_yaml


def at_least(confidence: Confidence, minimum: Confidence) -> bool:
    return RANK[confidence] >= RANK[minimum]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Selection(_Document):
    """Data patterns by category or by name: matched by `count` matches of a minimum confidence, by so many different values where
    they are to be `unique`."""

    categories: tuple[DataCategory, ...] = ()
    patterns: tuple[str, ...] = ()
    minimum: Confidence = Confidence.MEDIUM
    count: int = Field(default=1, ge=1, le=500)
    unique: bool = False

    def covers(self, category: DataCategory, name: str) -> bool:
        return category in self.categories or name in self.patterns


class DataProfile(_Document):
    """A data profile; `ids[0]`, where there is one, is the id that reports show."""

    name: str
    aliases: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    version: int = 1
    description: str = ""
    select: tuple[Selection, ...] = Field(min_length=1)
    """The first rule: matched when one of its selections is."""
    second: tuple[Selection, ...] = ()
    """The second rule, as a rule for many weak matches where the first is for one strong one."""

    def minimum_for(self, category: DataCategory, name: str) -> Confidence | None:
        """From which confidence on a pattern counts for one of the rules; None when the profile does not ask for it."""
        wanted = [selection.minimum for selection in (*self.select, *self.second) if selection.covers(category, name)]
        return min(wanted, key=RANK.__getitem__, default=None)

    def referred_to_by(self, member: DlpMember) -> "DataProfile":  # noqa: UP037 - the class itself
        """This profile with the id and version that the security profile wrote."""
        version = int(member.version) if member.version.isdecimal() else self.version
        ids = (member.id, *self.ids) if member.id else self.ids
        return self.model_copy(update={"ids": ids, "version": version})


@cache
def predefined_profiles() -> tuple[DataProfile, ...]:
    """The data profiles that ship with the package, read once.

    Raises:
        ConfigurationError: the document has another shape.
    """
    document = read_yaml(files(__package__).joinpath("data_profiles.yaml").read_text(encoding="utf-8"))
    if not isinstance(document, dict) or not isinstance(document.get("profiles"), list):
        raise ConfigurationError("data_profiles.yaml: expected a list below `profiles`")
    return tuple(DataProfile.model_validate(entry) for entry in document["profiles"])


def _normal(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())


def find_profile(member: DlpMember) -> DataProfile | None:
    """By id when one is given and known, else by name or alias, ignoring case, hyphens and spaces.

    The ids of one predefined profile differ between tenants of the hosted service: an unknown id with a known name is accepted.
    """
    profiles = predefined_profiles()
    if member.id:
        by_id = next((profile for profile in profiles if member.id in profile.ids), None)
        if by_id is not None:
            return by_id.referred_to_by(member)
    wanted = _normal(member.text)
    for profile in profiles:
        if wanted and wanted in {_normal(name) for name in (profile.name, *profile.aliases)}:
            return profile.referred_to_by(member)
    return None

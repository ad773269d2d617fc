"""What a profile asks of the toxic content detector: an action for each category and confidence level."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from scangate.domain.profile import TOXIC_CATEGORIES, ModelProtection, Protections, parse_toxic_action
from scangate.domain.taxonomy import Action, Severity

Level = Literal["high", "moderate"]
DEFAULT_SEVERITIES: dict[Level, Severity] = {"high": Severity.MEDIUM, "moderate": Severity.LOW}


class CategoryOptions(BaseModel):
    """One of the eight categories; a level without an action is not reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actions: dict[Level, Action] = Field(description="Action for each confidence level.")
    severities: dict[Level, Severity] = Field(DEFAULT_SEVERITIES, description="Severity for each confidence level.")


class ToxicContentOptions(BaseModel):
    """At least one category is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: dict[str, CategoryOptions] = Field(description="Category key of the profile to what is asked of it.")


def from_protections(protections: Protections) -> ToxicContentOptions | None:
    """The options of `toxic-content`; None when no category has an action. A category of the list overrides the whole's action."""
    entry = protections.model("toxic-content")
    if entry is None:
        return None
    categories: dict[str, CategoryOptions] = {}
    if entry.action:
        whole = _options(entry.action, entry)
        categories = dict.fromkeys(TOXIC_CATEGORIES, whole)
    for rule in entry.toxic_category_list or ():
        if rule.action:
            severities = {**DEFAULT_SEVERITIES, **(entry.severity_by_confidence or {}), **(rule.severity_by_confidence or {})}
            categories[rule.category] = CategoryOptions(actions=_actions(rule.action), severities=severities)
        else:
            categories.pop(rule.category, None)
    return ToxicContentOptions(categories=categories) if categories else None


def _options(action: str, entry: ModelProtection) -> CategoryOptions:
    severities = {**DEFAULT_SEVERITIES, **(entry.severity_by_confidence or {})}
    return CategoryOptions(actions=_actions(action), severities=severities)


def _actions(action: str) -> dict[Level, Action]:
    parsed = parse_toxic_action(action)
    levels: tuple[Level, ...] = ("high", "moderate")
    return {level: parsed[level] for level in levels if level in parsed}

"""The two rules of an own data profile: which matches, how many, how many different ones, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scangate.detectors.sensitive_data.own.definition import Condition, Rule
from scangate.detectors.sensitive_data.rule import RANK
from scangate.domain.taxonomy import Confidence


@dataclass(frozen=True, slots=True)
class Counted:
    """A match as rules see it. `category` is "" for own patterns; `values` are of one match or, where several were not told apart, more."""

    pattern: str
    category: str
    confidence: Confidence
    value: str


def covers(condition: Condition, match: Counted) -> bool:
    """Whether a match counts for a condition."""
    if RANK[match.confidence] < RANK[condition.confidence]:
        return False
    if condition.pattern is not None:
        return condition.pattern == match.pattern
    return condition.category is not None and condition.category.value == match.category


def holds(condition: Condition, matches: Sequence[Counted]) -> bool:
    values = [match.value for match in matches if covers(condition, match)]
    return (
        len(values) >= condition.minimum_count
        and len(set(values)) >= condition.minimum_unique_count
        and (condition.maximum_count is None or len(values) <= condition.maximum_count)
    )


def met(rule: Rule, matches: Sequence[Counted]) -> tuple[Condition, ...]:
    """The conditions that hold, where the rule is matched by them; none where it is not."""
    holding = tuple(condition for condition in rule.conditions if holds(condition, matches))
    if rule.operator == "and" and len(holding) < len(rule.conditions):
        return ()
    return holding

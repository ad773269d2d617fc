"""The two rules of predefined data profiles: enough matches, sure enough, different enough. What counts for a matched rule is flagged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scangate.detectors.sensitive_data.data_profiles import DataProfile, Selection, at_least
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.detectors.sensitive_data.rule import DataCategory
from scangate.domain.taxonomy import Confidence


def judged(
    findings: Sequence[SensitiveDataFinding], profiles: Sequence[DataProfile], least: Confidence | None, text: str
) -> list[SensitiveDataFinding]:
    """The findings of predefined patterns in one part, flagged and numbered by the rules for which they count.

    `least` stands for every confidence of the first rules and switches the second ones off. Spans are those of `text`. Linear in
    the findings.
    """
    matched: list[set[int]] = [set() for _ in findings]
    for profile in profiles:
        for number, selections in enumerate((profile.select, () if least else profile.second), start=1):
            for selection in selections:
                members = _members(findings, selection, least or selection.minimum)
                if _size(members, findings, selection, text) >= selection.count:
                    for index in members:
                        matched[index].add(number)
    return [_flagged(finding, tuple(sorted(rules))) for finding, rules in zip(findings, matched, strict=True)]


def _members(findings: Sequence[SensitiveDataFinding], selection: Selection, minimum: Confidence) -> list[int]:
    return [
        index
        for index, finding in enumerate(findings)
        if at_least(finding.confidence, minimum) and selection.covers(DataCategory(finding.category), finding.pattern_name)
    ]


def _size(members: Sequence[int], findings: Sequence[SensitiveDataFinding], selection: Selection, text: str) -> int:
    if not selection.unique:
        return len(members)
    return len({_comparable(text[findings[index].span.start : findings[index].span.end]) for index in members})


def _comparable(value: str) -> str:
    """A value without the separators that people write into it."""
    return "".join(char for char in value.casefold() if char.isalnum()) or value


def _flagged(finding: SensitiveDataFinding, rules: tuple[int, ...]) -> SensitiveDataFinding:
    if finding.flagged is bool(rules) and finding.matched_rules == rules:
        return finding
    return replace(finding, flagged=bool(rules), matched_rules=rules)

"""Masked copies of the parts of one side: one `X` per character over the union of what sensitive data covers."""

from __future__ import annotations

from collections.abc import Sequence

from scangate.domain.content import Part, Span, union
from scangate.domain.finding import DetectorOutcome, Finding
from scangate.domain.taxonomy import DetectorName, OutcomeStatus, PartKind
from scangate.domain.verdict import MaskedPart, SideVerdict
from scangate.matching.json_text import mask_json
from scangate.matching.masking import mask


def mask_parts(parts: Sequence[Part], outcomes: Sequence[DetectorOutcome]) -> tuple[MaskedPart | None, ...]:
    """Aligned with `parts`; None where the sensitive-data detector flagged nothing."""
    found = next((o for o in outcomes if o.detector is DetectorName.SENSITIVE_DATA and o.status is OutcomeStatus.OK), None)
    if found is None or not found.flagged:
        return (None,) * len(parts)
    return tuple(_mask_part(part, findings) for part, findings in zip(parts, found.findings, strict=True))


def stored_texts(side: SideVerdict) -> list[str | None]:
    """The texts of a side without the sensitive data that was found in them; null where the search for it failed."""
    outcome = side.outcome(DetectorName.SENSITIVE_DATA)
    if outcome is not None and outcome.status is not OutcomeStatus.OK:
        return [None] * len(side.parts)
    masked = mask_parts(side.parts, side.outcomes)
    return [part.text if found is None else found.text for part, found in zip(side.parts, masked, strict=True)]


def _mask_part(part: Part, findings: Sequence[Finding]) -> MaskedPart | None:
    by_pattern: dict[str, list[Span]] = {}
    for finding in findings:
        if finding.flagged:
            by_pattern.setdefault(finding.rule, []).append(finding.span)
    if not by_pattern:
        return None
    covered = union(span for spans in by_pattern.values() for span in spans)
    text = mask_json(part.text, covered) if part.kind is PartKind.JSON else mask(part.text, covered)
    return MaskedPart(text, tuple((pattern, tuple(union(spans))) for pattern, spans in by_pattern.items()))

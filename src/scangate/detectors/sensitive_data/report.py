"""`result_detail` of the report row `dlp`: the data profile, where its patterns matched, masked snippets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.sensitive_data.data_profiles import DataProfile
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.detectors.sensitive_data.options import SensitiveDataOptions
from scangate.detectors.sensitive_data.own.report import own_rows
from scangate.detectors.sensitive_data.rule import DataCategory
from scangate.domain.content import Span, union
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Confidence
from scangate.matching.masking import mask

_SNIPPETS: Final = 10
_SNIPPET_LENGTH: Final = 1_000
_AROUND: Final = 100
_SUREST_FIRST: Final = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)


def report(options: SensitiveDataOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """`dlp_report` always; its offsets when patterns matched; `dlp_snippets` when the row is malicious.

    Offsets are code points of the part that they were found in, `[start, end]` with an inclusive end; those of several parts of
    one side stand side by side. Snippets quote the text around values with every value, sure or not, replaced by X.
    """
    own = [[finding for finding in part if isinstance(finding, SensitiveDataFinding)] for part in findings]
    flagged = [finding for part in own for finding in part if finding.flagged]
    dlp_report: JsonObject = {
        "dlp_report_id": _report_id(context),
        **(own_rows(options, flagged) or _predefined(options, flagged)),
    }
    offsets = _offsets(finding for part in own for finding in part)
    if offsets:
        dlp_report["data_pattern_detection_offsets"] = offsets
    detail: JsonObject = {"dlp_report": dlp_report}
    if flagged:
        detail["dlp_snippets"] = _snippets(own, context)
    return detail


def _predefined(options: SensitiveDataOptions, flagged: Sequence[SensitiveDataFinding]) -> JsonObject:
    profile = _profile(options, flagged)
    matched = {finding.matched_rules for finding in flagged if not finding.data_profile_id}
    return {
        "dlp_profile_name": profile.name,
        "dlp_profile_id": profile.ids[0] if profile.ids else "",
        "dlp_profile_version": profile.version,
        "data_pattern_rule1_verdict": "MATCHED" if any(2 not in rules or 1 in rules for rules in matched) else "NOT_MATCHED",
        "data_pattern_rule2_verdict": "MATCHED" if any(2 in rules for rules in matched) else "",
    }


def _profile(options: SensitiveDataOptions, flagged: Sequence[SensitiveDataFinding]) -> DataProfile:
    """The row has room for one data profile: the first that selects something flagged, else the first."""
    for profile in options.data_profiles:
        if any(profile.minimum_for(DataCategory(finding.category), finding.pattern_name) for finding in flagged):
            return profile
    return options.data_profiles[0]


def _report_id(context: ReportContext) -> str:
    side = context.parts[0].side.value if context.parts else ""
    return sha256(f"{context.scan_id}:{side}".encode()).hexdigest().upper()


def _by_pattern(findings: Iterable[SensitiveDataFinding]) -> dict[str, list[SensitiveDataFinding]]:
    grouped: dict[str, list[SensitiveDataFinding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.pattern_id].append(finding)
    return grouped


def _offsets(findings: Iterable[SensitiveDataFinding]) -> list[JsonObject]:
    return [
        {
            "data_pattern_id": pattern_id,
            "version": same[0].version,
            "name": same[0].pattern_name,
            "high_confidence_detections": _ranges(same, Confidence.HIGH),
            "medium_confidence_detections": _ranges(same, Confidence.MEDIUM),
            "low_confidence_detections": _ranges(same, Confidence.LOW),
        }
        for pattern_id, same in _by_pattern(findings).items()
    ]


def _ranges(findings: Sequence[SensitiveDataFinding], confidence: Confidence) -> list[list[int]] | None:
    ranges = [[f.span.start, f.span.end - 1] for f in findings if f.confidence is confidence and len(f.span) > 0]
    return ranges or None


def _snippets(findings: Sequence[Sequence[SensitiveDataFinding]], context: ReportContext) -> JsonObject:
    """The spec has room for one pattern: the surest, then the most frequent."""
    grouped = _by_pattern(finding for part in findings for finding in part if finding.flagged)
    shown = min(grouped.values(), key=lambda same: (min(_SUREST_FIRST.index(f.confidence) for f in same), -len(same)))
    surest = min((finding.confidence for finding in shown), key=_SUREST_FIRST.index)
    meta: JsonObject = {"data_pattern": shown[0].pattern_id, "confidence_level": surest.value, "occurrence": len(shown)}
    keyword = next((finding.context_keyword for finding in shown if finding.context_keyword), "")
    if keyword:
        meta["data_pattern_type"] = keyword
    quotes: list[str] = []
    for part, same in zip(context.parts, findings, strict=True):
        hidden = union(finding.span for finding in same)
        spans = [finding.span for finding in same if finding.pattern_id == shown[0].pattern_id and finding.flagged]
        quotes += [_quote(part.text, span, hidden) for span in spans[: _SNIPPETS - len(quotes)]]
    return {"meta": meta, "snippets": quotes}


def _quote(text: str, span: Span, hidden: Sequence[Span]) -> str:
    start = max(0, span.start - _AROUND)
    end = min(len(text), span.end + _AROUND, start + _SNIPPET_LENGTH)
    inside = (Span(max(covered.start, start) - start, min(covered.end, end) - start) for covered in hidden)
    return mask(text[start:end], (covered for covered in inside if covered.start < covered.end))

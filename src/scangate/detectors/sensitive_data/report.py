"""The report row of the sensitive-data detector: DlpReportObject and DlpSnippetObject of the scan API."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.sensitive_data.findings import SensitiveDataFinding
from scangate.detectors.sensitive_data.options import SensitiveDataOptions
from scangate.domain.content import Span, union
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Confidence
from scangate.matching.masking import mask

_AROUND = 40
_SNIPPETS = 10


def report(options: SensitiveDataOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """Offsets of several parts of one side stand side by side, each in code points of its own part, ends inclusive."""
    found = [finding for part in findings for finding in part if isinstance(finding, SensitiveDataFinding)]
    flagged = [finding for finding in found if finding.flagged]
    report: dict[str, Any] = {
        "dlp_report_id": hashlib.sha256(f"{context.scan_id}:{options.profile_id}".encode()).hexdigest().upper(),
        "dlp_profile_name": options.profile_name,
        "dlp_profile_id": options.profile_id,
        "data_pattern_rule1_verdict": "MATCHED" if flagged else "NOT_MATCHED",
        "data_pattern_rule2_verdict": "",
    }
    if found:
        report["data_pattern_detection_offsets"] = [_pattern(name, found) for name in dict.fromkeys(f.rule for f in found)]
    detail: JsonObject = {"dlp_report": report}
    if flagged:
        detail["dlp_snippets"] = _snippets(flagged[0], findings, context)
    return detail


def _pattern(name: str, found: Sequence[SensitiveDataFinding]) -> JsonObject:
    own = [finding for finding in found if finding.rule == name]
    document: JsonObject = {"data_pattern_id": own[0].pattern_id, "version": own[0].version, "name": name}
    for level in Confidence:
        spans = [[f.span.start, f.span.end - 1] for f in own if f.confidence is level]
        document[f"{level.value}_confidence_detections"] = spans or None
    return document


def _snippets(first: SensitiveDataFinding, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """What stands around the first pattern's matches, with every sensitive value in it masked."""
    snippets: list[str] = []
    occurrence = 0
    for part, own in zip(context.parts, findings, strict=True):
        masked = mask(part.text, union(finding.span for finding in own if finding.flagged))
        for finding in own:
            if finding.rule == first.rule and finding.flagged:
                occurrence += 1
                snippets.append(_around(masked, finding.span))
    meta: JsonObject = {"data_pattern": first.pattern_id, "confidence_level": first.confidence.value, "occurrence": occurrence}
    if first.context_keyword:
        meta["data_pattern_type"] = first.context_keyword
    return {"meta": meta, "snippets": snippets[:_SNIPPETS]}


def _around(text: str, span: Span) -> str:
    return text[max(0, span.start - _AROUND) : span.end + _AROUND][:1000]

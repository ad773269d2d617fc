"""The report row of the service `source_code`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.source_code.finding import CATEGORY, SourceCodeFinding
from scangate.detectors.source_code.options import SourceCodeOptions
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Verdict

MAX_SNIPPETS: Final = 10
MAX_SNIPPET_CHARACTERS: Final = 1000


def report(
    options: SourceCodeOptions,  # noqa: ARG001 - the signature of every detector's report
    findings: Sequence[Sequence[Finding]],
    context: ReportContext,
) -> JsonObject:
    """The documented verdict, and as an extension the languages and the blocks. `confidence_score` is in [0, 1], 0 without any code.

    `location` of a block is inclusive, in code points of its part, `part` the part's index.
    """
    found = [
        (index, part.text, finding)
        for index, (part, of_part) in enumerate(zip(context.parts, findings, strict=False))
        for finding in of_part
        if isinstance(finding, SourceCodeFinding)
    ]
    verdict = Verdict.MALICIOUS if any(finding.flagged for _, _, finding in found) else Verdict.BENIGN
    detail: JsonObject = {
        "source_code_report": {
            "verdict": verdict.value,
            "confidence_score": max((finding.score for _, _, finding in found), default=0.0),
            "code_present": bool(found),
            "category": CATEGORY,
        }
    }
    if not found:
        return detail
    best = sorted(found, key=lambda entry: (not entry[2].flagged, -entry[2].score))
    detail["source_code_report"]["languages"] = list(
        dict.fromkeys(finding.language for _, _, finding in best if finding.language)
    )
    detail["source_code_report"]["blocks"] = [_block(index, finding) for index, _, finding in found]
    snippets = [text[finding.span.start : finding.span.end][:MAX_SNIPPET_CHARACTERS] for _, text, finding in best]
    detail["source_code_snippets"] = list(dict.fromkeys(snippets))[:MAX_SNIPPETS]
    return detail


def _block(index: int, finding: SourceCodeFinding) -> JsonObject:
    return {
        "part": index,
        "location": [finding.span.start, max(finding.span.start, finding.span.end - 1)],
        "kind": finding.kind.value,
        "language": finding.language,
        "lines": finding.lines,
        "confidence_score": finding.score,
    }

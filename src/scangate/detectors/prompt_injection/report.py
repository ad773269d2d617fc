"""The report row of prompt injection: PiReportObject and the offending text itself."""

from __future__ import annotations

from collections.abc import Sequence

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.prompt_injection.options import PromptInjectionOptions
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Verdict

_SNIPPETS = 10
_SNIPPET_LENGTH = 1000


def report(options: PromptInjectionOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """`{}` when benign. Snippets are the judged stretches as they stand in the content, hidden ones still encoded."""
    del options
    snippets = [
        part.text[finding.span.start : finding.span.end][:_SNIPPET_LENGTH]
        for part, own in zip(context.parts, findings, strict=True)
        for finding in own
        if finding.flagged
    ]
    if not snippets:
        return {}
    return {"pi_report": {"verdict": Verdict.MALICIOUS.value}, "pi_snippets": snippets[:_SNIPPETS]}

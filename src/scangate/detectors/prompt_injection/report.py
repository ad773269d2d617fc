"""The report row of the service `pi`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.guard import language_note
from scangate.detectors.prompt_injection.options import PromptInjectionOptions
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Verdict

MAX_SNIPPETS: Final = 10
MAX_SNIPPET_LENGTH: Final = 1000


def report(_options: PromptInjectionOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """Nothing when nothing is flagged, else the verdict and the offending texts as they were sent, best evidence first."""
    flagged = [
        (finding, part.text) for part, found in zip(context.parts, findings, strict=True) for finding in found if finding.flagged
    ]
    note = language_note(context.parts)
    if not flagged:
        return note
    flagged.sort(key=lambda entry: -entry[0].score)
    snippets = [text[finding.span.start : finding.span.end][:MAX_SNIPPET_LENGTH] for finding, text in flagged]
    return {
        "pi_report": {"verdict": Verdict.MALICIOUS.value},
        "pi_snippets": list(dict.fromkeys(snippets))[:MAX_SNIPPETS],
        **note,
    }

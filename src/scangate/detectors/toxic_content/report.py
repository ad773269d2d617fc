"""The report row of the service `tc`, and the detector's share of the detection details."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.guard import language_note
from scangate.detectors.toxic_content.options import ToxicContentOptions
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Confidence, Verdict

MAX_SNIPPETS: Final = 10
MAX_SNIPPET_LENGTH: Final = 1000
DISPLAY_NAMES: Final = {
    "violent-crime": "Violent Crimes",
    "hate": "Hate",
    "sexual-content": "Sexual Content",
    "indiscriminate-weapon": "Indiscriminate Weapons",
    "self-harm": "Self-Harm",
    "cybercrime": "Cybercrimes",
    "controlled-substance": "Controlled Substances",
    "other-nonviolent-crime": "Other Non-violent crime and Misconduct",
}
"""As the hosted service shows them; those of hate, sexual content, self-harm and controlled substances were never captured."""


def report(_options: ToxicContentOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """`tc_report` always; snippets are the windows that were judged toxic, worst first."""
    flagged = [
        (finding, part.text) for part, found in zip(context.parts, findings, strict=True) for finding in found if finding.flagged
    ]
    flagged.sort(key=lambda entry: -entry[0].score)
    high = any(finding.confidence is Confidence.HIGH for finding, _ in flagged)
    verdict = Verdict.MALICIOUS if flagged else Verdict.BENIGN
    row: JsonObject = {
        "tc_report": {
            "confidence": ("high" if high else "moderate") if flagged else "",
            "verdict": verdict.value,
            "toxic_categories": _names([finding for finding, _ in flagged]),
        },
        **language_note(context.parts),
    }
    if flagged:
        snippets = [text[finding.span.start : finding.span.end][:MAX_SNIPPET_LENGTH] for finding, text in flagged]
        row["tc_snippets"] = list(dict.fromkeys(snippets))[:MAX_SNIPPETS]
    return row


def details(findings: Sequence[Finding]) -> JsonObject:
    """`toxic_content_details` where something was flagged."""
    names = _names([finding for finding in findings if finding.flagged])
    return {"toxic_content_details": {"toxic_categories": names}} if names else {}


def _names(findings: Sequence[Finding]) -> list[str]:
    found = {finding.category for finding in findings}
    return [name for category, name in DISPLAY_NAMES.items() if category in found]

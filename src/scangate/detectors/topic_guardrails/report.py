"""The report row of topic guardrails, and the detector's share of the detection details."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.guard import language_note
from scangate.detectors.topic_guardrails.finding import Rule
from scangate.detectors.topic_guardrails.options import TopicGuardrailsOptions
from scangate.domain.finding import Finding

MAX_SNIPPETS: Final = 20
MAX_SNIPPET_LENGTH: Final = 1000


def report(_options: TopicGuardrailsOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """`topic_guardrails_report` always; snippets are the sentences that matched, or that no allowed topic matches."""
    found = [
        (finding, part.text) for part, part_findings in zip(context.parts, findings, strict=True) for finding in part_findings
    ]
    blocked = _names((finding for finding, _ in found), Rule.BLOCKED)
    allowed = _names((finding for finding, _ in found), Rule.ALLOWED)
    row: JsonObject = {
        "topic_guardrails_report": {
            "allowed_topic_list": "matched" if allowed else "not_matched",
            "blocked_topic_list": "matched" if blocked else "not_matched",
            "allowedTopics": allowed,
            "blockedTopics": blocked,
        },
        **language_note(context.parts),
    }
    snippets = [
        {
            "rule": str(finding.rule),
            "topic": finding.category,
            "snippet": text[finding.span.start : finding.span.end][:MAX_SNIPPET_LENGTH],
        }
        for finding, text in found
        if finding.flagged
    ]
    if snippets:
        row["topic_guardrails_snippets"] = snippets[:MAX_SNIPPETS]
    return row


def details(findings: Sequence[Finding]) -> JsonObject:
    """`topic_guardrails_details` where a topic matched or none that is allowed did."""
    if not findings:
        return {}
    names = {"allowed_topics": _names(findings, Rule.ALLOWED), "blocked_topics": _names(findings, Rule.BLOCKED)}
    return {"topic_guardrails_details": names}


def _names(findings: Iterable[Finding], rule: Rule) -> list[str]:
    return list(dict.fromkeys(finding.category for finding in findings if finding.rule == rule))

"""The report row of the service `contextual_grounding`: `cg_report`, and claim by claim what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from scangate.detectors.contextual_grounding import checks, detector
from scangate.detectors.contextual_grounding.finding import Summary, UngroundedClaim
from scangate.detectors.contextual_grounding.options import ContextualGroundingOptions
from scangate.detectors.contract import JsonObject, ReportContext
from scangate.domain.finding import Finding

COMPLETED: Final = "completed"
PENDING: Final = "pending"
GROUNDED: Final = "grounded"
_EXPLAINED: Final = 5
_QUOTED: Final = 200
_NAMES: Final = {
    checks.CONTRADICTION: "contradicts the context",
    checks.NOT_IN_CONTEXT: "is not in the context",
    checks.WRONG_NUMBER: "has a number that is not the context's",
    checks.WRONG_DATE: "has a date that is not the context's",
    checks.WRONG_UNIT: "has a number of the context with another unit",
    checks.WRONG_ENTITY: "has a name that is not the context's",
    checks.WRONG_QUOTATION: "quotes what the context does not say",
}
_NOTES: Final = {
    detector.NO_CONTEXT: "No context came with the response: nothing was compared.",
    detector.UNREADABLE_CONTEXT: "The context is not readable text: nothing was compared.",
    detector.NO_CLAIMS: "The response claims nothing that could be compared.",
    detector.CONTEXT_CUT: f"Of the context the first {detector.CONTEXT_MOST:,} characters were read; only contradictions count.",
    detector.RESPONSE_CUT: f"Of the response the first {detector.RESPONSE_MOST:,} characters were read.",
}


def report(_options: ContextualGroundingOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """`cg_report` as the scan API has it, `category` that of the gravest claim; `cg_claims`, an extension, lists the claims with their
    places in the response and in the context (inclusive code points)."""
    if not any(findings):
        return {"cg_report": {"status": PENDING, "explanation": "The response was not compared in time.", "category": ""}}
    claims = list(_claims(findings, context))
    summaries = [finding for found in findings for finding in found if isinstance(finding, Summary)]
    document: JsonObject = {
        "cg_report": {
            "status": COMPLETED,
            "explanation": " ".join(_sentences(claims, summaries)),
            "category": max(claims, key=lambda pair: pair[0].score)[0].category if claims else _category(summaries),
        }
    }
    if claims:
        document["cg_claims"] = [_row(finding, claim) for finding, claim in claims]
    return document


def _claims(findings: Sequence[Sequence[Finding]], context: ReportContext) -> Iterator[tuple[UngroundedClaim, str]]:
    for part, found in zip(context.parts, findings, strict=False):
        for finding in found:
            if isinstance(finding, UngroundedClaim):
                yield finding, part.text[finding.span.start : finding.span.end]


def _category(summaries: Sequence[Summary]) -> str:
    for note in (detector.NO_CONTEXT, detector.UNREADABLE_CONTEXT):
        if summaries and all(summary.note == note for summary in summaries):
            return note
    return GROUNDED


def _sentences(claims: Sequence[tuple[UngroundedClaim, str]], summaries: Sequence[Summary]) -> Iterator[str]:
    total, unread = sum(one.claims for one in summaries), sum(one.unread for one in summaries)
    for finding, claim in claims[:_EXPLAINED]:
        detail = f" ({_short(finding.detail)})" if finding.detail else ""
        nearest = f" Nearest passage: {_short(finding.passage)!r}." if finding.passage else ""
        yield f"The claim {_short(claim)!r} {_NAMES[finding.category]}{detail}.{nearest}"
    if len(claims) > _EXPLAINED:
        yield f"{len(claims) - _EXPLAINED} more claims are not grounded."
    if total and not claims:
        yield f"All {total} claims agree with the context." if total > 1 else "The claim agrees with the context."
    if unread:
        yield f"{unread} of {total} claims were compared by words, numbers and names only, for want of time."
    for note in dict.fromkeys(note for one in summaries for note in one.note.split()):
        yield _NOTES[note]


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _QUOTED else plain[: _QUOTED - 1] + "…"


def _row(finding: UngroundedClaim, claim: str) -> JsonObject:
    return {
        "claim": _short(claim),
        "category": finding.category,
        "score": round(finding.score, 3),
        "detail": _short(finding.detail),
        "location": [finding.span.start, max(finding.span.start, finding.span.end - 1)],
        "passage": _short(finding.passage),
        "passage_location": [finding.passage_span.start, max(finding.passage_span.start, finding.passage_span.end - 1)],
    }

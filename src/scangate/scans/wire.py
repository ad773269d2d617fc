"""A verdict in the words of the scan API: the scan response, its report, and rows of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from scangate.detectors.contract import ReportContext
from scangate.domain.content import Declared, Part, Span, ToolMetadata
from scangate.domain.finding import DetectorOutcome, Finding
from scangate.domain.ids import report_id
from scangate.domain.moments import timestamp as timestamp  # also the name that the rest of this slice knows it by
from scangate.domain.taxonomy import Action, OutcomeStatus, Side
from scangate.domain.taxonomy import Verdict as VerdictWord
from scangate.domain.verdict import MaskedPart, SideVerdict, Verdict
from scangate.engine.masking import stored_texts
from scangate.engine.plan import PlannedDetector, ScanPlan
from scangate.matching.masking import MASK
from scangate.scans.threats import Found, found_on, threats_of

SOURCE_API = "AI-Runtime-API"
JsonObject = dict[str, Any]

_CONTENT_TYPE = {Side.PROMPT: "prompt", Side.RESPONSE: "response", Side.TOOL_INPUT: "prompt", Side.TOOL_OUTPUT: "response"}
"""`errors[].content_type`: clients accept these two words only, so a tool's input counts as prompt, its output as response."""
_DIRECTION = {Side.TOOL_INPUT: "input", Side.TOOL_OUTPUT: "output"}


class ScanIds(NamedTuple):
    """Everything that names one scan in answers."""

    scan_id: str
    tr_id: str
    session_id: str
    transaction_id: str
    req_id: int = 0
    source: str = SOURCE_API


def scan_response(verdict: Verdict, plan: ScanPlan, ids: ScanIds, received: datetime, completed: datetime) -> JsonObject:
    """The ScanResponse object. `*_detected` is always there and names the enabled detectors only."""
    prompt, answer = verdict.of(Side.PROMPT), verdict.of(Side.RESPONSE)
    response: JsonObject = {
        "source": ids.source,
        "report_id": report_id(ids.scan_id),
        "scan_id": ids.scan_id,
        "tr_id": ids.tr_id,
        "session_id": ids.session_id,
        "transaction_id": ids.transaction_id,
        "profile_id": plan.profile_id,
        "profile_name": plan.profile_name,
        "category": verdict.category.value,
        "action": verdict.action.value,
        "timeout": verdict.timed_out,
        "error": verdict.errored,
        "errors": _errors(verdict, plan),
        "prompt_detected": _flags(prompt, plan),
        "response_detected": _flags(answer, plan),
        "tool_detected": _tool_detected(verdict, plan),
        "created_at": timestamp(received),
        "completed_at": timestamp(completed),
    }
    for side, found in ((Side.PROMPT, prompt), (Side.RESPONSE, answer)):
        if found is None:
            continue
        masked = _newest_masked(found)
        if masked is not None:
            response[f"{side.value}_masked_data"] = _masked_data(masked)
        details = _details(found, plan)
        if details:
            response[f"{side.value}_detection_details"] = details
    return response


def scan_report(verdict: Verdict, plan: ScanPlan, ids: ScanIds, agent_framework: str = "") -> JsonObject:
    """The ThreatScanReportObject: a row per enabled service and side, prompt rows first.

    Beside the documented fields it says what decided: profile revision, and per row the rules and the time. It is stored, so what
    it quotes is masked where the profile masks data in storage.
    """
    return {
        "source": ids.source,
        "report_id": report_id(ids.scan_id),
        "scan_id": ids.scan_id,
        "req_id": ids.req_id,
        "transaction_id": ids.transaction_id,
        "session_id": ids.session_id,
        "profile_id": plan.profile_id,
        "profile_name": plan.profile_name,
        "profile_revision": plan.revision,
        "detection_results": [
            _row(side, outcome, planned, verdict.tool, plan, (ids.scan_id, agent_framework))
            for side in verdict.sides
            for outcome, planned in _planned(side, plan)
        ],
    }


def _planned(side: SideVerdict, plan: ScanPlan) -> list[tuple[DetectorOutcome, PlannedDetector]]:
    return list(zip(side.outcomes, plan.side(side.side).detectors, strict=True))


def _flags(side: SideVerdict | None, plan: ScanPlan) -> JsonObject:
    if side is None:
        return {}
    return {planned.spec.flag.value: outcome.flagged for outcome, planned in _planned(side, plan)}


def _errors(verdict: Verdict, plan: ScanPlan) -> list[JsonObject]:
    return [
        {
            "content_type": _CONTENT_TYPE[side.side],
            "feature": planned.spec.flag.value,
            "status": outcome.status.value,
        }
        for side in verdict.sides
        for outcome, planned in _planned(side, plan)
        if outcome.status is not OutcomeStatus.OK
    ]


def _details(side: SideVerdict, plan: ScanPlan, among: Sequence[Finding] | None = None) -> JsonObject:
    """Of all findings of a side, or of some."""
    details: JsonObject = {}
    chosen = None if among is None else {id(finding) for finding in among}
    for outcome, planned in _planned(side, plan):
        if planned.spec.details is not None:
            findings = outcome.all_findings
            details.update(planned.spec.details([one for one in findings if chosen is None or id(one) in chosen]))
    return details


def inclusive(span: Span) -> list[int]:
    """`[start, end]` with the end inclusive, in code points, as masking clients expect."""
    return [span.start, span.end - 1]


def _newest_masked(side: SideVerdict) -> MaskedPart | None:
    """Clients put it in the place of what they sent last: an earlier element's must never stand there."""
    return next((part for part in side.masked[: side.newest] if part is not None), None)


def _masked_data(masked: MaskedPart) -> JsonObject:
    return {
        "data": masked.text,
        "pattern_detections": [
            {"pattern": name, "locations": [inclusive(span) for span in spans]} for name, spans in masked.patterns
        ],
    }


def _row(
    side: SideVerdict,
    outcome: DetectorOutcome,
    planned: PlannedDetector,
    tool: ToolMetadata | None,
    plan: ScanPlan,
    about: tuple[str, str],
) -> JsonObject:
    failed = outcome.status is not OutcomeStatus.OK
    parts, findings = _hidden(side, outcome) if plan.masks_storage else (side.parts, outcome.findings)
    scan_id, agent_framework = about
    context = ReportContext(parts, f"{scan_id}:{side.side.value}", agent_framework)
    verdict = VerdictWord.MALICIOUS.value if outcome.flagged else outcome.status.value if failed else VerdictWord.BENIGN.value
    row: JsonObject = {
        "data_type": "tool_event" if side.side in _DIRECTION else side.side.value,
        "detection_service": planned.spec.service.value,
        "verdict": verdict,
        "action": (plan.timeout_action if failed and not outcome.flagged else outcome.action).value,
        "result_detail": planned.spec.report(planned.options, findings, context),
        "rules": sorted({finding.rule for finding in outcome.all_findings if finding.flagged}),
        "elapsed_ms": round(outcome.elapsed_ms, 3),
    }
    if plan.inspects_conversation and outcome.flagged:
        row["found_in"] = _found_in(side, outcome)
    if side.side in _DIRECTION:
        row["metadata"] = {**_tool_metadata(tool), "direction": _DIRECTION[side.side]}
    return row


def _hidden(side: SideVerdict, outcome: DetectorOutcome) -> tuple[tuple[Part, ...], tuple[tuple[Finding, ...], ...]]:
    """Parts and findings as a report may quote them: without the sensitive data that was found, and without any of the text where
    the search for it failed."""
    texts = [
        text if text is not None else MASK * len(part.text) for part, text in zip(side.parts, stored_texts(side), strict=True)
    ]
    parts = tuple(replace(part, text=text) for part, text in zip(side.parts, texts, strict=True))
    found = tuple(
        tuple(finding.hidden(part.text, text) for finding in of_part)
        for part, text, of_part in zip(side.parts, texts, outcome.findings, strict=False)
    )
    return parts, found


def _found_in(side: SideVerdict, outcome: DetectorOutcome) -> list[str]:
    places = (("newest", outcome.findings[: side.newest]), ("earlier", outcome.findings[side.newest :]))
    return [place for place, parts in places if any(finding.flagged for part in parts for finding in part)]


def _tool_metadata(tool: ToolMetadata | None) -> JsonObject:
    tool = tool or ToolMetadata()
    metadata = {"ecosystem": tool.ecosystem, "method": tool.method, "server_name": tool.server_name}
    return {**metadata, "tool_invoked": tool.tool_invoked} if tool.tool_invoked else metadata


def _tool_detected(verdict: Verdict, plan: ScanPlan) -> JsonObject:
    sides = [side for side in (verdict.of(Side.TOOL_INPUT), verdict.of(Side.TOOL_OUTPUT)) if side is not None]
    if verdict.tool is None and not sides:
        return {}
    tool = verdict.tool or ToolMetadata()  # an earlier element may be the only one with a tool event
    flags: JsonObject = {}
    for side in sides:
        for flag, value in _flags(side, plan).items():
            flags[flag] = flags.get(flag, False) or value
    malicious = any(flags.values())
    return {
        "verdict": (VerdictWord.MALICIOUS if malicious else VerdictWord.BENIGN).value,
        "metadata": _tool_metadata(tool),
        "summary": {"detections": flags, "threats": threats_of(found for side in sides for found in found_on(side))},
        "input_detected": {"detection_entries": _entries(verdict.of(Side.TOOL_INPUT), tool, plan)},
        "output_detected": {"detection_entries": _entries(verdict.of(Side.TOOL_OUTPUT), tool, plan)},
    }


def _entries(side: SideVerdict | None, tool: ToolMetadata, plan: ScanPlan) -> list[JsonObject]:
    """One entry, or one for each tool that a result declares; then what was found beside these has an entry of its own."""
    if side is None:
        return []
    found = found_on(side)
    if not side.declared:
        return [_entry(side, plan, tool.tool_invoked, found)]
    entries: list[JsonObject] = []
    for declared in side.declared:
        own = [one for one in found if one.declared is declared]
        entries.append(_entry(side, plan, _shown_name(side, declared), own, declared.span))
    rest = [one for one in found if one.declared is None]
    return [*entries, _entry(side, plan, tool.tool_invoked, rest)] if any(one.finding.flagged for one in rest) else entries


def _entry(side: SideVerdict, plan: ScanPlan, name: str, found: Sequence[Found], place: Span | None = None) -> JsonObject:
    """What was `found`. Masked data is the whole of what was sent, wherever in it the entry stands: it takes the place of that."""
    flagged = {one.detector for one in found if one.finding.flagged}
    entry: JsonObject = {
        "detections": {planned.spec.flag.value: planned.spec.name in flagged for planned in plan.side(side.side).detectors},
        "threats": threats_of(found),
    }
    if name:
        entry = {"tool_invoked": name, **entry}
    masked = _newest_masked(side)
    if masked is not None and place is not None:
        patterns = ((name, tuple(span for span in spans if span.overlaps(place))) for name, spans in masked.patterns)
        masked = replace(masked, patterns=tuple((name, spans) for name, spans in patterns if spans))
    if masked is not None and masked.patterns:
        entry["masked_data"] = _masked_data(masked)
    details = _details(side, plan, [one.finding for one in found]).get("topic_guardrails_details")
    if details:
        entry["details"] = {"topic_guardrails_details": details}
    return entry


def _shown_name(side: SideVerdict, declared: Declared) -> str:
    """A name in which sensitive data was found is not repeated."""
    masked = _newest_masked(side)
    covered = masked.patterns if masked is not None else ()
    spans = [span for _, spans in covered for span in spans if span.overlaps(declared.name_span)]
    return MASK * len(declared.name) if spans else declared.name


def failed_response(ids: ScanIds, profile_id: str | None, action: Action, received: datetime, completed: datetime) -> JsonObject:
    """The result of an asynchronous scan that could not be done at all, such as one whose profile is gone."""
    return {
        "source": ids.source,
        "report_id": report_id(ids.scan_id),
        "scan_id": ids.scan_id,
        "tr_id": ids.tr_id,
        "session_id": ids.session_id,
        "transaction_id": ids.transaction_id,
        "profile_id": profile_id,
        "category": "error",
        "action": action.value,
        "timeout": False,
        "error": True,
        "errors": [],
        "prompt_detected": {},
        "response_detected": {},
        "tool_detected": {},
        "created_at": timestamp(received),
        "completed_at": timestamp(completed),
    }

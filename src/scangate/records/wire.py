"""Rows of the scan log in the words of the management plane and of forwarding. Never content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from scangate.domain.ids import report_id
from scangate.domain.moments import timestamp
from scangate.domain.taxonomy import Action, Service, Side
from scangate.domain.taxonomy import Verdict as VerdictWord
from scangate.identity.labels import Labels
from scangate.records.entry import REJECTED, LogEntry, moment_of
from scangate.records.verdict_bits import SERVICES, SEVERITIES, SIDE_BIT, SIDES, anywhere, severity_counts, violations

JsonObject = dict[str, Any]

SHORT: Final = {
    Service.PI: "pi",
    Service.TC: "tc",
    Service.UF: "uf",
    Service.DLP: "dlp",
    Service.DBS: "dbs",
    Service.MALICIOUS_CODE: "mc",
    Service.SOURCE_CODE: "sc",
    Service.AGENT_SECURITY: "agent",
    Service.TOPIC_GUARDRAILS: "tg",
    Service.CONTEXTUAL_GROUNDING: "cg",
}
"""Services in names of fields, as in `prompt_pi_verdict`."""


def side_present(entry: LogEntry, side: Side) -> bool:
    return bool(entry.sides & 1 << SIDES.index(side))


def _verdict(is_malicious: int | bool) -> str:
    return (VerdictWord.MALICIOUS if is_malicious else VerdictWord.BENIGN).value


def log_document(entry: LogEntry, labels: Labels) -> JsonObject:
    """An entry of `scan_result_entries`. A detector that was off on a side has no field for it."""
    application = labels.applications.get(entry.application_id)
    document: JsonObject = {
        "csp_id": "",
        "tsg_id": entry.tsg_id,
        "scan_id": entry.scan_id,
        "scan_sub_req_id": entry.req_id,
        "item": entry.item,
        "api_key_name": labels.keys.get(entry.api_key_id, ""),
        "app_name": entry.app_name,
        "application_id": entry.application_id,
        "tokens": entry.tokens,
        "text_records": entry.text_records,
        "transaction_id": entry.transaction_id,
        "session_id": entry.session_id,
        "profile_id": entry.profile_id,
        "profile_name": entry.profile_name,
        "profile_revision": entry.profile_revision,
        "model_name": entry.ai_model or (application.model_name if application else ""),
        "user": entry.app_user,
        "user_ip": entry.user_ip,
        "environment": application.environment if application else "",
        "cloud_provider": application.cloud_provider if application else "",
        "agent_framework": entry.agent_framework,
        "agent_id": entry.agent_id,
        "agent_version": entry.agent_version,
        "agent_arn": entry.agent_arn,
        "report_id": report_id(entry.scan_id) if entry.scan_id else "",
        "received_ts": timestamp(moment_of(entry.received_us)),
        "completed_ts": timestamp(moment_of(entry.completed_us)),
        "latency_ms": entry.latency_us / 1000,
        "status": REJECTED if entry.category == REJECTED else "complete",
        "reason": entry.reason,
        "verdict": entry.category,
        "action": entry.action,
        "is_sync": entry.is_sync,
        "timeout": entry.timed_out,
        "error": entry.errored,
        "content_masked": entry.content_masked,
        "severities": severity_counts(entry.severities),
    }
    return document | _verdicts(entry)


def _verdicts(entry: LogEntry) -> JsonObject:
    fields: JsonObject = {
        "is_prompt": side_present(entry, Side.PROMPT),
        "is_response": side_present(entry, Side.RESPONSE),
        "is_tool_event": side_present(entry, Side.TOOL_INPUT) or side_present(entry, Side.TOOL_OUTPUT),
        "detection_service_flags": sum(1 << i for i, service in enumerate(SERVICES) if anywhere(entry.detected, service)),
    }
    for service, short in SHORT.items():
        if anywhere(entry.enabled, service):
            fields[f"{short}_final_verdict"] = _verdict(anywhere(entry.detected, service))
    for side in SIDES:
        if not side_present(entry, side):
            continue
        malicious = False
        for service, short in SHORT.items():
            bit = SIDE_BIT[side, service]
            if entry.enabled & bit:
                malicious = malicious or bool(entry.detected & bit)
                fields[f"{side.value}_{short}_verdict"] = _verdict(entry.detected & bit)
                fields[f"{side.value}_{short}_action"] = (Action.BLOCK if entry.blocked & bit else Action.ALLOW).value
        fields[f"{side.value}_verdict"] = _verdict(malicious)
    return fields


class Tally:
    """Violations by severity, and by detector and severity: one for each service that found something in an item."""

    def __init__(self) -> None:
        self._counts = {(service, severity): 0 for service in SERVICES for severity in SEVERITIES}

    def add(self, severity_mask: int, rows: int = 1) -> Tally:
        for pair in violations(severity_mask):
            self._counts[pair] += rows
        return self

    def of(self, services: Iterable[Service] = SERVICES) -> JsonObject:
        """`{"critical": …, "high": …, "medium": …, "low": …, "total": …}`."""
        chosen = tuple(services)
        counts = {severity.value: sum(self._counts[service, severity] for service in chosen) for severity in reversed(SEVERITIES)}
        return counts | {"total": sum(counts.values())}

    def by_detector(self, *, every: bool = False) -> list[JsonObject]:
        """`every`: also detectors that found nothing."""
        entries: list[JsonObject] = [
            {"detection_type": service.value, "violation_breakdown": self.of([service])} for service in SERVICES
        ]
        return [entry for entry in entries if every or entry["violation_breakdown"]["total"]]

    @property
    def total(self) -> int:
        return sum(self._counts.values())

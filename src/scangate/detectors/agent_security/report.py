"""The report row of the service `agent_security`."""

from __future__ import annotations

from collections.abc import Sequence

from scangate.detectors.agent_security.detector import MODEL_RULE
from scangate.detectors.agent_security.frameworks import wire_name
from scangate.detectors.agent_security.options import AgentSecurityOptions
from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.guard import language_note
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Verdict


def report(_options: AgentSecurityOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """The model's verdict, the kinds of patterns that held, and the framework of the application where it names one."""
    flagged = [finding for found in findings for finding in found if finding.flagged]
    by_model = any(finding.rule == MODEL_RULE for finding in flagged)
    patterns = sorted({finding.category for finding in flagged if finding.category})
    body: JsonObject = {"model_verdict": (Verdict.MALICIOUS if by_model else Verdict.BENIGN).value}
    if context.agent_framework:
        body["agent_framework"] = wire_name(context.agent_framework)
    body["agent_patterns"] = [{"category_type": name, "verdict": Verdict.MALICIOUS.value} for name in patterns]
    return {"agent_report": body, **language_note(context.parts)}

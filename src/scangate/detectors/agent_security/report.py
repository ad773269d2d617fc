"""The report row of the service `agent_security`."""

from __future__ import annotations

from collections.abc import Sequence

from scangate.detectors.agent_security.options import AgentSecurityOptions
from scangate.detectors.contract import JsonObject, ReportContext
from scangate.detectors.guard import language_note
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Verdict


def report(_options: AgentSecurityOptions, findings: Sequence[Sequence[Finding]], context: ReportContext) -> JsonObject:
    """The model's verdict; `agent_patterns` is empty until there are patterns."""
    flagged = any(finding.flagged for found in findings for finding in found)
    verdict = Verdict.MALICIOUS if flagged else Verdict.BENIGN
    return {"agent_report": {"model_verdict": verdict.value, "agent_patterns": []}, **language_note(context.parts)}

"""Agent security: attacks on an agent's tools, memory and data, in prompts and in what tools are given and return."""

from __future__ import annotations

from typing import Final

from scangate.detectors.agent_security.detector import compile_agent_security
from scangate.detectors.agent_security.options import AgentSecurityOptions, from_protections
from scangate.detectors.agent_security.report import report
from scangate.detectors.contract import DetectorSpec
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC: Final = DetectorSpec(
    name=DetectorName.AGENT_SECURITY,
    flag=Flag.AGENT,
    service=Service.AGENT_SECURITY,
    sides=frozenset({Side.PROMPT, Side.TOOL_INPUT, Side.TOOL_OUTPUT}),
    options=AgentSecurityOptions,
    from_protections=from_protections,
    compile=compile_agent_security,
    report=report,
    runs_model=True,
)

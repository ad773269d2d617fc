"""Verdicts of all detectors on all sides as three integers, so that a row of the scan log stays small and a dashboard counts by them.

A *side mask* has a bit per side and service (which were on, which found something, which blocked). A *severity mask* has a bit per
severity and service: the highest severity of what the service found in the item, on whatever side. The orders below are stored:
append to them, never change them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scangate.domain.taxonomy import Service, Severity, Side

SERVICES: Final = (
    Service.PI,
    Service.TC,
    Service.UF,
    Service.DLP,
    Service.DBS,
    Service.MALICIOUS_CODE,
    Service.SOURCE_CODE,
    Service.AGENT_SECURITY,
    Service.TOPIC_GUARDRAILS,
    Service.CONTEXTUAL_GROUNDING,
)
SIDES: Final = (Side.PROMPT, Side.RESPONSE, Side.TOOL_INPUT, Side.TOOL_OUTPUT)
SEVERITIES: Final = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
_WIDTH: Final = 15
"""Bits of a side or a severity: room for five more services, and four times as many still fit a signed 64-bit integer."""

SIDE_BIT: Final = {
    (side, service): 1 << (_WIDTH * row + column) for row, side in enumerate(SIDES) for column, service in enumerate(SERVICES)
}
SEVERITY_BIT: Final = {
    (severity, service): 1 << (_WIDTH * row + column)
    for row, severity in enumerate(SEVERITIES)
    for column, service in enumerate(SERVICES)
}
RANK: Final = {severity: row for row, severity in enumerate(SEVERITIES)}


def side_services(mask: int, side: Side) -> list[Service]:
    """The services whose bit is set for that side."""
    return [service for service in SERVICES if mask & SIDE_BIT[side, service]]


def anywhere(mask: int, service: Service) -> bool:
    """Whether the service's bit is set on any side."""
    return any(mask & SIDE_BIT[side, service] for side in SIDES)


def violations(mask: int) -> Iterator[tuple[Service, Severity]]:
    """What a severity mask says, one pair per service that found something."""
    for pair, bit in SEVERITY_BIT.items():
        if mask & bit:
            yield pair[1], pair[0]


def severity_counts(mask: int) -> dict[str, int]:
    """`{"critical": …, "high": …, "medium": …, "low": …}`: services by the severity of what they found."""
    counts = {severity.value: 0 for severity in reversed(SEVERITIES)}
    for _, severity in violations(mask):
        counts[severity.value] += 1
    return counts

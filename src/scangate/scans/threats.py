"""What `threats` of a tool event says: the words of `Threat`, each read from flagged findings and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scangate.domain.content import Declared
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, DetectorName, Threat
from scangate.domain.verdict import SideVerdict

_INJECTED_COMMAND: Final = "injection"
"""Category of malicious code's findings of commands in arguments."""
_INSTRUCTIONS: Final = frozenset({DetectorName.PROMPT_INJECTION, DetectorName.AGENT_SECURITY})


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, who found it, and the declaration that it stands in."""

    finding: Finding
    detector: DetectorName
    declared: Declared | None = None


def found_on(side: SideVerdict) -> list[Found]:
    """All findings of a side; one that reaches over several declarations once for each of them."""
    found: list[Found] = []
    for outcome in side.outcomes:
        for index, findings in enumerate(outcome.findings):
            declarations = side.declared if index == 0 else ()
            for finding in findings:
                within = [declared for declared in declarations if finding.span.overlaps(declared.span)]
                found += [Found(finding, outcome.detector, declared) for declared in within or (None,)]
    return found


def threats_of(found: Iterable[Found]) -> list[str]:
    """In the order of the list. What blocks an event is `context poisoning` as well, as the hosted service has it."""
    named = {threat for item in found for threat in _threats(item)}
    return [threat.value for threat in Threat if threat in named]


def _threats(found: Found) -> Iterable[Threat]:
    finding, detector = found.finding, found.detector
    if not finding.flagged:
        return
    yield from finding.threats
    if detector is DetectorName.SENSITIVE_DATA:
        yield Threat.CREDENTIAL_LEAKAGE
    if detector is DetectorName.MALICIOUS_CODE and finding.category == _INJECTED_COMMAND:
        yield Threat.COMMAND_INJECTION
    if found.declared is not None and detector in _INSTRUCTIONS:
        yield Threat.TOOL_POISONING
    if finding.action is Action.BLOCK:
        yield Threat.CONTEXT_POISONING

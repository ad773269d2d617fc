"""What a detector found, and how its run ended. Evidence is a span, never a copy of the content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from scangate.domain.content import Span
from scangate.domain.taxonomy import Action, Confidence, DetectorName, Encoding, OutcomeStatus, Severity, Threat


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of evidence in one part.

    `span` is in code points of `Part.text`, whatever view betrayed it. `score` is in [0, 1]. `flagged` says whether the
    finding makes the verdict malicious (a low-confidence pattern match is reported and does not). `action` is what the
    profile wants for it. Detectors subclass this for facts of their own (a URL's categories, a pattern's id).
    """

    rule: str
    span: Span
    confidence: Confidence
    score: float
    action: Action
    severity: Severity = Severity.MEDIUM
    category: str = ""
    flagged: bool = True
    encodings: tuple[Encoding, ...] = ()
    threats: tuple[Threat, ...] = ()
    """What it is to a tool event, where the detector can tell."""

    def hidden(self, raw: str, masked: str) -> Self:  # noqa: ARG002 - for those who override it
        """This finding as it may be stored where the part's text `raw` is stored as `masked`, which is as long.

        A subclass that copies content takes its copy from `masked`.
        """
        return self


@dataclass(frozen=True, slots=True)
class DetectorOutcome:
    """How one detector's run over all parts of one side ended. `findings[i]` belongs to the side's i-th part."""

    detector: DetectorName
    status: OutcomeStatus
    findings: tuple[tuple[Finding, ...], ...] = ()
    elapsed_ms: float = 0.0

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        return tuple(finding for part in self.findings for finding in part)

    @property
    def flagged(self) -> bool:
        return any(finding.flagged for finding in self.all_findings)

    @property
    def action(self) -> Action:
        """BLOCK as soon as one flagged finding asks for it, else ALLOW (an alert allows)."""
        blocked = any(finding.flagged and finding.action is Action.BLOCK for finding in self.all_findings)
        return Action.BLOCK if blocked else Action.ALLOW

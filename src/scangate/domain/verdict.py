"""The answer of the engine: one verdict with its reasons, free of any wire format."""

from __future__ import annotations

from dataclasses import dataclass

from scangate.domain.content import Declared, Part, Span, ToolMetadata
from scangate.domain.finding import DetectorOutcome, Finding
from scangate.domain.taxonomy import Action, Category, DetectorName, OutcomeStatus, Side


@dataclass(frozen=True, slots=True)
class MaskedPart:
    """A part with one `X` per masked character, and where each pattern stood (half-open code points of the original)."""

    text: str
    patterns: tuple[tuple[str, tuple[Span, ...]], ...]


@dataclass(frozen=True, slots=True)
class SideVerdict:
    """The outcomes of every enabled detector on one side; `masked[i]` belongs to `parts[i]`, None where nothing was masked.

    The last `earlier` of the parts stood in earlier elements of the conversation, the newest of them first.
    """

    side: Side
    parts: tuple[Part, ...]
    outcomes: tuple[DetectorOutcome, ...]
    masked: tuple[MaskedPart | None, ...] = ()
    earlier: int = 0
    declared: tuple[Declared, ...] = ()
    """What the newest part declares, in order: a tool's answer may be a list of tools."""

    @property
    def newest(self) -> int:
        """How many of the parts, from the first on, are those of the element that is asked about."""
        return len(self.parts) - self.earlier

    def outcome(self, detector: DetectorName) -> DetectorOutcome | None:
        return next((outcome for outcome in self.outcomes if outcome.detector is detector), None)

    def failures(self, status: OutcomeStatus) -> tuple[DetectorOutcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status is status)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for outcome in self.outcomes for finding in outcome.all_findings)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`category` is independent of `action`: a malicious finding whose action is allow leaves `malicious` and `allow`."""

    category: Category
    action: Action
    sides: tuple[SideVerdict, ...]
    tool: ToolMetadata | None = None
    elapsed_ms: float = 0.0

    @property
    def timed_out(self) -> bool:
        return any(side.failures(OutcomeStatus.TIMEOUT) for side in self.sides)

    @property
    def errored(self) -> bool:
        return any(side.failures(OutcomeStatus.ERROR) for side in self.sides)

    def of(self, side: Side) -> SideVerdict | None:
        return next((verdict for verdict in self.sides if verdict.side is side), None)

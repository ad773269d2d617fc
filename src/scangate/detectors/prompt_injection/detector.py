"""Finds prompt injection, jailbreaks and prompt extraction in every reading of a part."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Final

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.prompt_injection.options import PromptInjectionOptions
from scangate.detectors.prompt_injection.readings import Reading, readings
from scangate.detectors.prompt_injection.rules import Kind, load_rules
from scangate.detectors.prompt_injection.scoring import Judged, Scorer, load_weights
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Confidence, Side
from scangate.inference.linear import LinearModel

MODEL_DIR: Final = Path(__file__).parent
MAX_FINDINGS: Final = 10
"""Findings of one part: those of the highest score."""
LINEAR_RULE: Final = "linear-model"
"""The rule id of a finding that no rule bears out."""
_LONG: Final = 400


@dataclass(frozen=True, slots=True)
class _Suspicion:
    judged: Judged
    span: Span
    reading: Reading
    logit: float


class _Hidden:
    """The runs of invisible characters of a part, by start; they don't overlap."""

    def __init__(self, runs: Sequence[Span]) -> None:
        self._runs = runs
        self._ends = [run.end for run in runs]

    def meets(self, span: Span) -> bool:
        index = bisect_right(self._ends, span.start)
        return index < len(self._runs) and self._runs[index].start < span.end


class PromptInjectionDetector:
    """One profile's options over the shared scorer."""

    def __init__(self, options: PromptInjectionOptions, scorer: Scorer) -> None:
        self._options = options
        self._scorer = scorer

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """High confidence is flagged, medium is reported only; the history is not judged.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        suspicions: list[_Suspicion] = []
        hidden = _Hidden(subject.text.hidden_spans)
        for reading in readings(subject.text):
            subject.checkpoint()
            suspicions.extend(self._suspicions(reading, hidden, subject.checkpoint))
        suspicions.sort(key=lambda suspicion: -suspicion.logit)
        findings: list[Finding] = []
        for suspicion in suspicions:
            finding = self._finding(suspicion, subject.part.side)
            if finding is not None and not any(finding.span.overlaps(other.span) for other in findings):
                findings.append(finding)
            if len(findings) == MAX_FINDINGS:
                break
        return sorted(findings, key=lambda finding: finding.span)

    def _suspicions(self, reading: Reading, hidden: _Hidden, checkpoint: Callable[[], None]) -> list[_Suspicion]:
        weights = self._scorer.weights
        text, judged = self._scorer.judge(reading.folded, weights.medium - weights.hidden, checkpoint)
        found = []
        for one in judged:
            span = reading.offsets.to_raw(*text.offsets(one.start, one.end))
            bonus = weights.hidden if one.rules and (reading.covert or hidden.meets(span)) else 0.0
            if one.logit + bonus >= weights.medium:
                found.append(_Suspicion(one, span, reading, one.logit + bonus))
        return found

    def _finding(self, suspicion: _Suspicion, side: Side) -> Finding | None:
        kind = self._kind(suspicion, side)
        action = self._action(kind)
        if action is None:
            return None
        high = suspicion.logit >= self._scorer.weights.high
        weight_of = self._scorer.weights.groups
        strongest = max(suspicion.judged.rules, key=lambda rule: weight_of.get(rule.group, 0.0), default=None)
        return Finding(
            rule=strongest.id if strongest else LINEAR_RULE,
            span=suspicion.span,
            confidence=Confidence.HIGH if high else Confidence.MEDIUM,
            score=_probability(suspicion.logit),
            action=action,
            severity=self._options.severity,
            category=kind.value,
            flagged=high,
            encodings=suspicion.reading.encodings,
        )

    def _action(self, kind: Kind) -> Action | None:
        if kind is Kind.JAILBREAK and self._options.jailbreak_action is not None:
            return self._options.jailbreak_action
        return self._options.action

    def _kind(self, suspicion: _Suspicion, side: Side) -> Kind:
        if suspicion.reading.covert:
            return Kind.OBFUSCATED
        judged = suspicion.judged
        if side is not Side.PROMPT:
            return Kind.INDIRECT
        totals: dict[Kind, float] = {}
        for group, kind in {rule.group: rule.kind for rule in judged.rules}.items():
            totals[kind] = totals.get(kind, 0.0) + self._scorer.weights.groups.get(group, 0.0)
        if totals:
            return max(totals, key=lambda kind: totals[kind])
        return Kind.JAILBREAK if judged.end - judged.start > _LONG else Kind.DIRECT_OVERRIDE


def compile_prompt_injection(options: PromptInjectionOptions, resources: Resources) -> PromptInjectionDetector:
    """The rules and the model are loaded once a process."""
    return PromptInjectionDetector(options, resources.shared("prompt_injection.scorer", load_scorer))


def load_scorer(directory: Path = MODEL_DIR) -> Scorer:
    """The scorer that comes with the package."""
    return Scorer(load_rules(), LinearModel.load(directory / "linear.npz"), load_weights(directory / "weights.yaml"))


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + exp(-max(min(logit, 30.0), -30.0)))

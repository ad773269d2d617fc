"""Judges every window of a part with the guard model's agent head. Patterns for single frameworks are not in this release.

What a user says to a model is an attack on an agent only if it looks like data that gives orders: an override or a jailbreak is prompt
injection's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scangate.detectors.agent_security.options import AgentSecurityOptions
from scangate.detectors.contract import Resources, Subject
from scangate.detectors.guard import guard_readings, shared_guard
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Confidence, Side
from scangate.inference.guard import AGENT, INDIRECT, GuardModel, Scores

MAX_FINDINGS: Final = 10


class AgentSecurityDetector:
    """One profile's options over the shared guard model."""

    def __init__(self, options: AgentSecurityOptions, model: GuardModel) -> None:
        self._options = options
        self._model = model

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """High confidence is flagged, medium is reported only.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        point = self._model.calibration.outputs[AGENT]
        findings = []
        for reading in guard_readings(subject, self._model):
            for window, scores in reading.scores(subject.checkpoint):
                chance = self._chance(scores, subject)
                if chance >= point.moderate:
                    high = chance >= point.high
                    findings.append(
                        Finding(
                            rule="guard-model",
                            span=reading.span(window),
                            confidence=Confidence.HIGH if high else Confidence.MEDIUM,
                            score=chance,
                            action=self._options.action,
                            severity=self._options.severity,
                            flagged=high,
                            encodings=reading.reading.encodings,
                        )
                    )
        return sorted(findings, key=lambda finding: -finding.score)[:MAX_FINDINGS]

    def score(self, subject: Subject) -> float:
        """The highest calibrated probability of any window."""
        return max(
            (
                self._chance(scores, subject)
                for reading in guard_readings(subject, self._model)
                for _, scores in reading.scores(subject.checkpoint)
            ),
            default=0.0,
        )

    def _chance(self, scores: Scores, subject: Subject) -> float:
        if subject.part.side is Side.PROMPT and scores.kind != INDIRECT:
            return 0.0
        return self._model.calibration.probability(AGENT, scores.agent)


def compile_agent_security(options: AgentSecurityOptions, resources: Resources) -> AgentSecurityDetector:
    """The model is loaded once a process.

    Raises:
        ConfigurationError: a model file is missing or altered.
    """
    return AgentSecurityDetector(options, shared_guard(resources))

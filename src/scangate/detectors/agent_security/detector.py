"""Judges every window of a part with the guard model's agent head, beside patterns that know where they stand.

What a user says to a model is an attack on an agent only if it looks like data that gives orders: an override or a jailbreak is prompt
injection's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scangate.detectors.agent_security.options import AgentSecurityOptions
from scangate.detectors.agent_security.rulebook import RuleBook, load_rules
from scangate.detectors.agent_security.signs import Sign, signs_beside, signs_in
from scangate.detectors.contract import Resources, Subject
from scangate.detectors.guard import GuardReading, guard_readings, shared_guard
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Confidence, Encoding, Side
from scangate.inference.guard import AGENT, INDIRECT, GuardModel, Scores, Window

MAX_FINDINGS: Final = 10
MODEL_RULE: Final = "guard-model"
DECLARED_HIGH: Final = 0.87
"""Probability from which on the model alone decides about a declaration. These are short and full of orders to the model by nature; with
a rule beside it the moderate one is enough."""
_RULES: Final = "agent_security.rules"


class AgentSecurityDetector:
    """One profile's options over the shared guard model and the rules."""

    def __init__(self, options: AgentSecurityOptions, model: GuardModel, rules: RuleBook) -> None:
        self._options = options
        self._model = model
        self._rules = rules

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """High confidence is flagged, medium is reported only.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        findings = [self._by_rule(sign, sign.span) for sign in signs_beside(subject, self._rules)]
        for reading in guard_readings(subject, self._model):
            findings += self._of_reading(reading, subject)
        findings.sort(key=lambda finding: (not finding.flagged, -finding.score))
        return findings[:MAX_FINDINGS]

    def _of_reading(self, reading: GuardReading, subject: Subject) -> list[Finding]:
        point = self._model.calibration.outputs[AGENT]
        encodings = reading.reading.encodings
        signs = signs_in(reading.reading, subject, self._rules)
        suspected = [(sign.span.start, sign.span.end) for sign in signs]
        judged = [(window, self._chance(scores, subject)) for window, scores in reading.scores(subject.checkpoint, suspected)]
        findings = []
        for window, chance in judged:
            if chance >= point.moderate:
                high = chance >= (max(point.high, DECLARED_HIGH) if subject.text.declarations else point.high)
                findings.append(
                    Finding(
                        rule=MODEL_RULE,
                        span=reading.span(window),
                        confidence=Confidence.HIGH if high else Confidence.MEDIUM,
                        score=chance,
                        action=self._options.action,
                        severity=self._options.severity,
                        flagged=high,
                        encodings=encodings,
                    )
                )
        for sign in signs:
            sure = sign.rule.confidence is Confidence.HIGH
            if sure or _most(judged, sign.span) >= point.moderate:
                span = reading.reading.offsets.to_raw(sign.span.start, sign.span.end)
                findings.append(self._by_rule(sign, span, encodings))
        return findings

    def _by_rule(self, sign: Sign, span: Span, encodings: tuple[Encoding, ...] = ()) -> Finding:
        return Finding(
            rule=sign.rule.id,
            span=span,
            confidence=Confidence.HIGH,
            score=1.0 if sign.rule.confidence is Confidence.HIGH else 0.9,
            action=self._options.action,
            severity=self._options.severity,
            category=sign.rule.category,
            encodings=encodings,
            threats=sign.rule.threats,
        )

    def score(self, subject: Subject) -> float:
        """The highest score of a finding, or of a window below all thresholds."""
        found = [finding.score for finding in self.detect(subject)]
        passed = [
            self._chance(scores, subject)
            for reading in guard_readings(subject, self._model)
            for _, scores in reading.scores(subject.checkpoint)
        ]
        return max(found or passed, default=0.0)

    def _chance(self, scores: Scores, subject: Subject) -> float:
        if subject.part.side is Side.PROMPT and scores.kind != INDIRECT:
            return 0.0
        return self._model.calibration.probability(AGENT, scores.agent)


def _most(judged: Sequence[tuple[Window, float]], span: Span) -> float:
    """The highest probability of the windows that a stretch of the reading's text lies in."""
    return max((chance for window, chance in judged if window.start < span.end and span.start < window.end), default=0.0)


def compile_agent_security(options: AgentSecurityOptions, resources: Resources) -> AgentSecurityDetector:
    """Model and rules are loaded once a process.

    Raises:
        ConfigurationError: a model file is missing or altered.
    """
    return AgentSecurityDetector(options, shared_guard(resources), resources.shared(_RULES, load_rules))

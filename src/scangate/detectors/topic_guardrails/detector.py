"""Judges every window of a part against the profile's topics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.guard import shared_readings
from scangate.detectors.topic_guardrails.finding import Rule
from scangate.detectors.topic_guardrails.matcher import WINDOW_PENALTY, Floats, Prototypes
from scangate.detectors.topic_guardrails.model import TopicModel, load_topic_model
from scangate.detectors.topic_guardrails.options import TopicGuardrailsOptions, TopicOptions
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Confidence
from scangate.inference.calibration import logistic
from scangate.inference.guard import Window
from scangate.matching.readings import Reading

DECODED_READINGS: Final = 8
DECODED_WINDOWS: Final = 4
"""Of each decoded reading; what is decoded is short, or binary."""
SMALL_TALK_LONGEST: Final = 120
"""Characters of a window that may be a greeting, thanks or a question about the assistant."""
CONTRAST: Final = 1.0
"""Logits by which another topic of the profile may match a window better, and no more: a question about a credit card is not one about
accounts as well, just because both are about money."""
ALLOWED_SHARE: Final = 0.5
"""Of the characters that are not small talk: so much of a long text must be about allowed topics."""
CONFIDENT: Final = 2.0
"""Logits from which on a match counts with high confidence."""


@dataclass(frozen=True, slots=True)
class _Passed:
    """A window of a reading with its vector in the matcher's space."""

    reading: Reading
    window: Window
    vector: Floats
    visible: bool

    @property
    def length(self) -> int:
        return self.window.end - self.window.start

    @property
    def text(self) -> str:
        return self.reading.text[self.window.start : self.window.end]

    def span(self) -> Span:
        """In the raw part, without white space at the ends."""
        text = self.text
        start = self.window.start + len(text) - len(text.lstrip())
        end = max(start, self.window.start + len(text.rstrip()))
        return self.reading.offsets.to_raw(start, end)


class TopicGuardrailsDetector:
    """One profile's topics, compiled."""

    def __init__(self, options: TopicGuardrailsOptions, model: TopicModel) -> None:
        self._options = options
        self._model = model
        self._blocked = model.prototypes(options.blocked)
        self._allowed = model.prototypes(options.allowed)

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """Per blocked topic the window that matches best; per allowed topic likewise, not flagged; one finding more where none does.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        passed = self._passed(subject)
        if not passed:
            return []
        findings = self._matches(passed)
        if self._allowed is not None:
            findings += self._outside(passed)
        return findings

    def score(self, subject: Subject) -> float:
        """The chance that a blocked topic matches, or that no allowed one does, whichever is higher."""
        passed = self._passed(subject)
        if not passed:
            return 0.0
        chances = [0.0]
        penalty = WINDOW_PENALTY * log(len(passed))
        if self._blocked is not None:
            best = max(float(self._model.matcher.logits(one.vector, self._blocked).max()) for one in passed)
            chances.append(logistic(best - penalty))
        if self._allowed is not None:
            visible = [one for one in passed if one.visible and not self._is_small_talk(one)]
            share = self._allowed_logit(visible) if visible else 30.0
            chances.append(logistic(-share))
        return max(chances)

    def _passed(self, subject: Subject) -> list[_Passed]:
        found: list[_Passed] = subject.memo.once("topics", lambda: list(self._passes(subject)))
        return found

    def _passes(self, subject: Subject) -> Iterator[_Passed]:
        vectors: dict[str, Floats] = {}
        readings = shared_readings(subject)
        visible = sum(reading.is_visible for reading in readings)
        for reading in readings[: visible + DECODED_READINGS]:
            windows = self._model.encoder.windows(reading.text)
            for window in windows if reading.is_visible else windows[:DECODED_WINDOWS]:
                text = reading.text[window.start : window.end].strip()
                if not any(map(str.isalnum, text)):
                    continue
                if text not in vectors:
                    subject.checkpoint()
                    vectors[text] = self._model.unit(text)
                yield _Passed(reading, window, vectors[text], visible=reading.is_visible)

    def _matches(self, passed: Sequence[_Passed]) -> list[Finding]:
        findings: list[Finding] = []
        lists = ((Rule.BLOCKED, self._options.blocked, self._blocked), (Rule.ALLOWED, self._options.allowed, self._allowed))
        penalty = WINDOW_PENALTY * log(len(passed))
        logits = {rule: self._logits(passed, prototypes) for rule, _, prototypes in lists if prototypes is not None}
        highest = np.max([found.max(axis=1) for found in logits.values()], axis=0)
        for rule, topics, _ in lists:
            if rule not in logits:
                continue
            near = np.where(logits[rule] >= highest[:, None] - CONTRAST, logits[rule], -np.inf)
            for column, topic in enumerate(topics):
                best = int(near[:, column].argmax())
                logit = float(near[best, column]) - (penalty if rule is Rule.BLOCKED else 0.0)
                if logit >= 0.0:
                    findings.append(self._finding(rule, topic, logit, passed[best]))
        return findings

    def _logits(self, passed: Sequence[_Passed], prototypes: Prototypes) -> Floats:
        """[windows, topics]"""
        logits: Floats = np.stack([self._model.matcher.logits(one.vector, prototypes) for one in passed])
        return logits

    def _finding(self, rule: Rule, topic: TopicOptions, logit: float, passed: _Passed) -> Finding:
        blocked = rule is Rule.BLOCKED
        return Finding(
            rule=rule,
            span=passed.span(),
            confidence=Confidence.HIGH if logit >= CONFIDENT else Confidence.MEDIUM,
            score=logistic(logit),
            action=self._options.action if blocked else Action.ALLOW,
            severity=topic.severity,
            category=topic.name,
            flagged=blocked,
            encodings=passed.reading.encodings,
        )

    def _outside(self, passed: Sequence[_Passed]) -> list[Finding]:
        """One finding where too little of the visible text is about an allowed topic: its longest stretch that is not."""
        said = [one for one in passed if one.visible and not self._is_small_talk(one)]
        if not said:
            return []
        logit = self._allowed_logit(said)
        if logit >= 0.0:
            return []
        strange = min(said, key=lambda one: (self._best_allowed(one) >= 0.0, -one.length))
        finding = Finding(
            rule=Rule.OUTSIDE,
            span=strange.span(),
            confidence=Confidence.HIGH if -logit >= CONFIDENT else Confidence.MEDIUM,
            score=logistic(-logit),
            action=self._options.action,
            severity=self._options.severity,
        )
        return [finding]

    def _allowed_logit(self, said: Sequence[_Passed]) -> float:
        """Of one window its best topic's; of several the logit that at least `ALLOWED_SHARE` of their characters reach."""
        logits = np.array([self._best_allowed(one) for one in said])
        order = np.argsort(-logits)
        lengths = np.array([one.length for one in said])[order]
        reached = int(np.searchsorted(np.cumsum(lengths), ALLOWED_SHARE * lengths.sum()))
        return float(logits[order][min(reached, len(said) - 1)])

    def _best_allowed(self, passed: _Passed) -> float:
        assert self._allowed is not None
        return float(self._model.matcher.logits(passed.vector, self._allowed).max())

    def _is_small_talk(self, passed: _Passed) -> bool:
        matcher = self._model.matcher
        return passed.length <= SMALL_TALK_LONGEST and matcher.small_talk_cosine(passed.vector) >= matcher.small_talk_least


def compile_topic_guardrails(options: TopicGuardrailsOptions, resources: Resources) -> TopicGuardrailsDetector:
    """Encodes what is new among the topics; the model is loaded once a process, by the first profile that names a topic.

    Raises:
        ConfigurationError: a model file is missing or altered.
    """
    return TopicGuardrailsDetector(options, load_topic_model(resources))

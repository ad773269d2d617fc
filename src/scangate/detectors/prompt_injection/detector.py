"""Finds prompt injection, jailbreaks and prompt extraction in every reading of a part."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.guard import GuardReading, guard_readings, shared_guard, shared_readings
from scangate.detectors.prompt_injection.conversation import conversation
from scangate.detectors.prompt_injection.joint import SUSPECTED, JointWeights, Stretch, joined, load_joint_weights
from scangate.detectors.prompt_injection.options import PromptInjectionOptions
from scangate.detectors.prompt_injection.rules import Kind, load_rules
from scangate.detectors.prompt_injection.scoring import Scorer, load_weights
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Confidence, Side
from scangate.inference.calibration import log_odds, logistic
from scangate.inference.guard import INJECTION, GuardModel
from scangate.inference.linear import LinearModel
from scangate.matching.readings import Reading
from scangate.matching.views import Identity

MODEL_DIR: Final = Path(__file__).parent
MAX_FINDINGS: Final = 10
"""Findings of one part: those of the highest score."""
MODEL_RULE: Final = "guard-model"
"""The rule id of a finding that no rule bears out."""
_LONG: Final = 400


@dataclass(frozen=True, slots=True)
class _Suspicion:
    stretch: Stretch
    span: Span
    reading: Reading


@dataclass(frozen=True, slots=True)
class Guard:
    """The guard model with the weights that join its word to that of rules and linear model."""

    model: GuardModel
    weights: JointWeights


class _Hidden:
    """The runs of invisible characters of a part, by start; they don't overlap."""

    def __init__(self, runs: Sequence[Span]) -> None:
        self._runs = runs
        self._ends = [run.end for run in runs]

    def meets(self, span: Span) -> bool:
        index = bisect_right(self._ends, span.start)
        return index < len(self._runs) and self._runs[index].start < span.end


class PromptInjectionDetector:
    """One profile's options over the shared scorer and guard; without a guard, rules and linear model judge alone."""

    def __init__(self, options: PromptInjectionOptions, scorer: Scorer, guard: Guard | None = None) -> None:
        self._options = options
        self._scorer = scorer
        self._guard = guard
        thresholds = guard.weights if guard else scorer.weights
        self._high, self._medium = thresholds.high, thresholds.medium

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """High confidence is flagged, medium is reported only.

        Earlier contents are not judged, but a prompt that completes an attack begun in them is (see `conversation`).

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        suspicions = [suspicion for suspicion in self._suspicions(subject) if suspicion.stretch.logit >= self._medium]
        suspicions.sort(key=lambda suspicion: -suspicion.stretch.logit)
        findings: list[Finding] = []
        for suspicion in suspicions:
            finding = self._finding(suspicion, subject)
            if finding is not None and not any(finding.span.overlaps(other.span) for other in findings):
                findings.append(finding)
            if len(findings) == MAX_FINDINGS:
                break
        return sorted(findings, key=lambda finding: finding.span)

    def score(self, subject: Subject) -> float:
        """The highest probability of any stretch."""
        return logistic(max((suspicion.stretch.logit for suspicion in self._suspicions(subject)), default=-30.0))

    def linear(self, reading: Reading, hidden: Sequence[Span], checkpoint: Callable[[], None]) -> list[Stretch]:
        """What rules and linear model make of a reading, best first, down to the floor."""
        weights, runs = self._scorer.weights, _Hidden(hidden)
        floor = self._guard.weights.floor if self._guard else weights.medium - weights.hidden
        folded = reading.folded()
        text, judged = self._scorer.judge(folded.text, floor, checkpoint)
        stretches = []
        for one in judged:
            place = folded.offsets.to_raw(*text.offsets(one.start, one.end))
            covert = one.rules and (reading.covert or runs.meets(reading.offsets.to_raw(place.start, place.end)))
            stretches.append(Stretch(place.start, place.end, one.logit + weights.hidden * bool(covert), one.rules))
        return sorted(stretches, key=lambda one: -one.logit)

    def _suspicions(self, subject: Subject) -> list[_Suspicion]:
        passes = guard_readings(subject, self._guard.model) if self._guard else ()
        found: list[_Suspicion] = []
        for index, reading in enumerate(shared_readings(subject)):
            subject.checkpoint()
            stretches = self.linear(reading, subject.text.hidden_spans, subject.checkpoint)
            if self._guard is not None:
                passed = passes[index] if index < len(passes) else None
                stretches = self._joined(self._guard.weights, stretches, passed, subject.checkpoint)
            found += [_Suspicion(one, reading.offsets.to_raw(*_trimmed(reading.text, one)), reading) for one in stretches]
        return found + self._completed(subject, found)

    def _completed(self, subject: Subject, alone: list[_Suspicion]) -> list[_Suspicion]:
        """The whole part, if it and the turns before it are an attack together and neither is one alone."""
        if self._guard is None or not (turns := conversation(subject)):
            return []
        if max((one.stretch.logit for one in alone), default=-30.0) >= self._high:
            return []
        together = self._logit(f"{turns.earlier}\n{turns.last}", subject.checkpoint)
        if together < self._high or self._logit(turns.earlier, subject.checkpoint) >= self._medium:
            return []
        reading = shared_readings(subject)[0]
        whole = Stretch(0, len(reading.text), together)
        return [_Suspicion(whole, reading.offsets.to_raw(*_trimmed(reading.text, whole)), reading)]

    def _logit(self, text: str, checkpoint: Callable[[], None]) -> float:
        """What rules, linear model and guard make of a short text of its own."""
        assert self._guard is not None
        reading = Reading(text, Identity())
        model = self._guard.model
        passed = []
        for window in model.windows(text):
            checkpoint()
            passed.append((window, model.score(text[window.start : window.end])))
        alone = self._scorer.weights.high, self._scorer.weights.medium
        stretches = joined(self._guard.weights, self.linear(reading, (), checkpoint), passed, alone)
        return max((one.logit for one in stretches), default=-30.0)

    def _joined(
        self,
        weights: JointWeights,
        stretches: list[Stretch],
        reading: GuardReading | None,
        checkpoint: Callable[[], None],
    ) -> list[Stretch]:
        alone = self._scorer.weights.high, self._scorer.weights.medium
        suspected = [(one.start, one.end) for one in stretches[:SUSPECTED]]
        passed = reading.scores(checkpoint, suspected) if reading is not None else []
        return joined(weights, stretches, passed, alone)

    def _finding(self, suspicion: _Suspicion, subject: Subject) -> Finding | None:
        kind = self._kind(suspicion, subject.part.side)
        action = self._action(kind)
        if action is None:
            return None
        high = suspicion.stretch.logit >= self._high
        weight_of = self._scorer.weights.groups
        strongest = max(suspicion.stretch.rules, key=lambda rule: weight_of.get(rule.group, 0.0), default=None)
        # tools tell a model what to do by nature: without a rule it is agent security's model that decides about their declarations
        flagged = high and (strongest is not None or not subject.text.declarations)
        return Finding(
            rule=strongest.id if strongest else MODEL_RULE,
            span=suspicion.span,
            confidence=Confidence.HIGH if high else Confidence.MEDIUM,
            score=logistic(suspicion.stretch.logit),
            action=action,
            severity=self._options.severity,
            category=kind.value,
            flagged=flagged,
            encodings=suspicion.reading.encodings,
        )

    def _action(self, kind: Kind) -> Action | None:
        if kind is Kind.JAILBREAK and self._options.jailbreak_action is not None:
            return self._options.jailbreak_action
        return self._options.action

    def _kind(self, suspicion: _Suspicion, side: Side) -> Kind:
        if suspicion.reading.covert:
            return Kind.OBFUSCATED
        stretch = suspicion.stretch
        if side is not Side.PROMPT:
            return Kind.INDIRECT
        totals: dict[Kind, float] = {}
        for group, kind in {rule.group: rule.kind for rule in stretch.rules}.items():
            totals[kind] = totals.get(kind, 0.0) + self._scorer.weights.groups.get(group, 0.0)
        if totals:
            return max(totals, key=lambda kind: totals[kind])
        return Kind.JAILBREAK if stretch.end - stretch.start > _LONG else Kind.DIRECT_OVERRIDE


def compile_prompt_injection(options: PromptInjectionOptions, resources: Resources) -> PromptInjectionDetector:
    """Rules and models are loaded once a process.

    Raises:
        ConfigurationError: a model file is missing or altered.
    """
    scorer = resources.shared("prompt_injection.scorer", load_scorer)
    guard = resources.shared("prompt_injection.guard", lambda: load_joint_guard(shared_guard(resources)))
    return PromptInjectionDetector(options, scorer, guard)


def load_joint_guard(model: GuardModel, directory: Path = MODEL_DIR) -> Guard:
    """The guard with the weights that come with the package; a user's model in its place brings its own operating point."""
    weights = load_joint_weights(directory / "joint.yaml")
    if model.replaces(INJECTION):
        point = model.calibration.outputs[INJECTION]
        weights = weights.with_point(log_odds(point.high), log_odds(point.moderate))
    return Guard(model, weights)


def load_scorer(directory: Path = MODEL_DIR) -> Scorer:
    """The scorer that comes with the package."""
    return Scorer(load_rules(), LinearModel.load(directory / "linear.npz"), load_weights(directory / "weights.yaml"))


def _trimmed(text: str, stretch: Stretch) -> tuple[int, int]:
    piece = text[stretch.start : stretch.end]
    start = stretch.start + len(piece) - len(piece.lstrip())
    return start, max(start, stretch.start + len(piece.rstrip()))

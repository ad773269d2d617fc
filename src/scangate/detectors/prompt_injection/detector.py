"""Prompt injection: every reading of a text is scored, the folded one and everything that was hidden in it."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from pathlib import Path
from typing import Final

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.prompt_injection.options import PromptInjectionOptions
from scangate.detectors.prompt_injection.rules import Kind, load_rules
from scangate.detectors.prompt_injection.scoring import Judged, Scorer, load_weights
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Confidence
from scangate.inference.linear import CollapsedText, LinearModel
from scangate.matching.folding import clean, fold
from scangate.matching.views import View

MODEL_DIR: Final = Path(__file__).parent / "model"
MAX_FINDINGS: Final = 10
_LINEAR_RULE: Final = "linear-model"
_SHORTEST: Final = 8
_MAX_VIEWS: Final = 50


class PromptInjectionDetector:
    def __init__(self, options: PromptInjectionOptions, scorer: Scorer) -> None:
        self._options = options
        self._scorer = scorer

    def detect(self, subject: Subject) -> list[Finding]:
        """The best findings, at most MAX_FINDINGS, by start. A view that was hidden starts with a bonus: hiding is a sign."""
        found: list[Finding] = []
        for view in (subject.text.folded, *subject.text.decoded[:_MAX_VIEWS]):
            subject.checkpoint()
            if len(view.text) >= _SHORTEST:
                found.extend(self._findings(view, subject))
        best = sorted(found, key=lambda finding: -finding.score)
        kept: list[Finding] = []
        for finding in best:
            if len(kept) < MAX_FINDINGS and not any(finding.span.overlaps(other.span) for other in kept):
                kept.append(finding)
        return sorted(kept, key=lambda finding: finding.span)

    def _findings(self, view: View, subject: Subject) -> Iterator[Finding]:
        decoded = bool(view.encodings)
        folded = fold(clean(view.text)) if decoded else None
        text, judged = self._scorer.judge(folded.text if folded else view.text, subject.checkpoint)
        weights = self._scorer.weights
        for one in judged:
            logit = one.logit + (weights.hidden if decoded and one.candidate.hits else 0.0)
            if logit < weights.medium:
                continue
            start, end = _evidence(text, one)
            if folded:
                inner = folded.offsets.to_raw(start, end)
                start, end = inner.start, inner.end
            yield self._finding(one, view, start, end, logit)

    def _finding(self, judged: Judged, view: View, start: int, end: int, logit: float) -> Finding:
        kind = _kind(judged, hidden=bool(view.encodings))
        action = self._options.jailbreak_action if kind is Kind.JAILBREAK else self._options.action
        high = logit >= self._scorer.weights.high
        rules = [hit.rule.id for hit in judged.candidate.hits]
        return Finding(
            rule=rules[0] if rules else _LINEAR_RULE,
            span=view.to_raw(start, end),
            confidence=Confidence.HIGH if high else Confidence.MEDIUM,
            score=1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit)))),
            action=action or Action.ALLOW,
            severity=self._options.severity,
            category=kind.value,
            flagged=high and action is not None,
            encodings=view.encodings,
        )


def _evidence(text: CollapsedText, judged: Judged) -> tuple[int, int]:
    candidate = judged.candidate
    return text.offsets(candidate.start, candidate.end)


def _kind(judged: Judged, *, hidden: bool) -> Kind:
    """What most of the rules that hold are about; an attack without any is a direct one."""
    if hidden:
        return Kind.OBFUSCATED
    kinds = [hit.rule.kind for hit in judged.candidate.hits]
    return max(kinds, key=kinds.count) if kinds else Kind.DIRECT_OVERRIDE


def load_scorer() -> Scorer:
    """Rules, model and weights that ship with the package; some 100 ms, so share it."""
    return Scorer(load_rules(), LinearModel.load(MODEL_DIR / "linear.npz"), load_weights(MODEL_DIR / "weights.yaml"))


def compile_prompt_injection(options: PromptInjectionOptions, resources: Resources) -> PromptInjectionDetector:
    return PromptInjectionDetector(options, resources.shared("prompt_injection.scorer", load_scorer))

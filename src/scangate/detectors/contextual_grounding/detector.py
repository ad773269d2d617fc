"""The detector: the response's claims against the context that came with it.

Without a context there is nothing to compare with: nothing is flagged, and the report says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scangate.detectors.contextual_grounding.checks import Beside
from scangate.detectors.contextual_grounding.claims import claims
from scangate.detectors.contextual_grounding.finding import SUMMARY, UNGROUNDED, Summary, UngroundedClaim
from scangate.detectors.contextual_grounding.options import ContextualGroundingOptions
from scangate.detectors.contextual_grounding.passages import Passages
from scangate.detectors.contextual_grounding.verdicts import FLAGGED, Judged, Judgement, judge
from scangate.detectors.contract import Resources, Subject
from scangate.detectors.guard import shared_vocabulary
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Confidence, PartKind
from scangate.inference.entailment import GROUNDING_DIR, Entailment, load_entailment

CONTEXT_MOST: Final = 100_000
QUESTION_MOST: Final = 10_000
RESPONSE_MOST: Final = 20_000
"""Characters that are read, as the scan API documents them."""
MAX_FINDINGS: Final = 20
OWN_MODEL: Final = "grounding"
_QUOTED: Final = 300
_HIGH: Final = 0.8
_UNREADABLE: Final = 0.2
"""Share of control and replacement characters from which on a context is no text."""

NO_CONTEXT: Final = "no_context"
UNREADABLE_CONTEXT: Final = "unreadable_context"
NO_CLAIMS: Final = "no_claims"
CONTEXT_CUT: Final = "context_cut"
RESPONSE_CUT: Final = "response_cut"


class ContextualGroundingDetector:
    """One profile's options over the shared model. Immutable; `detect` is linear in context and response."""

    def __init__(self, options: ContextualGroundingOptions, model: Entailment | None) -> None:
        self._options = options
        self.model = model

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """The claims that count, by place, at most `MAX_FINDINGS`; and always one `Summary`, which is never flagged.

        Raises:
            DeadlineExceededError: the time was up before anything was found.
        """
        note = _unreadable(subject)
        if note:
            return [self._summary(0, 0, note)]
        judgement = self._judge(subject)
        counted = sorted((one for one in judgement.claims if one.score >= FLAGGED), key=lambda one: -one.score)[:MAX_FINDINGS]
        found = [self._finding(one, subject) for one in sorted(counted, key=lambda one: one.checked.claim.span)]
        return [*found, self._summary(len(judgement.claims), judgement.unread, _notes(subject, judgement))]

    def score(self, subject: Subject) -> float:
        """Of the claim that is grounded least."""
        return 0.0 if _unreadable(subject) else self._judge(subject).score

    def _judge(self, subject: Subject) -> Judgement:
        return subject.memo.once("contextual_grounding", lambda: self._judged(subject))

    def _judged(self, subject: Subject) -> Judgement:
        context = _encodable((subject.grounding_context or "")[:CONTEXT_MOST])
        question = _encodable(subject.question[:QUESTION_MOST])
        passages = Passages(context, subject.checkpoint)
        subject.checkpoint()
        beside = Beside(passages, question)
        response = _encodable(subject.part.text[:RESPONSE_MOST])
        is_whole = len(subject.grounding_context or "") <= CONTEXT_MOST
        return judge(claims(response, question), response, beside, self.model, subject.checkpoint, is_whole=is_whole)

    def _finding(self, one: Judged, subject: Subject) -> UngroundedClaim:
        high = one.score >= _HIGH
        context = subject.grounding_context or ""
        span = _nearest(one, context)
        return UngroundedClaim(
            rule=f"{UNGROUNDED}.{one.category}",
            span=one.checked.claim.span,
            confidence=Confidence.HIGH if high else Confidence.MEDIUM,
            score=one.score,
            action=self._options.action,
            severity=self._options.severity,
            category=one.category,
            passage=context[span.start : span.end],
            passage_span=span,
            detail=one.detail[:_QUOTED],
        )

    def _summary(self, count: int, unread: int, note: str) -> Summary:
        return Summary(
            rule=SUMMARY,
            span=Span(0, 0),
            confidence=Confidence.LOW,
            score=0.0,
            action=Action.ALLOW,
            severity=self._options.severity,
            flagged=False,
            claims=count,
            unread=unread,
            note=note,
        )


def _encodable(text: str) -> str:
    """The same, as long as before, with question marks for lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _nearest(one: Judged, context: str) -> Span:
    """The passage that the explanation quotes: the nearest sentence, or where none is near the start of the best passage."""
    span = one.checked.nearest_span or (one.checked.passages[0].span if one.checked.passages else Span(0, 0))
    return Span(span.start, min(span.end, span.start + _QUOTED, len(context)))


def _unreadable(subject: Subject) -> str:
    """Why nothing can be compared; "" where it can."""
    context = (subject.grounding_context or "")[:CONTEXT_MOST]
    if not context.strip():
        return NO_CONTEXT
    if subject.part.kind is not PartKind.TEXT:
        return NO_CLAIMS
    strange = sum(char == "\ufffd" or (not char.isprintable() and not char.isspace()) for char in context)
    return UNREADABLE_CONTEXT if strange > _UNREADABLE * len(context) else ""


def _notes(subject: Subject, judgement: Judgement) -> str:
    notes = [
        (CONTEXT_CUT, len(subject.grounding_context or "") > CONTEXT_MOST),
        (RESPONSE_CUT, len(subject.part.text) > RESPONSE_MOST),
        (NO_CLAIMS, not judgement.claims),
    ]
    return " ".join(name for name, holds in notes if holds)


def compile_contextual_grounding(
    options: ContextualGroundingOptions, resources: Resources, directory: Path = GROUNDING_DIR
) -> ContextualGroundingDetector:
    """The model is loaded once a process.

    Raises:
        ConfigurationError: a model file is missing or altered.
    """
    own = resources.own_models.get(OWN_MODEL)
    model = resources.shared("grounding", lambda: load_entailment(shared_vocabulary(resources), directory, own))
    return ContextualGroundingDetector(options, model)

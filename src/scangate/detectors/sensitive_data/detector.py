"""The sensitive-data detector: every view of a part through the scanner, back to the raw text, flagged as the profile says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.sensitive_data.catalog import CompiledRule, load_catalog
from scangate.detectors.sensitive_data.data_profiles import at_least
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.detectors.sensitive_data.options import SensitiveDataOptions
from scangate.detectors.sensitive_data.overlaps import resolve_overlaps
from scangate.detectors.sensitive_data.scanner import HITS_PER_RULE, Hit, Scanner
from scangate.domain.content import Span
from scangate.domain.taxonomy import Confidence, Encoding
from scangate.matching.views import View

_SCORES = {Confidence.LOW: 0.3, Confidence.MEDIUM: 0.7, Confidence.HIGH: 0.95}
_LADDER = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
_UNRELIABLE = frozenset({Encoding.REVERSED, Encoding.ROT13, Encoding.SPELLING})
"""Views that hold the digits of the raw text in another order or shape: only a settled match counts there."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A hit with its span in the raw text."""

    hit: Hit
    span: Span
    encodings: tuple[Encoding, ...]


class SensitiveDataDetector:
    """Immutable; the rules are shared by all profiles."""

    __slots__ = ("_minimums", "_options", "_scanner")

    def __init__(self, options: SensitiveDataOptions, scanner: Scanner, rules: Sequence[CompiledRule]) -> None:
        self._options = options
        self._scanner = scanner
        self._minimums = {compiled.rule.id: _minimum(options, compiled) for compiled in rules}

    def detect(self, subject: Subject) -> Sequence[SensitiveDataFinding]:
        """At most 100 findings a rule, by place. Those below the profile's confidence are there, unflagged; patterns that the
        profile does not select are not.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        findings = [self._finding(claim) for claim in _distinct(self._claims(subject))]
        return sorted(findings, key=lambda finding: (finding.span, finding.rule))

    def _claims(self, subject: Subject) -> list[_Claim]:
        prepared = subject.text
        claims = self._scan(prepared.raw, subject)
        # folding alone tells nothing new: the folded view only counts where more than letter case changed
        if not prepared.raw.text.isascii() and prepared.folded.text not in (prepared.raw.text, prepared.raw.text.lower()):
            claims += self._scan(prepared.folded, subject, folded=True)
        for view in prepared.decoded:
            subject.checkpoint()
            needed = Confidence.MEDIUM if _UNRELIABLE.isdisjoint(view.encodings) else Confidence.HIGH
            claims += [claim for claim in self._scan(view, subject) if at_least(claim.hit.confidence, needed)]
        return claims

    def _scan(self, view: View, subject: Subject, *, folded: bool = False) -> list[_Claim]:
        hits = self._scanner.scan(view.text, folded=folded, checkpoint=subject.checkpoint)
        wanted = [hit for hit in hits if self._minimums[hit.compiled.rule.id] is not None]
        return [_Claim(hit, view.to_raw(hit.start, hit.end), view.encodings) for hit in resolve_overlaps(wanted)]

    def _finding(self, claim: _Claim) -> SensitiveDataFinding:
        hit, rule = claim.hit, claim.hit.compiled.rule
        minimum = self._minimums[rule.id]
        return SensitiveDataFinding(
            rule=rule.name,
            span=claim.span,
            confidence=hit.confidence,
            score=_SCORES[hit.confidence],
            action=self._options.action,
            severity=self._options.severity or rule.severity,
            category=rule.category.value,
            flagged=minimum is not None and at_least(hit.confidence, minimum),
            encodings=claim.encodings,
            pattern_name=rule.name,
            pattern_id=hit.compiled.pattern_id,
            rule_id=rule.id,
            context_keyword=hit.keyword.rstrip("*") if hit.keyword else "",
            version=rule.version,
        )


def _minimum(options: SensitiveDataOptions, compiled: CompiledRule) -> Confidence | None:
    """From which confidence on a rule's matches are flagged; None when no data profile selects it."""
    rule = compiled.rule
    minimums = {profile.minimum_for(rule.category, rule.name) for profile in options.data_profiles} - {None}
    if not minimums:
        return None
    return options.minimum_confidence or next(level for level in _LADDER if level in minimums)


def _distinct(claims: Sequence[_Claim]) -> list[_Claim]:
    """What several views saw once: per pattern, the surest claim on the same place, the plainest view among equals."""
    kept: dict[str, list[_Claim]] = {}
    for claim in sorted(claims, key=lambda item: (-_LADDER.index(item.hit.confidence), len(item.encodings))):
        same = kept.setdefault(claim.hit.compiled.rule.name, [])
        if len(same) < HITS_PER_RULE and not any(claim.span.overlaps(other.span) for other in same):
            same.append(claim)
    return [claim for same in kept.values() for claim in same]


def compile_sensitive_data(options: SensitiveDataOptions, resources: Resources) -> SensitiveDataDetector:
    """Rules are loaded and compiled once a process, whatever the number of profiles."""
    catalog = resources.shared("sensitive_data.catalog", load_catalog)
    return SensitiveDataDetector(options, Scanner(catalog), catalog.rules)

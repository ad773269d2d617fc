"""The sensitive-data detector: every view of a part through the scanner, back to the raw text, flagged as the profile says."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.sensitive_data.catalog import Catalog, CompiledRule, load_catalog
from scangate.detectors.sensitive_data.data_profiles import at_least
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.detectors.sensitive_data.options import SensitiveDataOptions
from scangate.detectors.sensitive_data.overlaps import resolve_overlaps
from scangate.detectors.sensitive_data.own.detector import OwnProfilesDetector, needed_profiles
from scangate.detectors.sensitive_data.rule import RANK
from scangate.detectors.sensitive_data.scanner import ALLOWANCE, Hit, Scanner
from scangate.detectors.sensitive_data.thresholds import judged
from scangate.domain.content import Span
from scangate.domain.taxonomy import Confidence, Encoding
from scangate.errors import DeadlineExceededError
from scangate.matching.views import View

CATALOG = "sensitive_data.catalog"
"""The name of the catalog among the shared resources."""
_SCORES = {Confidence.LOW: 0.3, Confidence.MEDIUM: 0.7, Confidence.HIGH: 0.95}
_UNRELIABLE = frozenset({Encoding.REVERSED, Encoding.ROT13, Encoding.SPELLING})
"""Views that hold the digits of the raw text in another order or shape: only a settled match counts there."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A hit with its span in the raw text."""

    hit: Hit
    span: Span
    encodings: tuple[Encoding, ...]


@dataclass(slots=True)
class _Evidence:
    """What the views of one part gave; `unread` are the stretches of raw text that no scan got to."""

    claims: list[_Claim]
    unread: list[Span]


class SensitiveDataDetector:
    """Immutable; the rules are shared by all profiles."""

    __slots__ = ("_allowance", "_minimums", "_options", "_scanner")

    def __init__(self, options: SensitiveDataOptions, catalog: Catalog, *, allowance: int = ALLOWANCE) -> None:
        """`allowance` bounds the work on each of: the raw view, the folded view, all decoded views together."""
        self._options = options
        self._allowance = allowance
        minimums = {compiled.index: _minimum(options, compiled) for compiled in catalog.rules}
        self._minimums = {index: minimum for index, minimum in minimums.items() if minimum is not None}
        self._scanner = Scanner(catalog, self._minimums)

    def detect(self, subject: Subject) -> Sequence[SensitiveDataFinding]:
        """Findings by place. Those below the profile's confidence are there, unflagged; patterns that the profile does not select
        are not. Where the allowance ran out behind flagged findings, one more of them covers all that was not read, so that
        a masked copy shows none of it.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`, or the allowance ran out and nothing was flagged: the
                text is not known to be clean.
        """
        evidence = self._evidence(subject)
        findings = judged(
            [self._finding(claim) for claim in _distinct(evidence.claims)],
            self._options.data_profiles,
            self._options.minimum_confidence,
            subject.part.text,
        )
        if evidence.unread:
            flagged = [finding for finding in findings if finding.flagged]
            if not flagged:
                raise DeadlineExceededError
            surest = max(flagged, key=lambda finding: finding.score)
            findings += [replace(surest, span=span, context_keyword="", encodings=()) for span in evidence.unread]
        return sorted(findings, key=lambda finding: (finding.span, finding.rule))

    def _evidence(self, subject: Subject) -> _Evidence:
        prepared = subject.text
        evidence = _Evidence([], [])
        self._scan(prepared.raw, subject, evidence, self._allowance)
        # folding alone tells nothing new: the folded view only counts where more than letter case changed
        if not prepared.raw.text.isascii() and prepared.folded.text not in (prepared.raw.text, prepared.raw.text.lower()):
            self._scan(prepared.folded, subject, evidence, self._allowance, folded=True)
        left = self._allowance
        for view in prepared.decoded:
            subject.checkpoint()
            left -= self._scan(view, subject, evidence, left)
        return evidence

    def _scan(self, view: View, subject: Subject, evidence: _Evidence, allowance: int, *, folded: bool = False) -> int:
        """Adds what one view holds; the work it took."""
        reading = self._scanner.scan(view.text, folded=folded, checkpoint=subject.checkpoint, allowance=allowance)
        needed = Confidence.LOW
        if view.encodings:
            needed = Confidence.MEDIUM if _UNRELIABLE.isdisjoint(view.encodings) else Confidence.HIGH
        evidence.claims += [
            _Claim(hit, view.to_raw(hit.start, hit.end), view.encodings)
            for hit in resolve_overlaps(reading.hits)
            if at_least(hit.confidence, needed)
        ]
        if reading.unread is not None:
            evidence.unread.append(view.to_raw(reading.unread, len(view.text)))
        return reading.work

    def _finding(self, claim: _Claim) -> SensitiveDataFinding:
        hit, rule = claim.hit, claim.hit.compiled.rule
        return SensitiveDataFinding(
            rule=rule.name,
            span=claim.span,
            confidence=hit.confidence,
            score=_SCORES[hit.confidence],
            action=self._options.action,
            severity=self._options.severity or rule.severity,
            category=rule.category.value,
            flagged=False,
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
    asked = [profile.minimum_for(rule.category, rule.name) for profile in options.data_profiles]
    minimums = [minimum for minimum in asked if minimum is not None]
    if not minimums:
        return None
    return options.minimum_confidence or min(minimums, key=RANK.__getitem__)


def _distinct(claims: Iterable[_Claim]) -> list[_Claim]:
    """What several views saw once: per pattern, the surest claim on the same place, the plainest view among equals."""
    kept: list[_Claim] = []
    taken: dict[str, list[tuple[int, int]]] = {}
    for claim in sorted(claims, key=lambda item: (-RANK[item.hit.confidence], len(item.encodings))):
        places = taken.setdefault(claim.hit.compiled.rule.name, [])
        start, end = claim.span.start, claim.span.end
        # the places are disjoint and sorted: only the neighbours can overlap
        at = bisect_left(places, (start, end))
        if (at == 0 or places[at - 1][1] <= start) and (at == len(places) or places[at][0] >= end):
            places.insert(at, (start, end))
            kept.append(claim)
    return kept


def compile_sensitive_data(options: SensitiveDataOptions, resources: Resources) -> CompiledDetector:
    """Rules are loaded and compiled once a process, whatever the number of profiles."""
    needed = needed_profiles(options)
    predefined = None
    if needed:
        catalog = resources.shared(CATALOG, load_catalog)
        predefined = SensitiveDataDetector(options.model_copy(update={"data_profiles": needed}), catalog)
    if options.own or predefined is None:
        return OwnProfilesDetector(options, predefined)
    return predefined

"""Sensitive data: patterns propose, context words raise, checksums settle, suppressors object; the best claim on a span wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.sensitive_data.candidate import Candidate, Effect
from scangate.detectors.sensitive_data.context import Surroundings
from scangate.detectors.sensitive_data.edges import stands_alone
from scangate.detectors.sensitive_data.findings import SensitiveDataFinding
from scangate.detectors.sensitive_data.options import SensitiveDataOptions
from scangate.detectors.sensitive_data.rule import DataCategory, Rule, load_rules, load_vocabularies
from scangate.detectors.sensitive_data.suppressors import SUPPRESSORS, Suppressor
from scangate.detectors.sensitive_data.validators.registry import Validator, resolve
from scangate.domain.content import Span
from scangate.domain.taxonomy import Confidence
from scangate.errors import ConfigurationError
from scangate.matching.literals import KeywordFinder
from scangate.matching.patterns import EncodedText, PatternSet
from scangate.matching.views import View

MAX_HITS: Final = 100
_MAX_CANDIDATES: Final = 2_000
_LEVELS: Final = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
_SCORES: Final = {Confidence.LOW: 0.3, Confidence.MEDIUM: 0.7, Confidence.HIGH: 0.95}
_OTHERS: Final = "other_numbers"


@dataclass(frozen=True, slots=True)
class CompiledRule:
    rule: Rule
    words: frozenset[str]
    hints: frozenset[str]
    validate: Validator
    suppressors: tuple[Suppressor, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule's claim on a span of one view."""

    rule: Rule
    start: int
    end: int
    level: Confidence
    keyword: str


class Catalogue:
    """All rules with everything compiled; one for the process, shared by every profile.

    Raises:
        ConfigurationError: a rule names a vocabulary, suppressor or validator that does not exist, or a pattern is not re2 syntax.
    """

    def __init__(self) -> None:
        vocabularies = load_vocabularies()
        self.rules = tuple(_compile(rule, vocabularies) for rule in load_rules())
        self.others = vocabularies[_OTHERS]
        words = {word for compiled in self.rules for word in compiled.words | compiled.hints}
        self.finder = KeywordFinder(words | self.others)
        self.anchors = KeywordFinder({anchor for compiled in self.rules for anchor in compiled.rule.anchors})
        owners = [(index, text) for index, compiled in enumerate(self.rules) for text in compiled.rule.patterns]
        self.owners = tuple(index for index, _ in owners)
        self.patterns = PatternSet([text for _, text in owners])

    def wanted(self, categories: Sequence[DataCategory]) -> tuple[int, ...]:
        """The indices of the patterns of some categories."""
        return tuple(at for at, owner in enumerate(self.owners) if self.rules[owner].rule.category in categories)


def _compile(rule: Rule, vocabularies: dict[str, frozenset[str]]) -> CompiledRule:
    for name in (*rule.vocabularies, *rule.hints):
        if name not in vocabularies:
            raise ConfigurationError(f"rule {rule.id!r} names the unknown vocabulary {name!r}")
    for name in rule.suppressors:
        if name not in SUPPRESSORS:
            raise ConfigurationError(f"rule {rule.id!r} names the unknown suppressor {name!r}")
    words = {word for language in rule.context.values() for word in language}
    return CompiledRule(
        rule=rule,
        words=frozenset(words).union(*(vocabularies[name] for name in rule.vocabularies)),
        hints=frozenset[str]().union(*(vocabularies[name] for name in rule.hints)),
        validate=resolve(rule.validator),
        suppressors=tuple(SUPPRESSORS[name] for name in rule.suppressors),
    )


class SensitiveDataDetector:
    """One profile's choice out of the catalogue."""

    def __init__(self, options: SensitiveDataOptions, catalogue: Catalogue) -> None:
        self._options = options
        self._catalogue = catalogue
        self._wanted = catalogue.wanted(options.categories)

    def detect(self, subject: Subject) -> list[SensitiveDataFinding]:
        """Findings by start; at most MAX_HITS for each rule and view."""
        found: dict[tuple[str, Span], SensitiveDataFinding] = {}
        for view in subject.text.views:
            subject.checkpoint()
            for claim in self._claims(view, folded=view is subject.text.folded, checkpoint=subject.checkpoint):
                finding = self._finding(claim, view)
                key = (finding.rule, finding.span)
                known = found.get(key)
                if known is None or _LEVELS.index(known.confidence) < _LEVELS.index(finding.confidence):
                    found[key] = finding
        return sorted(_without_rivals(found.values()), key=lambda finding: finding.span)

    def _finding(self, claim: Claim, view: View) -> SensitiveDataFinding:
        return SensitiveDataFinding(
            rule=claim.rule.name,
            rule_id=claim.rule.id,
            span=view.to_raw(claim.start, claim.end),
            confidence=claim.level,
            score=_SCORES[claim.level],
            action=self._options.action,
            severity=self._options.severity,
            category=claim.rule.category.value,
            flagged=claim.level is not Confidence.LOW,
            encodings=view.encodings,
            context_keyword=claim.keyword,
            version=claim.rule.version,
        )

    def _claims(self, view: View, *, folded: bool, checkpoint: Callable[[], None]) -> list[Claim]:
        catalogue = self._catalogue
        text = EncodedText(view.text)
        present = catalogue.anchors.present(view.text)
        among = [at for at in self._wanted if self._may_match(catalogue.rules[catalogue.owners[at]].rule, present, folded)]
        claims: list[Claim] = []
        surroundings = Surroundings(view.text, catalogue.finder, catalogue.others)
        for at in catalogue.patterns.matching(text, among):
            checkpoint()
            compiled = catalogue.rules[catalogue.owners[at]]
            claims.extend(_search(catalogue.patterns, at, text, compiled, surroundings, checkpoint))
        return _resolved(claims)

    def _may_match(self, rule: Rule, present: set[str], folded: bool) -> bool:
        if folded and rule.case == "exact":
            return False
        return not rule.anchors or not present.isdisjoint(rule.anchors)


def _search(
    patterns: PatternSet,
    index: int,
    text: EncodedText,
    compiled: CompiledRule,
    surroundings: Surroundings,
    checkpoint: Callable[[], None],
) -> Iterator[Claim]:
    position, hits = 0, 0
    for count in range(_MAX_CANDIDATES):
        match = patterns.search(index, text, position)
        if match is None or hits >= MAX_HITS:
            return
        if count % 100 == 99:
            checkpoint()
        claim = _claim(compiled, Candidate(text.text, match.start, match.end), surroundings)
        position = match.after if claim else match.resume
        if claim:
            hits += 1
            yield claim


def _claim(compiled: CompiledRule, candidate: Candidate, surroundings: Surroundings) -> Claim | None:
    rule = compiled.rule
    if not stands_alone(rule.edges, candidate):
        return None
    keyword = surroundings.nearest(candidate.start, candidate.end, compiled.words) if compiled.words else None
    other = surroundings.other_number(candidate.start, candidate.end)
    candidate = replace(candidate, keyword=keyword, other=other)
    check = compiled.validate(candidate)
    if not check.valid:
        return None
    start = candidate.start if check.start is None else check.start
    end = candidate.end if check.end is None else check.end
    candidate = replace(candidate, start=start, end=end)
    effects = {suppress(candidate) for suppress in compiled.suppressors}
    if Effect.DROP in effects:
        return None
    hint = bool(compiled.hints) and surroundings.nearest(start, end, compiled.hints) is not None
    level = rule.confidence.level(proven=check.proven and rule.proves, context=keyword is not None, hint=hint)
    if level is None:
        return None
    if Effect.LOWER in effects:
        level = Confidence.LOW
    return Claim(rule, start, end, level, keyword.word if keyword else "")


def _strength(claim: Claim) -> tuple[int, int, int]:
    return _LEVELS.index(claim.level), claim.rule.specificity, claim.end - claim.start


def _resolved(claims: list[Claim]) -> list[Claim]:
    """The strongest claims that do not overlap: a card number is not also some country's identity number."""
    kept: list[Claim] = []
    taken: dict[int, list[Claim]] = {}
    for claim in sorted(claims, key=_strength, reverse=True):
        cells = range(claim.start >> 6, (max(claim.end - 1, claim.start) >> 6) + 1)
        if any(other.start < claim.end and claim.start < other.end for cell in cells for other in taken.get(cell, ())):
            continue
        kept.append(claim)
        for cell in cells:
            taken.setdefault(cell, []).append(claim)
    return kept


def _without_rivals(findings: Iterable[SensitiveDataFinding]) -> list[SensitiveDataFinding]:
    """Views agree on a span: of two patterns on the very same one the more confident stays."""
    best: dict[Span, SensitiveDataFinding] = {}
    for finding in findings:
        known = best.get(finding.span)
        if known is None or known.score < finding.score:
            best[finding.span] = finding
    return list(best.values())


def compile_sensitive_data(options: SensitiveDataOptions, resources: Resources) -> SensitiveDataDetector:
    """The catalogue is compiled once a process."""
    return SensitiveDataDetector(options, resources.shared("sensitive_data.catalogue", Catalogue))

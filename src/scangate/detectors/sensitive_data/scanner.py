"""One view of a text in, matches out: prefilter, patterns, edges, validators, words near, suppressors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from scangate.detectors.sensitive_data.candidate import Candidate, Check, Effect
from scangate.detectors.sensitive_data.catalog import Catalog, CompiledRule, RuleSet
from scangate.detectors.sensitive_data.context import Surroundings
from scangate.detectors.sensitive_data.edges import stands_alone
from scangate.domain.taxonomy import Confidence
from scangate.matching.patterns import EncodedText, PatternMatch

HITS_PER_RULE = 100
MOST_CANDIDATES, LEAST_CANDIDATES = 3_000, 300
"""Matches of one pattern that are looked at, the more rules share it the fewer: a text with more is a table, and these are its
first rows."""
_CHECKPOINT_EVERY = 64
_CROWD = 6
_CHANCE = 0.35


@dataclass(frozen=True, slots=True)
class Hit:
    """A match that its rule reports; `start` and `end` are code points of the view."""

    compiled: CompiledRule
    start: int
    end: int
    confidence: Confidence
    proven: bool
    keyword: str | None


@dataclass(slots=True)
class _Tally:
    """How a rule's validator fared in this view: a checksum that passes one time in ten proves nothing."""

    tried: int = 0
    passed: int = 0
    reported: int = 0


class Scanner:
    """Runs one catalog; immutable, safe to call from several threads."""

    __slots__ = ("_catalog",)

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def scan(self, text: str, *, folded: bool = False, checkpoint: Callable[[], None]) -> list[Hit]:
        """All hits in one view, overlapping ones included. Linear in the text.

        Raises:
            DeadlineExceededError: passed on from `checkpoint`.
        """
        rules = self._catalog.folded if folded else self._catalog.exact
        active = rules.active(self._catalog.finder.present(text))
        encoded = EncodedText(text)
        matching = rules.matching(encoded, active)
        if not matching:
            return []
        checkpoint()
        return _View(self._catalog, rules, active, encoded, checkpoint).hits(matching)


class _View:
    """The state of one scan."""

    __slots__ = ("_active", "_checkpoint", "_hits", "_rules", "_surroundings", "_tallies", "_text")

    def __init__(
        self, catalog: Catalog, rules: RuleSet, active: set[int], text: EncodedText, checkpoint: Callable[[], None]
    ) -> None:
        self._rules = rules
        self._active = active
        self._text = text
        self._checkpoint = checkpoint
        self._surroundings = Surroundings(text.text, catalog.finder, catalog.other_numbers)
        self._tallies: dict[int, _Tally] = {}
        self._hits: list[Hit] = []

    def hits(self, matching: list[int]) -> list[Hit]:
        for index in matching:
            self._pattern(index)
        return [self._unless_chance(hit) for hit in self._hits]

    def _pattern(self, index: int) -> None:
        users = [self._rules.rules[position] for position in self._rules.rules_of[index] if position in self._active]
        if not users:
            return
        most = max(compiled.rule.candidates for compiled in users)
        position = 0
        for count in range(min(most, max(LEAST_CANDIDATES, MOST_CANDIDATES // len(users)))):
            match = self._rules.patterns.search(index, self._text, position)
            if match is None:
                return
            if count % _CHECKPOINT_EVERY == _CHECKPOINT_EVERY - 1:
                self._checkpoint()
            accepted = False
            for compiled in users:
                accepted |= self._consider(compiled, match)
            position = match.after if accepted else match.resume

    def _consider(self, compiled: CompiledRule, match: PatternMatch) -> bool:
        """Whether the rule takes the match, reported or not."""
        tally = self._tallies.setdefault(compiled.index, _Tally())
        if tally.reported >= HITS_PER_RULE or tally.tried >= compiled.rule.candidates:
            return False
        bare = Candidate(self._text.text, match.start, match.end)
        if not stands_alone(compiled.rule.edges, bare):
            return False
        keyword, hinted = None, False
        if compiled.context:
            keyword = self._surroundings.nearest(match.start, match.end, compiled.context)
        if keyword is None and compiled.hints:
            hinted = self._surroundings.nearest(match.start, match.end, compiled.hints) is not None
        if compiled.needs_words and keyword is None and not hinted:
            return False
        candidate = Candidate(self._text.text, match.start, match.end, keyword) if keyword else bare
        check = compiled.validate(candidate)
        tally.tried += 1
        if not check.valid:
            return False
        tally.passed += 1
        return self._report(compiled, candidate, check, hinted, tally)

    def _report(self, compiled: CompiledRule, candidate: Candidate, check: Check, hinted: bool, tally: _Tally) -> bool:
        proven = check.proven and compiled.rule.proves
        keyword = candidate.keyword
        confidence = compiled.rule.confidence.level(proven=proven, context=keyword is not None, hint=hinted)
        if confidence is None:
            return False
        start = candidate.start if check.start is None else check.start
        end = candidate.end if check.end is None else check.end
        if compiled.suppressors:
            other = self._surroundings.other_number(start, end)
            confidence = _suppressed(compiled, Candidate(candidate.text, start, end, keyword, other), confidence)
            if confidence is None:
                return False
        tally.reported += 1
        self._hits.append(Hit(compiled, start, end, confidence, proven, keyword.word if keyword else None))
        return True

    def _unless_chance(self, hit: Hit) -> Hit:
        """Among many numbers of the shape, those whose check digit fits by chance are not what they look like."""
        tally = self._tallies[hit.compiled.index]
        if hit.keyword is None and hit.proven and tally.tried >= _CROWD and tally.passed < _CHANCE * tally.tried:
            return replace(hit, confidence=Confidence.LOW)
        return hit


def _suppressed(compiled: CompiledRule, candidate: Candidate, confidence: Confidence) -> Confidence | None:
    for suppress in compiled.suppressors:
        effect = suppress(candidate)
        if effect is Effect.DROP:
            return None
        if effect is Effect.LOWER:
            confidence = Confidence.LOW
    return confidence

"""One view of a text in, matches out: prefilter, patterns, edges, words near, validators, suppressors.

Matches of all patterns are looked at from left to right. What that may cost is bounded by an allowance; where it runs out, the
scan says from which place on the text is unread, and its caller must not take the rest for clean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heapreplace
from typing import Final

from scangate.detectors.sensitive_data.candidate import Candidate, Check, Effect
from scangate.detectors.sensitive_data.catalog import Catalog, CompiledRule, RuleSet
from scangate.detectors.sensitive_data.context import Surroundings
from scangate.detectors.sensitive_data.edges import stands_alone
from scangate.detectors.sensitive_data.rule import RANK
from scangate.domain.taxonomy import Confidence
from scangate.matching.literals import Occurrences
from scangate.matching.patterns import EncodedText, Matches, PatternMatch

ALLOWANCE: Final = 400_000
"""Work for one view: one unit is a match, or a rule's check of one, about 3 µs. Two megabytes of nothing but numbers take half."""
_HIT_WORK = 20
WEAK_HITS: Final = 100
"""Matches of one rule that are kept although they are less sure than the rule's minimum: they decide nothing."""
_CHECKPOINT_EVERY = 256
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


@dataclass(frozen=True, slots=True)
class Reading:
    """What a scan found; `unread` is the code point from which on nothing was looked at, None when all was; `work` in units of
    the allowance."""

    hits: list[Hit]
    unread: int | None = None
    work: int = 0


@dataclass(slots=True)
class _Tally:
    """How a rule's validator fared in this view: a checksum that passes one time in ten proves nothing."""

    tried: int = 0
    passed: int = 0
    weak: int = 0

    @property
    def by_chance(self) -> bool:
        return self.tried >= _CROWD and self.passed < _CHANCE * self.tried


class Scanner:
    """Runs the rules of one catalog that are wanted; immutable, safe to call from several threads."""

    __slots__ = ("_catalog", "_minimums", "_wanted")

    def __init__(self, catalog: Catalog, minimums: Mapping[int, Confidence]) -> None:
        """`minimums`: a rule's index to the confidence from which on its matches count; rules that it lacks do not run."""
        self._catalog = catalog
        self._minimums = dict(minimums)
        self._wanted: dict[RuleSet, frozenset[int]] = {}

    def scan(self, text: str, *, folded: bool = False, checkpoint: Callable[[], None], allowance: int = ALLOWANCE) -> Reading:
        """All hits in one view, overlapping ones included. Linear in the text.

        Raises:
            DeadlineExceededError: passed on from `checkpoint`.
        """
        rules = self._catalog.folded if folded else self._catalog.exact
        occurrences = self._catalog.finder.find(text)
        checkpoint()
        active = rules.active(occurrences.present, self._positions(rules))
        encoded = EncodedText(text)
        matching = rules.matching(encoded, active)
        if not matching:
            return Reading([])
        if allowance <= 0:
            return Reading([], unread=0)
        checkpoint()
        view = _View(self._catalog, rules, active, self._minimums, encoded, occurrences)
        return view.read(matching, checkpoint, allowance)

    def _positions(self, rules: RuleSet) -> frozenset[int]:
        """Those rules of a set that are wanted, worked out when the set is first used."""
        if rules not in self._wanted:
            self._wanted[rules] = frozenset(at for at, compiled in enumerate(rules.rules) if compiled.index in self._minimums)
        return self._wanted[rules]


class _View:
    """The state of one scan."""

    __slots__ = (
        "_active",
        "_encoded",
        "_hits",
        "_minimums",
        "_narrowed",
        "_rules",
        "_settled",
        "_spent",
        "_surroundings",
        "_tallies",
        "_text",
    )

    def __init__(
        self,
        catalog: Catalog,
        rules: RuleSet,
        active: set[int],
        minimums: Mapping[int, Confidence],
        text: EncodedText,
        occurrences: Occurrences,
    ) -> None:
        self._rules = rules
        self._active = active
        self._minimums = minimums
        self._encoded = text
        self._text = text.text
        self._surroundings = Surroundings(text, occurrences, catalog.finder, catalog.other_numbers)
        self._tallies: dict[int, _Tally] = {}
        self._hits: list[Hit] = []
        self._settled: set[int] = set()
        """Rules of which enough weak matches are kept: what has no word near is no longer looked at."""
        self._narrowed: set[int] = set()
        self._spent = 0

    def read(self, matching: Iterable[int], checkpoint: Callable[[], None], allowance: int) -> Reading:
        queue = self._first_matches(matching)
        heapify(queue)
        unread: int | None = None
        count = 0
        while queue:
            _, index, match, matches, users = queue[0]
            if self._spent >= allowance:
                unread = min(entry[2].start for entry in queue)
                break
            count += 1
            if count % _CHECKPOINT_EVERY == 0:
                checkpoint()
            if not self._accepted(match, users):
                matches.refuse(match)
            if self._settled and index not in self._narrowed:
                self._narrow(index, matches, users)
            following = matches.next()
            if following is None:
                heappop(queue)
            else:
                heapreplace(queue, (following.first, index, following, matches, users))
        return Reading([self._unless_chance(hit) for hit in self._hits], unread, self._spent)

    def _first_matches(self, matching: Iterable[int]) -> list[tuple[int, int, PatternMatch, Matches, list[CompiledRule]]]:
        queue = []
        for index in matching:
            users = [self._rules.rules[position] for position in self._rules.rules_of[index] if position in self._active]
            if not users:
                continue
            matches = self._rules.patterns.matches(index, self._encoded, self._stretches(index, users))
            match = matches.next()
            if match is not None:
                queue.append((match.first, index, match, matches, users))
        return queue

    def _stretches(self, index: int, users: list[CompiledRule]) -> list[tuple[int, int]] | None:
        """Where the pattern need be looked for when all who use it need a word near: numbers are bounded in length."""
        if not self._rules.patterns.is_number(index) or not all(self._needs_words(compiled) for compiled in users):
            return None
        words = users[0].words
        for compiled in users[1:]:
            words = words | compiled.words
        return self._surroundings.stretches(words)

    def _needs_words(self, compiled: CompiledRule) -> bool:
        return compiled.needs_words or compiled.index in self._settled

    def _narrow(self, index: int, matches: Matches, users: list[CompiledRule]) -> None:
        """Once enough weak matches of a pattern are kept, only those near a word can still tell anything new."""
        if all(self._needs_words(compiled) for compiled in users):
            self._narrowed.add(index)
            stretches = self._stretches(index, users)
            if stretches is not None:
                matches.narrow(stretches)

    def _accepted(self, match: PatternMatch, users: list[CompiledRule]) -> bool:
        """Whether one of the rules takes the match, reported or not."""
        self._spent += 1
        bare = Candidate(self._text, match.start, match.end)
        alone: dict[str, bool] = {}
        accepted = False
        for compiled in users:
            edges = compiled.rule.edges
            if edges not in alone:
                alone[edges] = stands_alone(edges, bare)
            if alone[edges] and self._consider(compiled, bare):
                accepted = True
        return accepted

    def _consider(self, compiled: CompiledRule, bare: Candidate) -> bool:
        self._spent += 1
        keyword, hinted = None, False
        if compiled.context:
            keyword = self._surroundings.nearest(bare.start, bare.end, compiled.context)
        if keyword is None and compiled.places and self._surroundings.nearest(bare.start, bare.end, compiled.places):
            keyword = self._surroundings.nearest(bare.start, bare.end, compiled.companions)
        if keyword is None and compiled.hints:
            hinted = self._surroundings.nearest(bare.start, bare.end, compiled.hints) is not None
        if keyword is None and not hinted:
            if compiled.needs_words:
                return False
            if compiled.index in self._settled:
                return True
        candidate = Candidate(bare.text, bare.start, bare.end, keyword) if keyword else bare
        check = compiled.validate(candidate)
        self._spent += check.work
        tally = self._tallies.setdefault(compiled.index, _Tally())
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
        minimum = RANK[self._minimums[compiled.index]]
        if proven and keyword is None and tally.by_chance:
            confidence = Confidence.LOW
        if RANK[confidence] < minimum and tally.weak >= WEAK_HITS:
            return True
        start = candidate.start if check.start is None else check.start
        end = candidate.end if check.end is None else check.end
        if compiled.suppressors:
            other = self._surroundings.other_number(start)
            confidence = _suppressed(compiled, Candidate(candidate.text, start, end, keyword, other), confidence)
            if confidence is None:
                return False
        if RANK[confidence] < minimum:
            tally.weak += 1
            if tally.weak == WEAK_HITS and compiled.rule.best_without_words < minimum:
                self._settled.add(compiled.index)
        self._spent += _HIT_WORK
        self._hits.append(Hit(compiled, start, end, confidence, proven, keyword.word if keyword else None))
        return True

    def _unless_chance(self, hit: Hit) -> Hit:
        """Among many numbers of the shape, those whose check digit fits by chance are not what they look like."""
        chance = hit.proven and hit.keyword is None and self._tallies[hit.compiled.index].by_chance
        return replace(hit, confidence=Confidence.LOW) if chance else hit


def _suppressed(compiled: CompiledRule, candidate: Candidate, confidence: Confidence) -> Confidence | None:
    for suppress in compiled.suppressors:
        effect = suppress(candidate)
        if effect is Effect.DROP:
            return None
        if effect is Effect.LOWER:
            confidence = Confidence.LOW
    return confidence

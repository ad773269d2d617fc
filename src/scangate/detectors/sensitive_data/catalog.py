"""All rules, compiled once a process: patterns, words, validators and suppressors found by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from scangate.detectors.sensitive_data.rule import Rule, load_rules, load_vocabularies
from scangate.detectors.sensitive_data.suppressors import SUPPRESSORS, Suppressor
from scangate.detectors.sensitive_data.validators.registry import Validator, resolve
from scangate.errors import ConfigurationError
from scangate.matching.literals import KeywordFinder, WordMask
from scangate.matching.patterns import EncodedText, Family, PatternSet

OTHER_NUMBERS = "other_numbers"


def pattern_id(name: str) -> str:
    """The data pattern's stable id: 24 hexadecimal digits of SHA-256 over its name."""
    return sha256(name.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class CompiledRule:
    rule: Rule
    index: int
    pattern_id: str
    validate: Validator
    suppressors: tuple[Suppressor, ...]
    context: frozenset[int]
    places: frozenset[int]
    companions: frozenset[int]
    """With a word of `places` near, those of `companions` count as context too: see `Rule.places`."""
    hints: frozenset[int]
    """Words by their ids in the catalog's finder; a context word is no hint."""
    words: WordMask
    """Its context words, places and hints among those of the catalog: one of them stands near whatever it reports."""

    @property
    def needs_words(self) -> bool:
        """Whether no match is reported unless a context word or hint stands near it."""
        ladder = self.rule.confidence
        return ladder.alone is None and (ladder.checksum is None or not (self.rule.validator and self.rule.proves))


class RuleSet:
    """The rules that run on one kind of view, with their patterns in one set: rules that share a pattern share its matches."""

    __slots__ = ("_always", "_by_word", "_patterns_of", "patterns", "rules", "rules_of")

    def __init__(self, rules: Sequence[CompiledRule], *, case_sensitive: bool) -> None:
        self.rules = tuple(rules)
        users: dict[tuple[str, Family], list[int]] = defaultdict(list)
        for position, compiled in enumerate(self.rules):
            for expression in dict.fromkeys(compiled.rule.patterns):
                users[expression, compiled.rule.family].append(position)
        self.rules_of = tuple(tuple(positions) for positions in users.values())
        self.patterns = PatternSet(
            [expression for expression, _ in users], [family for _, family in users], case_sensitive=case_sensitive
        )
        self._patterns_of: dict[int, list[int]] = defaultdict(list)
        for index, positions in enumerate(self.rules_of):
            for position in positions:
                self._patterns_of[position].append(index)
        self._always = frozenset(position for position, compiled in enumerate(self.rules) if not compiled.needs_words)
        by_word: dict[int, set[int]] = defaultdict(set)
        for position, compiled in enumerate(self.rules):
            if compiled.needs_words:
                for word in compiled.context | compiled.hints | compiled.places:
                    by_word[word].add(position)
        self._by_word = {word: frozenset(positions) for word, positions in by_word.items()}

    def active(self, words: Iterable[int], wanted: Set[int]) -> set[int]:
        """Positions of the wanted rules that can report anything in a text in which no other keywords than these occur."""
        positions = set(self._always)
        for word in words:
            positions |= self._by_word.get(word, frozenset())
        return positions & wanted

    def matching(self, text: EncodedText, active: set[int]) -> list[int]:
        """Indices of patterns that match; patterns of no active rule may be among them."""
        return self.patterns.matching(text, lambda: {index for position in active for index in self._patterns_of[position]})


class Catalog:
    """Immutable; safe to share between threads.

    Raises:
        ConfigurationError: an unknown validator, suppressor or vocabulary, a duplicate id, a pattern that re2 refuses.
    """

    __slots__ = ("_folded", "exact", "finder", "other_numbers", "rules")

    def __init__(self, rules: Sequence[Rule], vocabularies: Mapping[str, frozenset[str]]) -> None:
        if len({rule.id for rule in rules}) != len(rules):
            raise ConfigurationError("two sensitive-data rules have the same id")
        others = vocabularies.get(OTHER_NUMBERS, frozenset())
        words = [_words(rule, vocabularies) for rule in rules]
        self.finder = KeywordFinder(sorted(others.union(*(word.all for word in words))))
        self.other_numbers = self.finder.ids(others)
        self.rules = tuple(
            _compile(index, rule, self.finder, own) for index, (rule, own) in enumerate(zip(rules, words, strict=True))
        )
        self.exact = RuleSet(self.rules, case_sensitive=True)
        self._folded: RuleSet | None = None

    @property
    def folded(self) -> RuleSet:
        """The rules that run on folded text: compiled when the first such text comes, which most never do. Two threads may both
        compile them, to the same effect."""
        if self._folded is None:
            self._folded = RuleSet([item for item in self.rules if item.rule.case == "folds"], case_sensitive=False)
        return self._folded


class _Words(NamedTuple):
    """The words of one rule: see the fields of `CompiledRule`."""

    context: frozenset[str]
    places: frozenset[str]
    companions: frozenset[str]
    hints: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.context.union(*self[1:])


def _words(rule: Rule, vocabularies: Mapping[str, frozenset[str]]) -> _Words:
    unknown = [name for name in (*rule.vocabularies, *rule.hints) if name not in vocabularies]
    if unknown:
        raise ConfigurationError(f"rule {rule.id!r}: unknown vocabulary {unknown[0]!r}")
    own = frozenset(word for words in rule.context.values() for word in words)
    shared = frozenset[str]().union(*(vocabularies[name] for name in rule.vocabularies))
    hints = frozenset[str]().union(*(vocabularies[name] for name in rule.hints))
    if rule.places:
        return _Words(own, frozenset(rule.places), shared, hints - own)
    return _Words(own | shared, frozenset(), frozenset(), hints - own - shared)


def _compile(index: int, rule: Rule, finder: KeywordFinder, words: _Words) -> CompiledRule:
    unknown = [name for name in rule.suppressors if name not in SUPPRESSORS]
    if unknown:
        raise ConfigurationError(f"rule {rule.id!r}: unknown suppressor {unknown[0]!r}")
    try:
        validate = resolve(rule.validator)
    except ConfigurationError as error:
        raise ConfigurationError(f"rule {rule.id!r}: {error.message}") from None
    return CompiledRule(
        rule,
        index,
        pattern_id(rule.name),
        validate,
        suppressors=tuple(SUPPRESSORS[name] for name in rule.suppressors),
        context=finder.ids(words.context),
        places=finder.ids(words.places),
        companions=finder.ids(words.companions),
        hints=finder.ids(words.hints),
        words=finder.mask(finder.ids(words.context | words.hints | words.places)),
    )


def load_catalog() -> Catalog:
    """The catalog that ships with the package: about 0.65 s and 43 MB, so load it once (`Resources.shared`)."""
    return Catalog(load_rules(), load_vocabularies())

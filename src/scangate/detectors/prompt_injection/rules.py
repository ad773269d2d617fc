"""Rules: which tags and marks, how close to each other, make evidence of an attack. Loads and compiles the files in rules/.

A rule names tags of the lexicon (or markers, which are patterns) that must stand within `within` characters of the first one, in
one language or English, in one sentence unless it goes `across`. It belongs to a group; the scorer weighs groups, not rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import re2
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.prompt_injection.lexicon import Lexicon, TaggedText, TagHits, load_lexicon
from scangate.errors import ConfigurationError
from scangate.inference.linear import OTHER, CollapsedText
from scangate.matching.documents import read_yaml
from scangate.matching.patterns import EncodedText

RULES_DIR: Final = Path(__file__).parent / "rules"
MAX_MARKS: Final = 2000
"""Hits of one marker in one text that are all kept; of a flood only one in each stretch is."""

_FULL_WIDTH: Final = 0x3003
_SENTENCE_END: Final = np.isin(np.arange(_FULL_WIDTH + 1), [ord(mark) for mark in ".!?。"])
_STRETCH: Final = 128
_NEIGHBOURS: Final = np.arange(-3, 3)
_FAR: Final = 1 << 30
_ALL_LANGUAGES: Final = (1 << 62) - 1

Ints = NDArray[np.int64]

_NONE: Final = np.zeros(0, np.int64)


class Kind(StrEnum):
    """What an attack is after; the category of a finding."""

    DIRECT_OVERRIDE = "direct_override"
    JAILBREAK = "jailbreak"
    PROMPT_EXTRACTION = "prompt_extraction"
    INDIRECT = "indirect"
    OBFUSCATED = "obfuscated"


class Rule(BaseModel):
    """One entry of a rule file. The examples are part of it: a rule without them is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    group: str
    kind: Kind
    tags: Annotated[tuple[str, ...], Field(min_length=1)]
    within: Annotated[int, Field(ge=0, le=400)] = 0
    across: bool = False
    matching: Annotated[tuple[str, ...], Field(min_length=2)]
    benign: Annotated[tuple[str, ...], Field(min_length=2)]


@dataclass(frozen=True, slots=True)
class RuleHits:
    """Where rules hold, by start: `rules[i]`, an index of `RuleSet.rules`, holds at `[starts[i], ends[i])` of the collapsed text."""

    rules: Ints
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.rules)

    def only(self, chosen: NDArray[np.bool_]) -> RuleHits:
        return RuleHits(self.rules[chosen], self.starts[chosen], self.ends[chosen])


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    bits: tuple[int, ...]
    needs: int


@dataclass(frozen=True, slots=True)
class _Marker:
    bit: int
    pattern: re2._Regexp
    company: tuple[int, ...]
    """Of each rule that names it, the tags of the lexicon that must be in the text as well."""


class RuleSet:
    """All rules over one lexicon. Immutable after construction; safe to share between threads.

    Raises:
        ConfigurationError: two rules share an id, a rule names an unknown tag, a marker is not re2 syntax.
    """

    def __init__(self, lexicon: Lexicon, markers: dict[str, str], rules: Sequence[Rule]) -> None:
        self.lexicon = lexicon
        self.rules = tuple(rules)
        bits = dict(lexicon.tags)
        patterns = {name: _compile(name, pattern) for name, pattern in markers.items()}
        bits |= {name: 1 << (len(bits) + place) for place, name in enumerate(markers)}
        self._any_marker = _compile("markers", "|".join(f"(?:{pattern})" for pattern in markers.values()))
        if len({rule.id for rule in rules}) != len(rules):
            raise ConfigurationError("two rules share an id")
        self._compiled = tuple(_resolve(rule, bits) for rule in rules)
        self._markers = tuple(_Marker(bits[name], patterns[name], _company(name, rules, lexicon)) for name in markers)
        self.groups = tuple(sorted({rule.group for rule in rules}))
        self.group_of_rule = np.array([self.groups.index(rule.group) for rule in rules])
        self.tag_bits = bits

    def tag(self, text: CollapsedText) -> TaggedText:
        """Hits of the lexicon and of the markers."""
        string = text.string()
        tagged = self.lexicon.tag(text, string)
        marks = self._marks(string, tagged.present)
        if not len(marks):
            return tagged
        starts = np.concatenate((tagged.starts, marks[:, 0]))
        order = np.argsort(starts, kind="stable")
        return TaggedText(
            starts[order],
            np.concatenate((tagged.ends, marks[:, 1]))[order],
            np.concatenate((tagged.languages, np.full(len(marks), _ALL_LANGUAGES)))[order],
            np.concatenate((tagged.tags, marks[:, 2]))[order],
            tagged.present | int(np.bitwise_or.reduce(marks[:, 2])),
        )

    def _marks(self, string: str, present: int) -> Ints:
        encoded = EncodedText(string)
        marks: list[tuple[int, int, int]] = []
        if self._any_marker.search(encoded.data) is not None:
            for marker in self._markers:
                if any(present & company == company for company in marker.company):
                    marks.extend(_occurrences(marker.pattern, encoded, marker.bit))
        return np.array(marks, np.int64).reshape(-1, 3)

    def hits(self, tagged: TaggedText, ends: Ints) -> RuleHits:
        """Every place where a rule holds. Linear in the number of tagged terms.

        `ends` are the text's sentence ends.
        """
        index = _TagIndex(tagged)
        found = []
        for number, compiled in enumerate(self._compiled):
            if tagged.present & compiled.needs == compiled.needs:
                starts, stops = _spans(compiled, index, ends)
                found.append(np.stack((np.full(len(starts), number), starts, stops)))
        hits = np.concatenate(found, axis=1) if found else np.zeros((3, 0), np.int64)
        hits = hits[:, np.argsort(hits[1], kind="stable")]
        return RuleHits(hits[0], hits[1], hits[2])


def load_rules(directory: Path = RULES_DIR) -> RuleSet:
    """The rules that come with the package."""
    markers = read_yaml((directory / "markers.yaml").read_text(encoding="utf-8"))
    files = sorted((directory / "attacks").glob("*.yaml"))
    entries = [entry for path in files for entry in read_yaml(path.read_text(encoding="utf-8"))]
    return RuleSet(load_lexicon(directory / "lexicon"), markers, [Rule.model_validate(entry) for entry in entries])


def sentence_ends(text: CollapsedText) -> Ints:
    """Positions of the marks that end a sentence: followed by a space, or full-width."""
    marks = np.flatnonzero(text.classes == OTHER)
    codes = text.codes[marks]
    follows = text.codes[np.minimum(marks + 1, len(text.codes) - 1)]
    ends: Ints = marks[_SENTENCE_END[np.minimum(codes, _FULL_WIDTH)] & ((follows == ord(" ")) | (codes == ord("。")))]
    return ends


def _resolve(rule: Rule, bits: dict[str, int]) -> _Compiled:
    unknown = sorted(set(rule.tags) - set(bits))
    if unknown:
        raise ConfigurationError(f"rule {rule.id!r} names unknown tags: {unknown}")
    own = tuple(bits[tag] for tag in rule.tags)
    return _Compiled(rule, own, int(np.bitwise_or.reduce(np.array(own))))


def _company(marker: str, rules: Sequence[Rule], lexicon: Lexicon) -> tuple[int, ...]:
    return tuple({sum(lexicon.tags.get(tag, 0) for tag in rule.tags) for rule in rules if marker in rule.tags})


def _compile(name: str, pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern.encode(), options=options)
    except re2.error:
        raise ConfigurationError(f"marker {name!r} is not valid re2 syntax") from None


def _occurrences(pattern: re2._Regexp, text: EncodedText, bit: int) -> list[tuple[int, int, int]]:
    """Every match; once there are MAX_MARKS, the first in each stretch: no ordinary text has so many, and rules need no more."""
    marks: list[tuple[int, int, int]] = []
    match = pattern.search(text.data)
    while match is not None:
        marks.append((text.point(match.start()), text.point(match.end()), bit))
        skipped = 0 if len(marks) < MAX_MARKS else _STRETCH
        match = pattern.search(text.data, match.end() + skipped)
    return marks


class _TagIndex:
    """The hits of each tag of one text, looked up once."""

    def __init__(self, tagged: TaggedText) -> None:
        self._tagged = tagged
        self._hits: dict[int, TagHits] = {}

    def __getitem__(self, bit: int) -> TagHits:
        if bit not in self._hits:
            self._hits[bit] = self._tagged.hits(bit)
        return self._hits[bit]


def _spans(compiled: _Compiled, index: _TagIndex, ends: Ints) -> tuple[Ints, Ints]:
    """Where the rule holds: each hit of its first tag that has a hit of every other tag near it."""
    anchors = index[compiled.bits[0]]
    starts, stops, languages = anchors.starts, anchors.ends, anchors.languages
    holds = np.ones(len(anchors), np.bool_)
    for bit in compiled.bits[1:]:
        others = index[bit]
        if not len(others):
            return _NONE, _NONE
        chosen, near = _nearest(compiled.rule, anchors, languages, others, ends)
        holds &= near
        if not holds.any():
            return _NONE, _NONE
        starts = np.minimum(starts, others.starts[chosen])
        stops = np.maximum(stops, others.ends[chosen])
        languages = languages & others.languages[chosen]
    return starts[holds], stops[holds]


def _nearest(rule: Rule, anchors: TagHits, languages: Ints, others: TagHits, ends: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """For each anchor the nearest admissible hit among its neighbours in `others`, and whether there is one."""
    place = np.searchsorted(others.starts, anchors.starts)
    index = np.minimum(np.maximum(place[:, None] + _NEIGHBOURS, 0), len(others) - 1)
    begins, stops = anchors.starts[:, None], anchors.ends[:, None]
    gap = np.maximum(others.starts[index] - stops, begins - others.ends[index])
    fits = (gap <= rule.within) & ((others.languages[index] & languages[:, None]) != 0)
    if not rule.across and fits.any():
        fits &= np.searchsorted(ends, begins) == np.searchsorted(ends, others.starts[index])
    best = np.argmin(np.where(fits, gap, _FAR), axis=1)
    chosen = index[np.arange(len(anchors)), best]
    return chosen, fits.any(axis=1)

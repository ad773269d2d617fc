"""Rules: which tags and marks, how close to each other, make evidence of an attack. Loads and compiles the files in rules/.

A rule names tags of the lexicon (or markers, which are patterns) that must stand within `within` characters of the first one, in one
language or English, in one sentence unless it goes `across`. It belongs to a group; the scorer weighs groups, not single rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import re2
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from scangate.detectors.prompt_injection.lexicon import Lexicon, TaggedText, TagHits, load_lexicon
from scangate.errors import ConfigurationError
from scangate.inference.linear import CollapsedText
from scangate.matching.patterns import EncodedText

RULES_DIR: Final = Path(__file__).parent / "rules"
MAX_HITS: Final = 100
"""Hits of one rule in one text."""
MAX_MARKS: Final = 2000
"""Hits of one marker in one text."""

_SENTENCE_ENDS: Final = np.array([ord(mark) for mark in ".!?。！？"], np.uint32)
_NEIGHBOURS: Final = (-3, -2, -1, 0, 1, 2)
_FAR: Final = 1 << 30
_ALL_LANGUAGES: Final = (1 << 62) - 1

Ints = NDArray[np.int64]


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
class RuleHit:
    """A rule that holds at `[start, end)`, in positions of the collapsed text."""

    rule: Rule
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    bits: tuple[int, ...]
    needs: int


class RuleSet:
    """All rules over one lexicon. Immutable after construction; safe to share between threads.

    Raises:
        ConfigurationError: two rules share an id, a rule names an unknown tag, a marker is not re2 syntax.
    """

    def __init__(self, lexicon: Lexicon, markers: dict[str, str], rules: Sequence[Rule]) -> None:
        self.lexicon = lexicon
        self.rules = tuple(rules)
        bits = dict(lexicon.tags)
        self._markers = []
        for name, pattern in markers.items():
            bits[name] = 1 << len(bits)
            self._markers.append((bits[name], _compile(name, pattern)))
        self._any_marker = _compile("markers", "|".join(f"(?:{pattern})" for pattern in markers.values()))
        if len({rule.id for rule in rules}) != len(rules):
            raise ConfigurationError("two rules share an id")
        self._compiled = tuple(_resolve(rule, bits) for rule in rules)
        self.groups = tuple(sorted({rule.group for rule in rules}))
        self.tag_bits = bits

    def tag(self, text: CollapsedText) -> TaggedText:
        """Hits of the lexicon and of the markers."""
        tagged = self.lexicon.tag(text)
        marks = self._marks(text)
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

    def _marks(self, text: CollapsedText) -> Ints:
        encoded = EncodedText(text.string())
        marks: list[tuple[int, int, int]] = []
        if self._any_marker.search(encoded.data) is not None:
            for bit, pattern in self._markers:
                marks.extend(_occurrences(pattern, encoded, bit))
        return np.array(marks, np.int64).reshape(-1, 3)

    def hits(self, text: CollapsedText, tagged: TaggedText) -> list[RuleHit]:
        """Every rule that holds, at most MAX_HITS times each, by start. Linear in the number of tagged terms."""
        ends: Ints | None = None
        found: list[RuleHit] = []
        for compiled in self._compiled:
            if tagged.present & compiled.needs != compiled.needs:
                continue
            if ends is None:
                ends = sentence_ends(text)
            spans = _spans(compiled, tagged, ends)
            found.extend(RuleHit(compiled.rule, start, end) for start, end in spans)
        return sorted(found, key=lambda hit: hit.start)


def load_rules(directory: Path = RULES_DIR) -> RuleSet:
    """The rules that come with the package."""
    markers = yaml.safe_load((directory / "markers.yaml").read_text(encoding="utf-8"))
    files = sorted((directory / "attacks").glob("*.yaml"))
    entries = [entry for path in files for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]
    return RuleSet(load_lexicon(directory / "lexicon"), markers, [Rule.model_validate(entry) for entry in entries])


def sentence_ends(text: CollapsedText) -> Ints:
    """Positions of the marks that end a sentence: followed by a space, or full-width."""
    marks = np.isin(text.codes, _SENTENCE_ENDS)
    marks[:-1] &= (text.codes[1:] == ord(" ")) | (text.codes[:-1] > 0x2FFF)
    return np.flatnonzero(marks)


def _resolve(rule: Rule, bits: dict[str, int]) -> _Compiled:
    unknown = sorted(set(rule.tags) - set(bits))
    if unknown:
        raise ConfigurationError(f"rule {rule.id!r} names unknown tags: {unknown}")
    own = tuple(bits[tag] for tag in rule.tags)
    return _Compiled(rule, own, int(np.bitwise_or.reduce(np.array(own))))


def _compile(name: str, pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern.encode(), options=options)
    except re2.error:
        raise ConfigurationError(f"marker {name!r} is not valid re2 syntax") from None


def _occurrences(pattern: re2._Regexp, text: EncodedText, bit: int) -> list[tuple[int, int, int]]:
    marks = []
    for match in pattern.finditer(text.data):
        marks.append((text.point(match.start()), text.point(match.end()), bit))
        if len(marks) >= MAX_MARKS:
            break
    return marks


def _spans(compiled: _Compiled, tagged: TaggedText, ends: Ints) -> list[tuple[int, int]]:
    """Where the rule holds: each hit of its first tag that has a hit of every other tag near it."""
    anchors = tagged.hits(compiled.bits[0])
    starts, stops, languages = anchors.starts, anchors.ends, anchors.languages
    holds = np.ones(len(anchors), np.bool_)
    for bit in compiled.bits[1:]:
        others = tagged.hits(bit)
        if not len(others):
            return []
        chosen, near = _nearest(compiled.rule, anchors, languages, others, ends)
        holds &= near
        starts = np.minimum(starts, others.starts[chosen])
        stops = np.maximum(stops, others.ends[chosen])
        languages = languages & others.languages[chosen]
    kept = np.flatnonzero(holds)[:MAX_HITS]
    return list(zip(starts[kept].tolist(), stops[kept].tolist(), strict=True))


def _nearest(rule: Rule, anchors: TagHits, languages: Ints, others: TagHits, ends: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """For each anchor the nearest admissible hit among its neighbours in `others`, and whether there is one."""
    place = np.searchsorted(others.starts, anchors.starts)
    best = np.full(len(anchors), _FAR)
    chosen = np.zeros(len(anchors), np.int64)
    for step in _NEIGHBOURS:
        index = np.clip(place + step, 0, len(others) - 1)
        gap = np.maximum(np.maximum(others.starts[index] - anchors.ends, anchors.starts - others.ends[index]), 0)
        fits = (gap <= rule.within) & ((others.languages[index] & languages) != 0) & (gap < best)
        if not rule.across:
            first, last = np.minimum(anchors.starts, others.starts[index]), np.maximum(anchors.starts, others.starts[index])
            fits &= np.searchsorted(ends, first) == np.searchsorted(ends, last)
        best = np.where(fits, gap, best)
        chosen = np.where(fits, index, chosen)
    return chosen, best < _FAR

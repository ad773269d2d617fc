"""Vocabulary of attacks: finds tagged terms of nine languages in a text, in one pass.

A tag is a role that a term plays in an attack ("drop": verbs that void something; "rules": what an assistant is bound by). The
terms stand in rules/lexicon/<language>.yaml. Which tags make an attack together is said by the rules, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray

from scangate.errors import ConfigurationError
from scangate.inference.linear import CollapsedText, collapse
from scangate.matching.documents import read_yaml
from scangate.matching.folding import clean, fold

LEXICON_DIR: Final = Path(__file__).parent / "rules" / "lexicon"
CANCELS: Final = {"drop": "keep"}
"""Terms of the first tag don't count inside terms of the second ("don't forget")."""

_CODE_SWITCHED: Final = "en"
"""Terms of this language combine with those of any other."""

_SEPARATOR: Final = "§"
_FLOOD: Final = 100_000
_STRETCH: Final = 32

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TagHits:
    """Where the terms of one tag occur, by start; `languages` is a bit set for each hit."""

    starts: Ints
    ends: Ints
    languages: Ints

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class TaggedText:
    """All hits of one text, by start. `tags` is a bit set for each hit, `present` their union."""

    starts: Ints
    ends: Ints
    languages: Ints
    tags: Ints
    present: int

    def hits(self, tag: int) -> TagHits:
        """The hits of one tag, given as its bit."""
        own = np.flatnonzero(self.tags & tag)
        return TagHits(self.starts[own], self.ends[own], self.languages[own])


_NONE: Final = np.zeros(0, np.int64)
_ZERO: Final = np.zeros(1, np.int64)
_NOTHING: Final = TaggedText(_NONE, _NONE, _NONE, _NONE, present=0)


@dataclass(slots=True)
class _Entry:
    tags: int = 0
    languages: int = 0


class Lexicon:
    """All terms, compiled. Immutable after construction.

    Raises:
        ConfigurationError: a language lacks a tag that another one has, or has an empty term.
    """

    def __init__(self, vocabulary: Mapping[str, Mapping[str, str]]) -> None:
        self.languages = tuple(sorted(vocabulary))
        names = sorted({tag for tags in vocabulary.values() for tag in tags})
        self.tags = {name: 1 << index for index, name in enumerate(names)}
        entries: dict[tuple[str, bool, bool], _Entry] = {}
        for language, tags in vocabulary.items():
            if set(tags) != set(names):
                raise ConfigurationError(f"lexicon {language!r} lacks tags: {sorted(set(names) - set(tags))}")
            for tag, text in tags.items():
                for literal in _literals(_terms(text), language):
                    entry = entries.setdefault(literal, _Entry())
                    entry.tags |= self.tags[tag]
                    entry.languages |= self._language_bits(language)
        self._automaton = AhoCorasick([literal for literal, _, _ in entries])
        self._open_left = np.array([key[1] for key in entries])
        self._open_right = np.array([key[2] for key in entries])
        self._languages = np.array([entry.languages for entry in entries.values()], np.int64)
        self._tags = np.array([entry.tags for entry in entries.values()], np.int64)

    def __len__(self) -> int:
        return len(self._tags)

    def _language_bits(self, language: str) -> int:
        return (1 << len(self.languages)) - 1 if language == _CODE_SWITCHED else 1 << self.languages.index(language)

    def tag(self, text: CollapsedText, string: str) -> TaggedText:
        """Every hit, in positions of `text`, which `string` spells. Linear in the text and its hits."""
        found = self._automaton.find_matches_as_indexes(string, overlapping=True)
        if not found:
            return _NOTHING
        hits = np.fromiter(chain.from_iterable(found), np.int64, 3 * len(found)).reshape(-1, 3)
        hits = hits[self._whole(hits, text.joined)]
        hits = _thinned(hits[np.argsort(hits[:, 1], kind="stable")])
        terms, starts, ends = hits[:, 0], hits[:, 1], hits[:, 2]
        tags = self._tags[terms]
        for tag, cancel in CANCELS.items():
            cancelled = _inside(starts, ends, (tags & self.tags[cancel]) != 0)
            tags = np.where(cancelled, tags & ~self.tags[tag], tags)
        return TaggedText(starts, ends, self._languages[terms], tags, int(np.bitwise_or.reduce(tags)) if len(tags) else 0)

    def _whole(self, hits: Ints, joined: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Hits that begin and end where a word does, unless their term is open there. The text is padded on both sides."""
        terms, starts, ends = hits[:, 0], hits[:, 1], hits[:, 2]
        runs_on_left = joined[starts] & joined[np.maximum(starts - 1, 0)]
        runs_on_right = joined[ends - 1] & joined[np.minimum(ends, len(joined) - 1)]
        whole: NDArray[np.bool_] = (self._open_left[terms] | ~runs_on_left) & (self._open_right[terms] | ~runs_on_right)
        return whole


def load_lexicon(directory: Path = LEXICON_DIR) -> Lexicon:
    """Read one file a language."""
    files = sorted(directory.glob("*.yaml"))
    return Lexicon({path.stem: read_yaml(path.read_text(encoding="utf-8")) for path in files})


def _terms(text: str) -> list[str]:
    return [term for line in text.splitlines() for piece in line.split(",") if (term := piece.strip())]


def _literals(terms: list[str], language: str) -> list[tuple[str, bool, bool]]:
    """Terms as they look in collapsed text, and whether they are open on the left and on the right."""
    bare = _SEPARATOR.join(term.strip("*") for term in terms)
    plain = [term.strip() for term in collapse(fold(clean(bare)).text).string().split(_SEPARATOR)]
    if not all(plain):
        raise ConfigurationError(f"lexicon {language!r} has an empty term")
    return [(text, term.startswith("*"), term.endswith("*")) for text, term in zip(plain, terms, strict=True)]


def _thinned(hits: Ints) -> Ints:
    """Of a flood of hits, by start, the first and the last of each term in each small stretch: rules need no more."""
    if len(hits) <= _FLOOD:
        return hits
    keys = ((hits[:, 1] // _STRETCH) << 32) | hits[:, 0]
    order = np.argsort(keys, kind="stable")
    changes = np.flatnonzero(np.diff(keys[order])) + 1
    ends = np.concatenate((_ZERO, changes, changes - 1, [len(hits) - 1]))
    return hits[np.unique(order[ends])]


def _inside(starts: Ints, ends: Ints, covers: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which hits some cover contains; all sorted by start."""
    if not covers.any():
        return np.zeros(len(starts), np.bool_)
    first, reach = starts[covers], np.maximum.accumulate(ends[covers])
    last = np.searchsorted(first, starts, side="right") - 1
    inside: NDArray[np.bool_] = (last >= 0) & (reach[np.maximum(last, 0)] >= ends)
    return inside

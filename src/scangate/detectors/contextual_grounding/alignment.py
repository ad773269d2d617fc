"""A claim beside the sentence of the context that it nearly repeats: what was changed, and whether the change turns it into another.

Only where the two say the same in the same words but for a little: there a changed number, name, negation or order is not a way of
putting it. Everything freer is the model's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import pairwise
from typing import Final

from scangate.detectors.contextual_grounding.lexicon import read_lexicon
from scangate.detectors.contextual_grounding.terms import words

MOST_TOKENS: Final = 120
_LEAST_TOKENS: Final = 4
_NEAR: Final = 0.72
"""Share of the claim's tokens that stand in the sentence in the same order."""
_AS_LONG: Final = 1.5
_SHORT: Final = 3
"""Tokens put in or left out that may be a negation and no more."""
_SAME_WORDS: Final = 0.93
_NEAR_ORDER: Final = 0.5
_FIRST_WIDE: Final = "\u2e80"
_WIDE_LANGUAGES: Final = ("ja", "zh")


@dataclass(frozen=True, slots=True)
class Change:
    """What stands in the claim in the place of what stands in the sentence; either may be empty."""

    claim: tuple[str, ...]
    sentence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """`near` is the share of the claim that the sentence repeats in order, `same_words` in any order."""

    near: float
    same_words: float
    changes: tuple[Change, ...]
    tokens: int
    language: str
    negations: tuple[int, int] = (0, 0)
    """In claim and sentence, where both are Chinese or Japanese and about as long."""

    @property
    def is_near(self) -> bool:
        return self.tokens >= _LEAST_TOKENS and self.near >= _NEAR

    @property
    def is_same(self) -> bool:
        """Whether the claim is in the sentence word for word, with nothing left out in between."""
        return self.near == 1.0 and not self.changes

    @property
    def is_negated(self) -> bool:
        """Whether one of the two is the other's denial: the changes have negations on one side only."""
        if not self.is_near:
            return False
        if self.language in _WIDE_LANGUAGES and self.negations[0] % 2 != self.negations[1] % 2:
            return True
        return _negations(self.changes, self.language, claim=True) % 2 != _negations(self.changes, self.language, claim=False) % 2

    @property
    def opposite(self) -> tuple[str, str] | None:
        """Two words that exclude each other and stand in each other's place."""
        if not self.is_near:
            return None
        for change in self.changes:
            for mine in _pieces(change.claim):
                for theirs in _pieces(change.sentence):
                    if theirs in _opposites().get(mine, ()):
                        return mine, theirs
        return None

    @property
    def is_reordered(self) -> bool:
        """Whether the claim has the sentence's words with some of them in each other's places."""
        if self.tokens < _LEAST_TOKENS or self.same_words < _SAME_WORDS or not _NEAR_ORDER <= self.near < 1.0:
            return False
        gone = Counter(token for change in self.changes for token in change.sentence)
        come = Counter(token for change in self.changes for token in change.claim)
        swaps = [change for change in self.changes if change.claim and change.sentence]
        moved = sum((gone & come).values())
        return moved >= 2 and len(swaps) >= 2 and moved >= 0.8 * sum(come.values())


def align(claim: Sequence[str], sentence: Sequence[str], language: str) -> Alignment:
    """Both as `tokens` makes them; of long ones the start is compared. Quadratic in tokens, which are few."""
    mine, theirs = list(claim[:MOST_TOKENS]), list(sentence[:MOST_TOKENS])
    if not mine or not theirs:
        return Alignment(0.0, 0.0, (), len(mine), language)
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    matched = sum(block.size for block in blocks)
    first, last = blocks[0], blocks[-2] if len(blocks) > 1 else blocks[0]
    changes = []
    if matched:
        if not first.a and first.b and _is_negator(theirs[first.b - 1], language):
            changes.append(Change((), (theirs[first.b - 1],)))  # the claim begins right behind a `not`
        if first.a:
            changes.append(Change(tuple(mine[: first.a]), tuple(theirs[max(0, first.b - first.a - 1) : first.b])))
        for before, after in pairwise(blocks[:-1]):
            changes.append(Change(tuple(mine[before.a + before.size : after.a]), tuple(theirs[before.b + before.size : after.b])))
        end, stop = last.a + last.size, last.b + last.size
        if end < len(mine):
            changes.append(Change(tuple(mine[end:]), tuple(theirs[stop : stop + len(mine) - end + 1])))
    shared = sum((Counter(mine) & Counter(theirs)).values())
    both = (0, 0)
    if language in _WIDE_LANGUAGES and len(theirs) <= _AS_LONG * len(mine):
        both = (_wide_negations("".join(mine), language), _wide_negations("".join(theirs), language))
    return Alignment(matched / len(mine), shared / len(mine), tuple(changes), len(mine), language, both)


def tokens(text: str) -> list[str]:
    """Words; Chinese and Japanese characters one by one."""
    found = []
    for word in words(text):
        if word[0] >= _FIRST_WIDE:
            found += list(word)
        else:
            found.append(word)
    return found


@cache
def _lexicon() -> tuple[dict[str, frozenset[str]], dict[str, tuple[str, ...]], dict[str, frozenset[str]]]:
    document = read_lexicon("opposites.yaml")
    negators = {language: frozenset(map(str, listed)) for language, listed in document["negators"].items()}
    wide = {language: tuple(listed) for language, listed in document["wide_negators"].items()}
    pairs: dict[str, set[str]] = {}
    for first, second in document["pairs"]:
        pairs.setdefault(first, set()).add(second)
        pairs.setdefault(second, set()).add(first)
    return negators, wide, {word: frozenset(others) for word, others in pairs.items()}


def _opposites() -> dict[str, frozenset[str]]:
    return _lexicon()[2]


def _is_negator(token: str, language: str) -> bool:
    negators, wide, _ = _lexicon()
    if len(token) == 1 and language not in _WIDE_LANGUAGES:
        return False  # of `don't` and `n'est` parts only
    return token in (wide[language] if language in _WIDE_LANGUAGES else negators.get(language, ()))


def _negations(changes: Sequence[Change], language: str, *, claim: bool) -> int:
    negators, _, _ = _lexicon()
    # what a long stretch of one of the two says beside the other is no denial of it
    short = [change for change in changes if (change.claim and change.sentence) or len(change.claim + change.sentence) <= _SHORT]
    parts = [change.claim if claim else change.sentence for change in short]
    if language in _WIDE_LANGUAGES:
        return _wide_negations(" ".join("".join(part) for part in parts), language)
    listed = negators.get(language, frozenset())
    count = sum(token in listed for part in parts for token in part)
    # `ne … pas`, `n't` after a split word: one negation
    return min(count, 1) if language in ("fr", "en") else count


def _wide_negations(text: str, language: str) -> int:
    count = 0
    for word in _lexicon()[1][language]:
        count += text.count(word)
        text = text.replace(word, " ")
    return count


def _pieces(part: Sequence[str]) -> list[str]:
    if part and part[0] >= _FIRST_WIDE:
        joined = "".join(part)
        return [joined[first : first + size] for size in (1, 2, 3) for first in range(len(joined) - size + 1)]
    return list(part)

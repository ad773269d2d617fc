"""The context as passages, and which of them speak of a claim: rare shared terms count most, as in BM25 (Robertson and Zaragoza 2009).

A passage is a run of consecutive sentences of about `LETTERS` characters; one begins at every sentence, so no claim falls between
two of them. Built once a scan, linear in the context; a claim costs what the sentences cost that share a term with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scangate.detectors.contextual_grounding.sentences import LONGEST, sentences
from scangate.detectors.contextual_grounding.terms import terms
from scangate.domain.content import Span

LETTERS: Final = 520
"""About 130 tokens of an alphabet; the model was trained on half to a little more of it."""
WIDE_LETTERS: Final = 218
_FIRST_WIDE: Final = "\u2e80"
_BATCH: Final = 200


class Passage(NamedTuple):
    """A stretch of the context, in code points, and how well it fits the claim (0: shares nothing with it)."""

    span: Span
    fit: float
    first: int
    last: int
    """Its sentences, half-open."""


class Passages:
    """Immutable once built."""

    def __init__(self, context: str, checkpoint: Callable[[], None]) -> None:
        """
        Raises:
            DeadlineExceededError: passed on from `checkpoint`.
        """
        self.context = context
        self.sentences = sentences(context)
        self._postings: dict[str, list[int]] = {}
        for number, span in enumerate(self.sentences):
            if number % _BATCH == 0:
                checkpoint()
            for term in set(terms(context[span.start : span.end])):
                self._postings.setdefault(term, []).append(number)
        self._lasts = self._reaches()
        self._numbers = np.arange(len(self.sentences))

    def _reaches(self) -> NDArray[np.int64]:
        """For each sentence the end (exclusive) of the passage that begins with it."""
        starts = np.array([span.start for span in self.sentences], np.int64)
        ends = np.array([span.end for span in self.sentences], np.int64)
        wide = [sum(char >= _FIRST_WIDE for char in self.context[span.start : span.end]) for span in self.sentences]
        # a wide character takes the room of several others
        weights = (ends - starts) + np.array(wide, np.int64) * (LETTERS - WIDE_LETTERS) // WIDE_LETTERS
        reached = np.cumsum(weights)
        before = reached - weights
        lasts = np.searchsorted(reached, before + LETTERS, "right")
        reaches: NDArray[np.int64] = np.maximum(lasts, np.arange(len(self.sentences)) + 1).astype(np.int64)
        return reaches

    def rarity(self, term: str) -> float:
        """More for terms of fewer sentences; most for those of none."""
        return math.log(1.0 + (len(self.sentences) + 1.0) / (len(self._postings.get(term, ())) + 0.5))

    def knows(self, term: str) -> bool:
        return term in self._postings

    def sentence(self, number: int) -> str:
        span = self.sentences[number]
        return self.context[span.start : span.end]

    def text(self, passage: Passage) -> str:
        return " ".join(self.context[passage.span.start : passage.span.end].split())

    def fits(self, wanted: Sequence[str], boosts: Sequence[str] = ()) -> NDArray[np.float64]:
        """For every sentence how much of the wanted terms it has; those of `boosts` count half."""
        worth = np.zeros(len(self.sentences))
        for weight, chosen in ((1.0, set(wanted)), (0.5, set(boosts) - set(wanted))):
            for term in chosen:
                numbers = self._postings.get(term)
                if numbers:
                    worth[numbers] += weight * self.rarity(term)
        return worth

    def best(self, worth: NDArray[np.float64], count: int) -> list[Passage]:
        """The passages that fit best, best first, no sentence in two of them; the first ones of the context where nothing fits."""
        if not len(worth):
            return []
        running = np.concatenate(([0.0], np.cumsum(worth)))
        sizes = self._lasts - self._numbers
        totals = (running[self._lasts] - running[self._numbers]) / np.sqrt(sizes)
        found: list[Passage] = []
        while len(found) < count and np.isfinite(totals).any():
            first = int(np.argmax(totals))
            if found and totals[first] <= 0:
                break
            fit, last = float(totals[first]), int(self._lasts[first])
            first = self._extended(first, last)
            start = self.sentences[first].start
            span = Span(start, min(self.sentences[last - 1].end, start + 4 * LONGEST))
            found.append(Passage(span, fit, first, last))
            totals[(self._numbers < last) & (self._lasts > first)] = -np.inf
        return found

    def _extended(self, first: int, last: int) -> int:
        """Where the context ends before the passage is full, it takes sentences before it instead."""
        if last < len(self.sentences):
            return first
        while first > 0 and self._lasts[first - 1] >= last:
            first -= 1
        return first

    def nearest(self, worth: NDArray[np.float64], count: int) -> list[int]:
        """Numbers of the sentences that fit best, best first, none without any fit."""
        if not len(worth):
            return []
        top = np.argsort(-worth, kind="stable")[:count]
        return [int(number) for number in top if worth[number] > 0]

"""What stands behind a hidden piece of code: its foldings and decodings, one inside the other, within a budget for the whole scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import re2

from scangate.detectors.malicious_code.unfolding.escapes import without_escapes
from scangate.detectors.malicious_code.unfolding.folding import Folder
from scangate.detectors.malicious_code.unfolding.functions import base64_text
from scangate.detectors.malicious_code.unfolding.tokens import tokens
from scangate.matching.blobs import blobs
from scangate.matching.code_lines import latin1
from scangate.matching.decoded import Bounds, Source

MAX_DEPTH: Final = 3
_SHORTEST: Final = 6
_LONGEST_FOLDED: Final = 1 << 17
"""Characters of one text whose constants are folded; the rest is decoded and not folded."""
_LONGEST_LAYER: Final = 1 << 17
"""Characters of one layer that are looked at."""
_MAX_BLOBS: Final = 40


@dataclass(slots=True)
class Budget:
    """What one scan may still spend on looking behind code. Belongs to one scan."""

    checkpoint: Callable[[], None]
    characters: int = 1 << 19
    """Of texts to be unfolded, outer and inner ones together."""
    layers: int = 100
    bounds: Bounds = field(default_factory=lambda: Bounds(1 << 18))

    @property
    def is_spent(self) -> bool:
        return self.layers <= 0 or self.characters <= 0


@dataclass(frozen=True, slots=True)
class Layer:
    """A text that was hidden, how many steps it took, and the language to read it in (empty: unknown)."""

    text: str
    depth: int
    language: str = ""
    is_folded: bool = False
    """Its constants are folded already."""


def behind(outer: Layer, budget: Budget, *, fold: bool) -> Iterator[Layer]:
    """What stands right behind a text. `fold` allows folding, which costs ten times as much as decoding.

    Raises:
        DeadlineExceededError: passed on from the budget's checkpoint.
    """
    seen = {outer.text}
    for inner in _unfolded(outer, budget, fold and not outer.is_folded):
        if budget.is_spent:
            return
        if len(inner.text) < _SHORTEST or inner.text in seen:
            continue
        seen.add(inner.text)
        budget.layers -= 1
        budget.characters -= len(inner.text)
        yield inner if len(inner.text) <= _LONGEST_LAYER else replace(inner, text=inner.text[:_LONGEST_LAYER])


def _unfolded(outer: Layer, budget: Budget, fold: bool) -> Iterator[Layer]:
    budget.checkpoint()
    text, language, depth = outer.text, outer.language, outer.depth + 1
    source = Source.of(text)
    if fold:
        head = source.data[:_LONGEST_FOLDED]
        plain = without_escapes(head, language or _shell_like(head))
        if plain != head:
            yield Layer(plain.decode("latin-1"), depth, language, is_folded=True)
        budget.characters -= len(head)
        folder = Folder(language, budget.checkpoint)
        folded = folder.fold(tokens(plain, language))
        if folder.is_changed:
            yield Layer(folded, depth, language, is_folded=True)
            for made in folder.made:
                yield Layer(made, depth)
    for piece in blobs(source, budget.bounds):
        yield Layer(piece.text, depth)
    for count, match in enumerate(_LONG_BASE64.finditer(source.data)):
        if count >= _MAX_BLOBS:
            break
        blob = match.group().decode("latin-1")
        for candidate in (blob, blob[::-1].lstrip("=")):
            decoded = base64_text(candidate)
            if decoded is not None and _is_text(decoded):
                yield Layer(decoded, depth)
                break


_LONG_BASE64: Final = re2.compile(rb"={0,2}[A-Za-z0-9+/]{24,}={0,2}", options=latin1())
_BATCH_SIGN: Final = re2.compile(rb"%\w+:~|\w\^\w|(?i:@echo off|cmd(?:\.exe)? /c)", options=latin1())
_TICK_SIGN: Final = re2.compile(rb"[A-Za-z]`[A-Za-z]", options=latin1())


def _shell_like(data: bytes) -> str:
    """Whose escapes a text of an unknown language has."""
    if _BATCH_SIGN.search(data) is not None:
        return "batch"
    return "powershell" if _TICK_SIGN.search(data) is not None else ""


def _is_text(text: str) -> bool:
    sample = text[:400]
    return sum(32 <= ord(char) < 127 or char in "\r\n\t" for char in sample) >= 0.9 * len(sample)

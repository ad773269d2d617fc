"""What stands behind a hidden piece of code: its foldings and decodings, one inside the other, within a budget for the whole scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
    """A text that was hidden, and how many steps it took."""

    text: str
    depth: int


def layers(text: str, language: str, budget: Budget) -> Iterator[Layer]:
    """Every layer behind a text, outer ones first, each once.

    Raises:
        DeadlineExceededError: passed on from the budget's checkpoint.
    """
    seen = {text}
    waiting = [(Layer(text, 0), language)]
    while waiting and not budget.is_spent:
        outer, spoken = waiting.pop(0)
        budget.characters -= len(outer.text)
        for inner, inner_language in _unfolded(outer.text, spoken, budget):
            if inner in seen or len(inner) < _SHORTEST or budget.is_spent:
                continue
            seen.add(inner)
            budget.layers -= 1
            layer = Layer(inner, outer.depth + 1)
            yield layer
            if layer.depth < MAX_DEPTH:
                waiting.append((layer, inner_language))


def _unfolded(text: str, language: str, budget: Budget) -> Iterator[tuple[str, str]]:
    """Texts behind a text, with the language to read each in (empty: unknown)."""
    budget.checkpoint()
    source = Source.of(text)
    plain = without_escapes(source.data[:_LONGEST_FOLDED], language or _shell_like(source.data))
    if plain != source.data[:_LONGEST_FOLDED]:
        yield plain.decode("latin-1"), language
    folder = Folder(language, budget.checkpoint)
    folded = folder.fold(tokens(plain, language))
    if folder.is_changed:
        yield folded, language
        for made in folder.made:
            yield made, ""
    for piece in blobs(source, budget.bounds):
        yield piece.text, ""
    for count, match in enumerate(_LONG_BASE64.finditer(source.data)):
        if count >= _MAX_BLOBS:
            break
        blob = match.group().decode("latin-1")
        for candidate in (blob, blob[::-1].lstrip("=")):
            decoded = base64_text(candidate)
            if decoded is not None and _is_text(decoded):
                yield decoded, ""
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

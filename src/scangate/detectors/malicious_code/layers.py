"""What stands behind a hidden piece of code: its foldings and decodings, one inside the other, within a budget for the whole scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from scangate.matching.blobs import blobs
from scangate.matching.decoded import Bounds, Source

MAX_DEPTH: Final = 3


@dataclass(slots=True)
class Budget:
    """What one scan may still spend on looking behind code. Belongs to one scan."""

    checkpoint: Callable[[], None]
    characters: int = 1 << 20
    """Of texts to be unfolded, outer and inner ones together."""
    layers: int = 64
    bounds: Bounds = field(default_factory=lambda: Bounds(1 << 18))

    @property
    def is_spent(self) -> bool:
        return self.layers <= 0 or self.characters <= 0


@dataclass(frozen=True, slots=True)
class Layer:
    """A text that was hidden, and how many steps it took."""

    text: str
    depth: int


def layers(text: str, budget: Budget) -> Iterator[Layer]:
    """Every layer behind a text, outer ones first, each once.

    Raises:
        DeadlineExceededError: passed on from the budget's checkpoint.
    """
    seen = {text}
    waiting = [Layer(text, 0)]
    while waiting and not budget.is_spent:
        outer = waiting.pop(0)
        budget.characters -= len(outer.text)
        for inner in _unfolded(outer.text, budget):
            if inner in seen or budget.is_spent:
                continue
            seen.add(inner)
            budget.layers -= 1
            layer = Layer(inner, outer.depth + 1)
            yield layer
            if layer.depth < MAX_DEPTH:
                waiting.append(layer)


def _unfolded(text: str, budget: Budget) -> Iterator[str]:
    budget.checkpoint()
    for piece in blobs(Source.of(text), budget.bounds):
        yield piece.text

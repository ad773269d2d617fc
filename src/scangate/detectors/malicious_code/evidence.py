"""From rules that hold to a verdict on one piece of code: one strong rule is enough, weak ones must agree across families."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from scangate.detectors.malicious_code.rulebook import Hit, Kind
from scangate.domain.content import Span
from scangate.domain.taxonomy import Confidence

ENOUGH: Final = 1.0
POINTS: Final = {Confidence.HIGH: 1.0, Confidence.MEDIUM: 0.5, Confidence.LOW: 0.25}
HIDDEN_POINTS: Final = 0.5
"""What it adds when a rule holds only behind what hides it: nobody hides what an installer does."""


@dataclass(slots=True)
class Evidence:
    """What speaks against one piece of code. `hits` are strongest first once `judged` has been called."""

    hits: list[tuple[Hit, int]] = field(default_factory=list)
    """Each with the number of layers that were undone for it."""
    is_mention: bool = False
    """The piece stands in a text that is about such code: what administrators and testers write too does not count."""
    language: str = ""
    """Of the piece; empty: not asked."""
    _seen: set[str] = field(default_factory=set)

    def add(self, hits: Iterable[Hit], layers: int = 0) -> None:
        """Rules that hold; one that held before with fewer layers stays as it was."""
        for hit in hits:
            if hit.rule.id not in self._seen and self._speaks(hit):
                self._seen.add(hit.rule.id)
                self.hits.append((hit, layers))

    def _speaks(self, hit: Hit) -> bool:
        return not hit.rule.languages or not self.language or self.language in hit.rule.languages

    def counted(self) -> list[tuple[Hit, int]]:
        """What counts, strongest first."""
        counted = [
            (hit, layers)
            for hit, layers in self.hits
            if hit.rule.kind is not Kind.HIDING and not (self.is_mention and hit.rule.dual_use and not layers)
        ]
        return sorted(counted, key=lambda item: (-_points(*item), item[0].rule.id))

    def points(self) -> float:
        """At least `ENOUGH` for malicious."""
        best: dict[str, float] = {}
        for hit, layers in self.counted():
            family = hit.rule.family
            best[family] = max(best.get(family, 0.0), _points(hit, layers))
        return sum(best.values())

    def span(self) -> Span | None:
        """What the strongest rule covers, where it held without undoing anything."""
        return next((hit.span for hit, layers in self.counted() if not layers), None)


def _points(hit: Hit, layers: int) -> float:
    return POINTS[hit.rule.confidence] + (HIDDEN_POINTS if layers else 0.0)


def score(points: float) -> float:
    """In [0, 1), 0.5 and more for malicious."""
    return float(round(1.0 - 0.5**points, 4))

"""How likely a block is source code: small decision trees over its evidence, as they were learnt (`training/source_code`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import exp
from typing import Any, Final

import orjson

from scangate.detectors.source_code.evidence import FEATURES
from scangate.errors import ConfigurationError

PRESENT: Final = 0.3
"""From here on a text is said to hold code, though not enough of it to flag."""
FLAGGED: Final = 0.6
HIGH: Final = 0.9
_SHORT_LINES: Final = 2
_SHORT_CHARACTERS: Final = 200
_SHORT_AT_MOST: Final = 0.5
ASIDE_AT_MOST: Final = 0.5
"""For values of a configuration and examples of a document (`framing`)."""


@dataclass(frozen=True, slots=True)
class _Tree:
    """Node `n` asks whether feature `features[n]` is at most `thresholds[n]`; a leaf has the feature -1 and adds `values[n]`."""

    features: tuple[int, ...]
    thresholds: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    values: tuple[float, ...]

    def value(self, numbers: Sequence[float]) -> float:
        node = 0
        while self.features[node] >= 0:
            node = self.left[node] if numbers[self.features[node]] <= self.thresholds[node] else self.right[node]
        return self.values[node]


@dataclass(frozen=True, slots=True)
class Trees:
    """Immutable; safe to use from several threads."""

    prior: float
    trees: tuple[_Tree, ...]

    def probability(self, numbers: Sequence[float]) -> float:
        """In (0, 1). `numbers` are those of `features_of`."""
        total = self.prior + sum(tree.value(numbers) for tree in self.trees)
        return 1 / (1 + exp(-total))


def load_trees() -> Trees:
    """The trees of this package.

    Raises:
        ConfigurationError: the file does not hold trees over the features of this version.
    """
    document = orjson.loads((files("scangate.detectors.source_code") / "trees.json").read_bytes())
    if document["features"] != list(FEATURES):
        raise ConfigurationError("trees.json of source_code was made for other features")
    return Trees(document["prior"], tuple(_tree(columns) for columns in document["trees"]))


def _tree(columns: Sequence[Sequence[Any]]) -> _Tree:
    tree = _Tree(*(tuple(column) for column in columns))
    # children stand behind their parent, so that no file can make a walk go round
    if any(
        not (node < child < len(tree.features))
        for node, feature in enumerate(tree.features)
        if feature >= 0
        for child in (tree.left[node], tree.right[node])
    ):
        raise ConfigurationError("trees.json of source_code holds what is no tree")
    return tree


def bounded(probability: float, lines: int, characters: int) -> float:
    """A line or less of code gives nothing away, however surely it is code."""
    is_short = lines < _SHORT_LINES and characters < _SHORT_CHARACTERS
    return min(probability, _SHORT_AT_MOST) if is_short else probability

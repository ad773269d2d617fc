"""The fast pass of toxic content: a linear model that says which windows of a long text the guard should look at.

python -m training.linear.toxic --data POOLS      # writes linear.npz beside the detector; about a minute of one core

It never flags anything by itself, so it has no thresholds. Rows and sides are those of the guard (`training.guard.recipe`): nothing
of the development part is learnt. Figures: of how many held-out toxic rows, put into a long harmless text, the window is among
the `SUSPECTED` most suspicious ones.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import scangate.detectors.toxic_content as detector
from scangate.detectors.toxic_content.fast import HEAD, SUSPECTED, read
from scangate.inference.linear import Featuriser, LinearModel
from scangate.matching.folding import clean
from training.guard.recipe import QUOTAS, Recipe
from training.guard.targets import Row
from training.linear import fitting

SEED = 20261127
FEATURISER = Featuriser(bits=19, char_orders=(4,), word_orders=(1, 2))
RARE = 3
STRENGTH = 2.0
STEPS = 30
LONGEST = 1200
PER_SOURCE = 6
"""A source gives at most so many times the rows that it gives to a round of the guard's training."""
CARRIER_WINDOWS = 400


def label(row: Row) -> bool | None:
    """None where a row does not say whether it is toxic."""
    known = max(row.any_toxic, *row.toxic)
    return None if known < 0 else known > 0.5


def rows_of(recipe: Recipe) -> list[Row]:
    rows: list[Row] = []
    for name, members in sorted(recipe.sources.items()):
        rows += [row for row in members if label(row) is not None][: QUOTAS.get(name, len(members)) * PER_SOURCE]
    return rows


def train(rows: Sequence[Row]) -> LinearModel:
    texts = [read(clean(row.text[:LONGEST]).text) for row in rows]
    toxic = np.array([label(row) for row in rows], bool)
    weights = np.array([row.weight * (1.5 if row.lang != "en" else 1.0) for row in rows])
    features = fitting.without_rare(fitting.matrix(FEATURISER, texts), RARE)
    fitted = fitting.fit(features, toxic, weights, STRENGTH, STEPS)
    return fitting.as_model(HEAD, FEATURISER, fitted)


def found_in_long_texts(model: LinearModel, toxic: Sequence[Row], harmless: Sequence[Row]) -> float:
    """The share of toxic rows whose window is one of the `SUSPECTED` highest of CARRIER_WINDOWS windows."""

    def score(text: str) -> float:
        collapsed = read(clean(text[:LONGEST]).text)
        return float(model.evidence(collapsed)[HEAD].logits(np.array([0]), np.array([len(collapsed)]))[0])

    rng = random.Random(SEED)
    background = [score(row.text) for row in harmless]
    hits = 0
    for row in toxic:
        mine = score(row.text)
        hits += sum(other > mine for other in rng.choices(background, k=CARRIER_WINDOWS)) < SUSPECTED
    return hits / len(toxic)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data pools")
    parser.add_argument("--out", type=Path, default=Path(detector.__file__).parent)
    arguments = parser.parse_args()
    recipe = Recipe.default(arguments.data)
    model = train(rows_of(recipe))
    model.save(arguments.out / "linear.npz")
    held_out = [row for row in recipe.dev_rows if label(row) is not None]
    harmless = [row for row in held_out if not label(row) and row.surface in {"document", "prompt", "response"}]
    for lang in ("all", *sorted({row.lang for row in held_out})):
        toxic = [row for row in held_out if label(row) and (lang in ("all", row.lang))]
        print(f"{lang}: {found_in_long_texts(model, toxic, harmless):.3f} of {len(toxic)}")


if __name__ == "__main__":
    main()

"""`python -m training.linear --data POOLS [--own training/data]`: train, combine, set thresholds, write the model files."""

from __future__ import annotations

import argparse
from pathlib import Path

import scangate.detectors.prompt_injection as detector
from scangate.detectors.prompt_injection.rules import load_rules
from training.linear import recipe
from training.linear.pools import load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data pools")
    parser.add_argument("--own", type=Path, default=Path("training/data"), help="folder of the project's own rows")
    parser.add_argument("--out", type=Path, default=Path(detector.__file__).parent)
    arguments = parser.parse_args()
    rows = load(arguments.data, arguments.own)
    known = [row for row in rows if row.part >= 0]
    print(f"{len(rows)} rows, {len(known)} for training")
    model, folds = recipe.train(known)
    rules = load_rules()
    weights = recipe.combine(recipe.examples(known, folds, rules), rules)
    arguments.out.mkdir(parents=True, exist_ok=True)
    recipe.save(model, weights, arguments.out)
    print(weights)


if __name__ == "__main__":
    main()

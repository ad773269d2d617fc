"""`python -m training.urls --data POOLS [--out FILE]`: reads the pools, fits, calibrates, sets thresholds, writes the model."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import scangate.detectors.malicious_urls as detector
from scangate.detectors.malicious_urls.brands import load_brands
from scangate.detectors.malicious_urls.features import FeatureReader
from scangate.detectors.malicious_urls.form import FormJudge, load_form_words
from scangate.detectors.malicious_urls.services import load_services
from scangate.detectors.malicious_urls.unlisted import ModelWeights, is_judged
from scangate.matching.public_suffixes import load_public_suffixes
from training.urls import evaluate, pools, recipe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data pools")
    parser.add_argument("--out", type=Path, default=Path(detector.__file__).parent / "data" / "unlisted.npz")
    arguments = parser.parse_args()
    suffixes = load_public_suffixes()
    judge = FormJudge(load_brands(), suffixes)
    rows = [row for row in pools.load(arguments.data, suffixes) if is_judged(row.match, row.parts)]
    known = np.array([row.parts is not None and judge.is_exempt(row.parts) for row in rows])
    malicious = np.array([row.malicious for row in rows])
    weights = np.array([row.weight for row in rows])
    features = recipe.matrix(recipe.read(rows, FeatureReader(load_services(), load_form_words().bait), judge))
    print(f"{len(rows)} URLs, {malicious.sum()} malicious, {features.nnz} features", flush=True)
    found = recipe.cross_fit(features, rows, known)
    scored = np.flatnonzero(~np.isnan(found))
    asked = scored[~known[scored]]
    scale, shift = recipe.calibrate(found[asked], malicious[asked], weights[asked])
    held_out = np.where(known, 0.0, recipe.probability(found, scale, shift))[scored]
    rows_scored = [rows[index] for index in scored]
    flag, suspect = (recipe.threshold(rows_scored, held_out, rate) for rate in (recipe.FLAG_FPR, recipe.SUSPECT_FPR))
    fitted = recipe.fit(features[~known], malicious[~known], weights[~known])
    made = ModelWeights(
        fitted.cells.astype(np.float32), fitted.signs.astype(np.float32), fitted.bias, scale, shift, flag, suspect
    )
    made.save(arguments.out)
    print(f"scale {scale:.3f}, shift {shift:.3f}, flag {flag:.5f}, suspect {suspect:.5f}; {arguments.out.stat().st_size} bytes")
    evaluate.tell(rows_scored, held_out, judge, flag, suspect)


if __name__ == "__main__":
    main()

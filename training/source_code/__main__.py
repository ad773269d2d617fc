"""Learns the trees of `detectors/source_code` from files of free software and from texts without code.

python -m training.source_code --programs /usr/lib/python3 ... --others /etc /usr/share ... --texts rows.jsonl.gz ... --out trees.json
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from pathlib import Path

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from scangate.detectors.source_code.candidates import candidates
from scangate.detectors.source_code.evidence import FEATURES, evidence_of, features_of
from scangate.matching.code_blocks import code_blocks
from training.source_code.texts import DOCUMENTS, OTHERS, PROGRAMS, Sample, files, others, programs, written

SEED = 3
SHIFT = 0.6
"""Added to the prior: of the files that are learnt from fewer are programs than of what is sent as code."""
SNIPPETS = Path(__file__).parent / "snippets.yaml"
"""Short programs in languages that the folders have few files of, and what is mistaken for programs; written for this."""


def rows(path: Path) -> list[tuple[str, str]]:
    """The benign texts of labelled rows."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        documents = [json.loads(line) for line in stream.read().split("\n") if line.strip()]
    return [(document["text"], "") for document in documents if document["label"] == "benign"]


def table(samples: list[Sample]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of every block of the texts without code, and of the longest of each program; labels; weights (a text's blocks share 1)."""
    numbers: list[list[float]] = []
    labels: list[bool] = []
    weights: list[float] = []
    for sample in samples:
        blocks = candidates(code_blocks(sample.text))[: 1 if sample.is_source else 8]
        for block in blocks:
            numbers.append(features_of(evidence_of(block, sample.text)))
            labels.append(sample.is_source)
            weights.append(sample.weight / len(blocks))
    return np.round(np.array(numbers), 4), np.array(labels, dtype=int), np.array(weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=Path, nargs="+", required=True, help="folders with source code of free software")
    parser.add_argument(
        "--others", type=Path, nargs="+", required=True, help="folders with configuration, logs, data and documents"
    )
    parser.add_argument(
        "--texts", type=Path, nargs="*", default=[], help="labelled rows (JSON lines, gzip) whose benign texts are prose"
    )
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    dice = random.Random(SEED)
    samples = list(programs(files(arguments.programs, PROGRAMS, 200, dice, of_folder=40, half=None), dice))
    samples += others(files(arguments.others, OTHERS, 100, dice), dice, may_hold_code=False)
    samples += others(files(arguments.others, DOCUMENTS, 250, dice), dice, may_hold_code=True)
    samples += written(SNIPPETS, dice)
    for path in arguments.texts:
        samples += others(rows(path), dice, may_hold_code=True)
    numbers, labels, weights = table(samples)
    model = GradientBoostingClassifier(
        n_estimators=160, max_depth=3, subsample=0.7, learning_rate=0.12, min_samples_leaf=20, random_state=SEED
    )
    model.fit(numbers, labels, sample_weight=weights)
    prior = float(np.log((weights * labels).sum() / (weights * (1 - labels)).sum()))
    trees = [columns(tree.tree_, model.learning_rate) for (tree,) in model.estimators_]
    arguments.out.write_text(
        json.dumps({"features": list(FEATURES), "prior": round(prior + SHIFT, 4), "trees": trees}, separators=(",", ":")) + "\n"
    )
    print(f"{len(samples)} texts, {len(labels)} blocks, {int(labels.sum())} of programs")


def columns(tree: object, rate: float) -> list[list[float]]:
    """The five columns of `scoring._Tree`."""
    return [
        [int(feature) if feature >= 0 else -1 for feature in tree.feature],  # type: ignore[attr-defined]
        [round(float(threshold), 4) for threshold in tree.threshold],  # type: ignore[attr-defined]
        [int(child) for child in tree.children_left],  # type: ignore[attr-defined]
        [int(child) for child in tree.children_right],  # type: ignore[attr-defined]
        [round(float(value[0][0]) * rate, 4) for value in tree.value],  # type: ignore[attr-defined]
    ]


if __name__ == "__main__":
    main()

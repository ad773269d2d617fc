"""Figures of a run, or of exported files, on the development rows or on a JSON-lines file: by source, language and surface,
and the
worst mistakes.

  python -m training.guard.evaluate --run DIR [--calibration FILE] [--file ROWS.jsonl] [--json]

Rows of a file have `text`, `label` (1/0, true/false, injection, toxic, malicious, benign) and perhaps `lang`, `source`.
Texts of the
worst mistakes are cut to 100 characters.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np
import torch

from training.guard import batches, pools, scoring
from training.guard.checkpoints import load_averaged
from training.guard.recipe import Recipe
from training.guard.targets import UNKNOWN, Row
from training.guard.train import predict, sigmoid

POSITIVE = frozenset({"1", "true", "injection", "toxic", "malicious"})


def file_rows(path: Path) -> list[Row]:
    """Rows of a file with the label as the injection target."""
    rows = []
    for record in pools.read(path):
        positive = str(record["label"]).lower() in POSITIVE
        lang, source = record.get("lang", "en"), record.get("source", path.stem)
        rows.append(Row(record["text"], source, lang, "prompt", path.stem, injection=float(positive)))
    return rows


def figures(run: Path, file: Path | None, calibration: Path | None) -> dict[str, object]:
    guard, settings, progress = load_averaged(run)
    tokenizer = batches.load_tokenizer(Path(settings.encoder))
    rows = file_rows(file) if file else Recipe.default(Path(settings.pools), settings.seed).dev()
    samples = batches.tokenise(rows, tokenizer, settings.window, random.Random(settings.seed), crop="head")
    injection, agent, toxic = (sigmoid(part) for part in predict(guard, samples))
    report: dict[str, object] = {"progress": progress, **scoring.report(rows, injection, agent, toxic)}
    labels = np.array([row.injection for row in rows])
    known = labels != UNKNOWN
    chosen = [row for row, use in zip(rows, known, strict=True) if use]
    if calibration:
        point = json.loads(calibration.read_text())["outputs"]["injection"]
        scores = calibrated(injection[known], point["temperature"])
        for name in ("high", "moderate"):
            cut = point[name]["threshold"]
            report[f"at_{name}"] = {
                by: scoring.grouped(chosen, labels[known], scores, cut, by) for by in ("source", "lang", "surface")
            }
    report["worst"] = [
        {"score": round(score, 3), "label": row.injection, "lang": row.lang, "source": row.source, "text": row.text[:100]}
        for score, row in scoring.worst(chosen, labels[known], injection[known], 20)
    ]
    return report


def calibrated(scores: np.ndarray, temperature: float) -> np.ndarray:
    logits = np.log(scores.clip(1e-7, 1 - 1e-7)) - np.log1p(-scores.clip(1e-7, 1 - 1e-7))
    return sigmoid(logits / temperature)


def main() -> None:
    options = argparse.ArgumentParser(description="Reports a guard's figures; see the module's text.")
    options.add_argument("--run", type=Path, required=True)
    options.add_argument("--file", type=Path)
    options.add_argument("--calibration", type=Path)
    options.add_argument("--json", action="store_true")
    options.add_argument("--threads", type=int, default=1)
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    report = figures(arguments.run, arguments.file, arguments.calibration)
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))
        return
    for name, part in report.items():
        print(f"== {name}")
        items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else [("", part)]
        for key, value in items:
            print(f"  {key}: {json.dumps(value, ensure_ascii=False)}")


if __name__ == "__main__":
    main()

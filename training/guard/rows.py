"""Writes development rows as `scangate eval` reads them: rows of groups that the guard was never trained on.

  python -m training.guard.rows --pools DIR --task prompt_injection --out rows.jsonl [--foreign dev_bipia_train]

`--foreign` writes a whole development set of foreign origin instead. The files hold attack data: keep them out of the repository.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from training.guard import pools, scoring
from training.guard.recipe import Recipe
from training.guard.targets import UNKNOWN, Row


def label(row: Row, task: str) -> float:
    """The row's target for a detector, UNKNOWN where nobody knows."""
    if task == "prompt_injection":
        return row.injection
    if task == "agent_security":
        return row.agent
    strongest = max(row.toxic[:-1])
    if strongest > 0.5:
        return strongest
    # insults are toxic and in none of the eight categories; a source that does not say which category says too little
    return UNKNOWN if row.any_toxic > 0.5 or UNKNOWN in row.toxic[:-1] else 0.0


def rows_of(folder: Path, task: str, foreign: str | None) -> Iterator[dict[str, object]]:
    if foreign:
        chosen = [row for row in pools.development(folder) if row.source == foreign]
    else:
        chosen = [row for row in Recipe.default(folder).dev() if row.source not in scoring.OUTSIDE]
    for row in chosen:
        target = label(row, task)
        if target != UNKNOWN:
            side = "response" if task == "toxic_content" and row.surface == "response" else "prompt"
            yield {
                "text": row.text, "label": int(target > 0.5), "lang": row.lang, "source": row.source, "surface": row.surface,
                "side": side,
            }  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description="Writes development rows; see the module's text.")
    options.add_argument("--pools", type=Path, required=True)
    options.add_argument("--task", choices=["prompt_injection", "toxic_content", "agent_security"], required=True)
    options.add_argument("--foreign", choices=sorted(scoring.OUTSIDE))
    options.add_argument("--out", type=Path, required=True)
    arguments = options.parse_args()
    rows = list(rows_of(arguments.pools, arguments.task, arguments.foreign))
    arguments.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    print(f"{len(rows)} rows, {sum(bool(row['label']) for row in rows)} to flag")


if __name__ == "__main__":
    main()

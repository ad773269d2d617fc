"""Reads the pools for the prompt injection model, decides what each row is, and splits by group of near-duplicates.

The training part is dealt into folds, over which everything is cross-fitted; nothing is fitted on the test part. A group (pair,
family of parallel rows, near-duplicates) never stands on two sides.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scangate.matching.folding import clean, fold
from training.guard.clusters import clusters
from training.linear.negatives import code_texts, record_texts

Record = dict[str, Any]

FOLDS = 3
TEST_PERCENT = 18
LARGE_GROUP = 300
"""Larger groups are templates: their rows train, they never test."""

LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "ja", "pt", "ru", "zh"})
OWN_FILES = {"guard_prompts": "gp-2070", "guard_tools": "gt-0206", "linear_prompts": "lp-0414"}
"""The project's own files, and the last row of each that the shipped weights know: later rows don't change them unnoticed."""

NO_ATTACKS = frozenset({"control", "crescendo", "model_fingerprinting", "training_extraction", "output_manipulation"})
"""Kinds of one pool that are called attacks there and are harmless, merely harmful, or anything at all."""
HARMFUL_REQUESTS = frozenset({"wildjailbreak_eval_adversarial"})
JAILBREAK_SHORTCUTS = frozenset({185, 222, 223, 232, 233})
"""Parallel role-play prompts that are well-known jailbreaks in all languages, though the pool calls them benign."""
UNCLEAR_SHORTCUTS = frozenset({224, 234, 251})


@dataclass(slots=True)
class Row:
    """One text of the pools. `part` is -1 for the test part, else the fold, 0 to FOLDS - 1."""

    text: str
    folded: str
    attack: bool
    kind: str
    lang: str
    source: str
    place: str
    """File and line, for reports that must not quote."""
    family: str = ""
    group: int = 0
    group_size: int = 1
    part: int = 0


def read(path: Path) -> Iterator[Record]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in raw.decode("utf-8").split("\n"):
        if line.strip():
            yield json.loads(line)


def folded(text: str) -> str:
    return fold(clean(text)).text


def load(data: Path, own: Path) -> list[Row]:
    """Every usable row with its group and part, in a fixed order."""
    rows = [*_public(data, "train"), *_public(data, "train2"), *_written(data), *_own(own)]
    rows += [*_plain(code_texts(), "python_library"), *_plain(record_texts(), "records")]
    _group(rows)
    return rows


def _public(data: Path, name: str) -> Iterator[Row]:
    if not (data / "injection").is_dir():
        return
    for index, record in enumerate(read(data / "injection" / f"{name}.jsonl.gz")):
        attack = record["label"] == "injection"
        shortcut = record["pid"] if record["file"] == "chatgpt_shortcut" else None
        if shortcut in JAILBREAK_SHORTCUTS:
            attack = True
        if shortcut in UNCLEAR_SHORTCUTS or (attack and not _is_clear(record)):
            continue
        family = ""
        if shortcut is not None:
            family = f"shortcut:{shortcut}"
        elif record.get("attack"):
            family = f"tool-attack:{record['attack'][:60]}"
        kind = record["kind"] if shortcut not in JAILBREAK_SHORTCUTS else "jailbreak"
        yield _row(record["text"], attack, kind, record["lang"], record["file"], f"{name}:{index}", family)


def _is_clear(record: Record) -> bool:
    if record["file"] in HARMFUL_REQUESTS or record.get("cue") is False:
        return False
    return record["lang"] in LANGUAGES and record["kind"] not in NO_ATTACKS


def _written(data: Path) -> Iterator[Row]:
    for index, record in enumerate(read(data / "written" / "injection.jsonl.gz")):
        pair = record["pair"]
        family = "short" if record["set"] == "short" else f"written:{pair if pair is not None else -index}"
        attack = record["label"] == "injection"
        source = f"written_{record['set']}"
        yield _row(record["text"], attack, record["kind"], record["lang"], source, f"written:{index}", family)


def _own(folder: Path) -> Iterator[Row]:
    for name, last in OWN_FILES.items():
        known = [record for record in read(folder / f"{name}.jsonl") if record["id"] <= last]
        for record in known:
            # the rows of this file are the same ideas in nine languages: one group, which then never tests
            family = name if name == "linear_prompts" else f"{name}:{record['pair'] or record['id']}"
            attack = record["label"] == "injection"
            yield _row(record["text"], attack, record["kind"], record["lang"], name, record["id"], family)


def _plain(texts: list[str], source: str) -> Iterator[Row]:
    for index, text in enumerate(texts):
        yield _row(text, False, "benign", "en", source, f"{source}:{index}")


def _row(text: str, attack: bool, kind: str, lang: str, source: str, place: str, family: str = "") -> Row:
    return Row(text, folded(text), attack, kind, lang, source, place, family)


def _group(rows: list[Row]) -> None:
    """Joins near-duplicates and families, then deals whole groups to the parts by a hash of their first row."""
    parents = clusters([row.folded for row in rows])
    first_of_family: dict[str, int] = {}

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for index, row in enumerate(rows):
        if row.family:
            other = root(first_of_family.setdefault(row.family, index))
            mine = root(index)
            parents[max(other, mine)] = min(other, mine)
    roots = [root(index) for index in range(len(rows))]
    sizes = Counter(roots)
    for row, group in zip(rows, roots, strict=True):
        row.group, row.group_size = group, sizes[group]
        draw = int(hashlib.sha256(rows[group].place.encode()).hexdigest(), 16)
        held_out = draw % 100 < TEST_PERCENT and row.group_size <= LARGE_GROUP
        row.part = -1 if held_out else draw // 100 % FOLDS

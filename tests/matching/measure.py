"""Measures decoding on folders of texts: `python -m tests.matching.measure POOLS`. The pools are not part of the repository.

Recall: texts of nine languages under every encoding, between two lines of prose; found when 80 % of their letters stand in one
view. False views: ordinary prose, tables, code, logs and secrets as they are. Seeded.
"""

from __future__ import annotations

import difflib
import gzip
import json
import random
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.matching.test_decoding import ALPHABETS_ONLY, ENCODERS, LATIN, LATIN_ONLY, b64, letters

from scangate.matching.folding import clean
from scangate.matching.prepare import prepare

TEXTS_PER_LANGUAGE = 30
BEFORE, AFTER = "Note from the desk:\n", "\nEnd of it.\n"
ORDINARY = {
    "topic/sib200_train": 2500,
    "topic/clinc150_val": 1500,
    "grounding/jsquad_ja_constructed": 1500,
    "grounding/squad_it_constructed": 1000,
    "toxic/cold_zh_dev": 1500,
    "toxic/germeval2018_de_train": 1500,
    "toxic/davidson_tweets": 1500,
    "toxic/ruparadetox_ru": 1500,
    "toxic/toldbr_pt": 1500,
    "dlp/benign_numeric": 4000,
    "dlp/secrets_examples_gitleaks": 600,
    "injection/train": 4000,
    "injection/train2": 4000,
    "sql/sql_statements_sqlglot": 2000,
    "url/benign_urls": 3000,
    **{f"code/benign_{language}": 250 for language in ("javascript", "misc_system", "perl", "powershell", "python", "shell")},
}
TEXT_FIELDS = ("text", "statement", "value", "context", "tool_output", "code", "sql", "url", "line", "example", "secret")


def encoders() -> dict[str, Callable[[str], str]]:
    plain = {name: encode for name, (_, encode) in ENCODERS.items() if name != "tags"}
    return {
        **plain,
        "gzip under base64": lambda text: b64(gzip.compress(text.encode(), mtime=0)),
        "zlib under base64": lambda text: b64(zlib.compress(text.encode())),
        "base64 of base64 of hex": lambda text: b64(b64(text.encode().hex())),
        "URL of base64 of gzip": lambda text: plain["url every character"](b64(gzip.compress(text.encode(), mtime=0))),
        "base64 of rot13": lambda text: b64(plain["rot13"](text)),
        "html of reversed": lambda text: plain["html decimal"](text[::-1]),
        "unicode of base32": lambda text: plain["unicode"](plain["base32"](text)),
        "leet": lambda text: text.lower().translate(str.maketrans("oieast", "013457")),
    }


def rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines.read().split("\n") if line.strip()]


def applies(name: str, language: str) -> bool:
    if language not in LATIN and ("rot13" in name or name in (*LATIN_ONLY, "leet")):
        return False
    return not (language in ("ja", "zh") and name in ALPHABETS_ONLY)


def outcome(text: str, encoded: str) -> str:
    """`missed`, `misplaced` or `found`."""
    wanted = letters(clean(text).text).casefold()
    place = range(len(BEFORE), len(BEFORE) + len(encoded))
    result = "missed"
    for view in prepare(BEFORE + encoded + AFTER).decoded:
        have = letters(view.text).casefold()
        matcher = difflib.SequenceMatcher(None, wanted, have, autojunk=False)
        if wanted in have or sum(block.size for block in matcher.get_matching_blocks()) >= 0.8 * len(wanted):
            span = view.to_raw(0, len(view.text))
            overlap = min(span.end, place.stop) - max(span.start, place.start)
            if overlap >= 0.8 * len(place):
                return "found"
            result = "misplaced"
    return result


def measure_recall(pools: Path) -> None:
    by_language: dict[str, list[str]] = defaultdict(list)
    for row in rows(pools / "written/injection.jsonl.gz"):
        if 40 <= len(row["text"]) <= 400 and row["text"].count("\n") < 2 and not prepare(row["text"]).decoded:
            by_language[row["lang"]].append(row["text"])
    for name, encode in encoders().items():
        cells = []
        for language in sorted(by_language):
            if applies(name, language):
                sample = random.Random(11).sample(by_language[language], TEXTS_PER_LANGUAGE)
                counts = Counter(outcome(text, encode(text)) for text in sample)
                cells.append(f"{language} {counts['found']}+{counts['misplaced']}")
        sys.stdout.write(f"{name}: {', '.join(cells)} of {TEXTS_PER_LANGUAGE}\n")


def measure_false_views(pools: Path) -> None:
    total = affected = 0
    for name, size in ORDINARY.items():
        pool = [row for row in rows(pools / f"{name}.jsonl.gz") if row.get("label") not in ("injection", "malicious")]
        texts = [row[field][:6000] for row in pool for field in TEXT_FIELDS if isinstance(row.get(field), str) and row[field]]
        sample = random.Random(3).sample(texts, min(size, len(texts)))
        total += len(sample)
        prepared = [prepare(text).decoded for text in sample]
        kinds = Counter("+".join(view.encodings) for views in prepared for view in views)
        affected += sum(map(bool, prepared))
        sys.stdout.write(f"{name}: {len(sample)} texts, views {dict(kinds)}\n")
    sys.stdout.write(f"{affected} of {total} texts have views\n")


if __name__ == "__main__":
    measure_recall(Path(sys.argv[1]))
    measure_false_views(Path(sys.argv[1]))

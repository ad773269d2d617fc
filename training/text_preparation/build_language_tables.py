"""Counts the words and letter pairs that `scangate.matching.language` ships, from pools of JSON lines.

Run: `python build_language_tables.py OUTPUT_DIR LANGUAGE_FIELD:TEXT_FIELD:FILE.jsonl.gz …` (a field that starts with `=` is a
literal, as in `=ja:context:jsquad.jsonl.gz`). Reads texts marked as free to train on; writes counts only, never a text.
"""

from __future__ import annotations

import gzip
import itertools
import json
import math
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import re2

WORDS_PER_LANGUAGE = {"en": 4000, "es": 2000, "ru": 2500, "de": 2000, "fr": 2000, "pt": 2000, "it": 2000}
LANGUAGES = ("en", "es", "ru", "de", "fr", "ja", "pt", "it", "zh")
WORD = re2.compile(r"\pL+")
ENCODED = re2.compile(r"[A-Za-z0-9+/_-]{24,}")
"""Texts with a run like this may hold encoded rows; they would teach the tables what they are to tell apart."""
PAIRS_KEPT = {"kana": 1800, "han": 9000}
TRIPLES_KEPT = {"latin": 6000, "cyrillic": 3000, "kana": 2500}
SMOOTHING_PER_MILLION = 12.0


def documents(sources: list[str]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for source in sources:
        language_field, text_field, path = source.split(":", 2)
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                row = json.loads(line)
                language = language_field[1:] if language_field.startswith("=") else row.get(language_field)
                text = unicodedata.normalize("NFKC", row[text_field]).casefold()
                if language in LANGUAGES and text not in seen and not ENCODED.search(text):
                    seen.add(text)
                    yield language, text


def common_words(frequency: dict[str, Counter[str]]) -> str:
    lines = []
    for language, size in WORDS_PER_LANGUAGE.items():
        ranked = [
            word
            for word, count in frequency[language].most_common()
            if count >= 4 and 2 <= len(word) <= 20 and (word[0] >= "а") == (language == "ru")
        ]
        lines.append(" ".join([language, *sorted(ranked[:size])]))
    return "\n".join(lines) + "\n"


def latin_pairs(pairs: dict[str, Counter[str]]) -> str:
    """27 rows of 27 numbers: eighths of a bit by which the pair is likelier than chance; row and column 26 are "no letter"."""

    def index(char: str) -> int:
        return ord(char) - 97 if "a" <= char <= "z" else 26

    mixed = [[0.0] * 27 for _ in range(27)]
    latin = [language for language in LANGUAGES if language not in ("ru", "ja", "zh")]
    for language in latin:
        total = sum(pairs[language].values())
        for pair, count in pairs[language].items():
            mixed[index(pair[0])][index(pair[1])] += count / total / len(latin)
    rows = ([max(-64, min(40, round(8 * math.log2(p * 729 + 1e-3)))) for p in row] for row in mixed)
    return "\n".join(" ".join(map(str, row)) for row in rows) + "\n"


def script_of(pair: str) -> str | None:
    scripts = set()
    for char in pair:
        code = ord(char)
        if char == " ":
            continue
        if code < 0x250:
            scripts.add("latin")
        elif 0x400 <= code < 0x500:
            scripts.add("cyrillic")
        elif 0x3040 <= code < 0x3100:
            scripts.add("kana")
        elif 0x3000 <= code < 0xA000:
            scripts.add("han")
    return next(iter(sorted(scripts, key=["han", "kana", "latin", "cyrillic"].index)), None)


def forward(grams: dict[str, Counter[str]], kept: dict[str, int]) -> str:
    """Lines `weight<TAB>grams`: the gram is e^(weight/8) times as common as its reversal; only the telling ones."""
    mixed: Counter[str] = Counter()
    for language in LANGUAGES:
        total = sum(grams[language].values())
        for gram, count in grams[language].items():
            mixed[gram] += count * 1e6 / total
    ranked: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    for pair, count in mixed.items():
        script = script_of(pair)
        back = mixed[pair[::-1]]
        if script not in kept or count <= back:
            continue
        weight = round(8 * math.log((count + SMOOTHING_PER_MILLION) / (back + SMOOTHING_PER_MILLION)))
        if weight >= 4:
            ranked[script].append(((count - back) * weight, min(weight, 40), pair))
    lines: dict[int, list[str]] = defaultdict(list)
    for script, entries in ranked.items():
        for _, weight, pair in sorted(entries, reverse=True)[: kept[script]]:
            lines[weight].append(pair.replace(" ", "_"))
    return "".join(f"{weight}\t{''.join(sorted(lines[weight]))}\n" for weight in sorted(lines))


def main(output: Path, sources: list[str]) -> None:
    frequency: dict[str, Counter[str]] = defaultdict(Counter)
    pairs: dict[str, Counter[str]] = defaultdict(Counter)
    triples: dict[str, Counter[str]] = defaultdict(Counter)
    for language, text in documents(sources):
        words = WORD.findall(text)
        frequency[language].update(set(words))
        plain = "".join(char if char.isalpha() else " " for char in text)
        spaced = " " + " ".join(plain.split()) + " "
        pairs[language].update(map("".join, itertools.pairwise(spaced)))
        triples[language].update(map("".join, zip(spaced, spaced[1:], spaced[2:], strict=False)))
    (output / "words.txt").write_text(common_words(frequency), "utf-8")
    (output / "latin_pairs.txt").write_text(latin_pairs(pairs), "utf-8")
    (output / "forward_pairs.txt").write_text(forward(pairs, PAIRS_KEPT), "utf-8")
    (output / "forward_triples.txt").write_text(forward(triples, TRIPLES_KEPT), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

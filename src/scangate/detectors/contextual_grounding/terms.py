"""Terms that claims and passages are compared by: rough stems of words, pairs of characters in Chinese and Japanese, numbers as they are."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final

STEM: Final = 6
"""Letters of a word that count: enough to tell words, few enough to leave most endings out."""
_SAMPLE: Final = 2000

_FIRST_WIDE: Final = 0x2E80
_FIRST_WIDE_CHAR: Final = chr(_FIRST_WIDE)
_FIRST_KANA: Final = "\u3041"
_LAST_KANA: Final = "\u30ff"
_SPACE: Final = 32


class _Gaps(dict[int, int]):
    """Everything but letters, marks and digits to a space; filled as characters are met, of which there are few kinds."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        kept = char.isalnum() or unicodedata.category(char)[0] == "M"
        self[code] = code if kept else _SPACE
        return self[code]


_GAPS: Final = _Gaps()


def plain(text: str) -> str:
    """Casefolded words and numbers with one space between them; for asking whether a text holds another word for word."""
    return " ".join(_pieces(text))


def _pieces(text: str) -> list[str]:
    normal = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return normal.casefold().translate(_GAPS).split()


def words(text: str) -> list[str]:
    """Casefolded words and numbers; runs of Chinese and Japanese characters stay whole, apart from others."""
    found = _pieces(text)
    if not found or max(map(max, found)) < _FIRST_WIDE_CHAR:
        return found
    return [run for word in found for run in _runs(word)]


def _runs(word: str) -> list[str]:
    if word < _FIRST_WIDE_CHAR and max(word) < _FIRST_WIDE_CHAR:
        return [word]
    pieces = [word[0]]
    for before, char in pairwise(word):
        if (before >= _FIRST_WIDE_CHAR) == (char >= _FIRST_WIDE_CHAR):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def terms(text: str) -> list[str]:
    """Stems and pairs of characters, in order, with repetitions."""
    found = []
    for word in words(text):
        if ord(word[0]) >= _FIRST_WIDE:
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        else:
            found.append(stem(word))
    return found


def stem(word: str) -> str:
    return word if word[0].isdigit() else word[:STEM].rstrip("s") or word


def script_of(text: str) -> str:
    """`ja`, `zh`, `cyrillic`, `latin` or "" by what most of the first letters are."""
    kana = wide = cyrillic = latin = 0
    for char in text[:_SAMPLE]:
        if char >= _FIRST_WIDE_CHAR:
            kana += _FIRST_KANA <= char <= _LAST_KANA
            wide += 1
        elif char.isalpha():
            cyrillic += "\u0400" <= char <= "\u052f"
            latin += char <= "\u024f" or "\u1e00" <= char <= "\u1eff"
    name, count = max((("wide", 2 * wide), ("cyrillic", cyrillic), ("latin", latin)), key=lambda item: item[1])
    if not count or name != "wide":
        return name if count else ""
    return "ja" if 8 * kana > wide else "zh"


@cache
def _common_words() -> dict[str, tuple[str, ...]]:
    """Languages by common word; from the tables of `matching.language`."""
    found: dict[str, list[str]] = {}
    for line in resources.files("scangate.matching").joinpath("data").joinpath("words.txt").read_text("utf-8").splitlines():
        language, *listed = line.split()
        for word in listed:
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}


def is_common(word: str) -> bool:
    """Whether a casefolded word is among the commonest of the languages that put spaces between words."""
    return word in _common_words()


def language_of(text: str) -> str:
    """One of the nine languages, "" where the words do not tell. Words that several languages share count less."""
    script = script_of(text)
    if script in ("ja", "zh", ""):
        return script
    if script == "cyrillic":
        return "ru"
    votes: dict[str, float] = {}
    for word in words(text[:_SAMPLE]):
        languages = _common_words().get(word, ())
        for language in languages:
            votes[language] = votes.get(language, 0.0) + 1.0 / len(languages) ** 2
    votes.pop("ru", None)
    ranked = sorted(votes.items(), key=lambda item: -item[1])
    if not ranked or (len(ranked) > 1 and ranked[0][1] < 1.1 * ranked[1][1]):
        return ""
    return ranked[0][0]

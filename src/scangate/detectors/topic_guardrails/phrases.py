"""The phrases of a topic's description: what an author lists with commas is what the topic consists of, each as good as an example."""

from __future__ import annotations

from typing import Final

PHRASES_MAX: Final = 12
_BREAKS: Final = str.maketrans(dict.fromkeys(",;:.。、，；：()", "\n"))
_CONJUNCTIONS: Final = frozenset(("and", "or", "und", "oder", "et", "ou", "y", "o", "e", "и", "или"))
_EDGES: Final = " '\"-–?!"
_FIRST_IDEOGRAPH: Final = 0x2E80


def phrases_of(description: str) -> list[str]:
    """In their order, each once, at most `PHRASES_MAX`; the description itself where it has no parts. Linear in its length."""
    found: dict[str, None] = {}
    for line in description.translate(_BREAKS).splitlines():
        words: list[str] = []
        for word in (*line.split(), "and"):
            if word.casefold() not in _CONJUNCTIONS:
                words.append(word)
                continue
            phrase = " ".join(words).strip(_EDGES)
            words = []
            if len(phrase) >= (2 if any(ord(letter) >= _FIRST_IDEOGRAPH for letter in phrase) else 4):
                found[phrase] = None
    return list(found)[:PHRASES_MAX] or ([description] if description.strip() else [])

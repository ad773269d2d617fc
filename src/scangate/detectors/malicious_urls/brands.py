"""Brands that phishing pages pose as: which domains are theirs, and which words pose as their names."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from scangate.matching.characters import character_tables
from scangate.matching.documents import read_yaml
from scangate.matching.public_suffixes import from_punycode

_TYPO_MIN: Final = 6
_SUBSTRING_MIN: Final = 7
_DIGIT_LETTERS: Final = str.maketrans("013457", "oleast")
_ONE_AS_I: Final = str.maketrans("013457", "oieast")
_PAIRS: Final = (("rn", "m"), ("vv", "w"))
_DIGITS: Final = "0123456789"


class Brands:
    """Names and their own domains. Words are lower-case labels or parts of labels."""

    def __init__(self, domains: Mapping[str, Iterable[str]], common_words: Iterable[str]) -> None:
        self.names = frozenset(domains)
        self.domains = frozenset(domain for own in domains.values() for domain in own)
        """Domains that belong to some brand."""
        self._common = frozenset(common_words)
        distinctive = self.names - self._common
        self._long = tuple(sorted((name for name in distinctive if len(name) >= _SUBSTRING_MIN), key=len, reverse=True))
        self._typos = {typo: name for name in sorted(distinctive) if len(name) >= _TYPO_MIN for typo in _typos(name)}
        for name in self.names:
            self._typos.pop(name, None)

    def is_common_word(self, name: str) -> bool:
        """Whether the brand's name is also an everyday word, which means less in a host."""
        return name in self._common

    def named(self, word: str) -> str:
        """The brand whose name the word is, digits at its ends aside; "" for none."""
        word = word.strip(_DIGITS)
        return word if word in self.names else ""

    def inside(self, word: str) -> str:
        """The longest distinctive brand that the word contains; "" for none."""
        return next((name for name in self._long if name in word), "") if len(word) > _SUBSTRING_MIN else ""

    def imitated(self, word: str) -> str:
        """The brand that a word spells with digits or pairs in place of letters (`paypa1`, `rnicrosoft`); "" for none."""
        if (word.isalpha() and not any(pair in word for pair, _ in _PAIRS)) or word.strip(_DIGITS) in self.names:
            return ""
        if len(word) - len(word.rstrip(_DIGITS)) > 1:  # a number, as in `app13`
            return ""
        pairs = word
        for pair, letter in _PAIRS:
            pairs = pairs.replace(pair, letter)
        spelt = (pairs, pairs.translate(_DIGIT_LETTERS), pairs.translate(_ONE_AS_I))
        return next((name for name in spelt if name != word and name in self.names), "")

    def misspelt(self, word: str) -> str:
        """The brand that a word is one slip away from (a letter lost, doubled or swapped with the next); "" for none."""
        return self._typos.get(word, "")


def _typos(name: str) -> set[str]:
    lost = {name[:index] + name[index + 1 :] for index in range(1, len(name))}
    doubled = {name[:index] + name[index] + name[index:] for index in range(len(name))}
    swapped = {
        name[:index] + name[index + 1] + name[index] + name[index + 2 :]
        for index in range(len(name) - 1)
        if name[index] != name[index + 1]
    }
    return {typo for typo in lost | doubled | swapped if typo != name}


def skeleton(label: str) -> str:
    """What a label with foreign letters looks like to a reader: marks dropped, look-alikes replaced (UTS #39), lower case."""
    tables = character_tables()
    letters = []
    for character in unicodedata.normalize("NFKD", from_punycode(label)):
        if unicodedata.combining(character):
            continue
        letters.append(chr(tables.lookalike.of(tables.mapped.of(ord(character)))))
    return "".join(letters).lower()


@cache
def load_brands() -> Brands:
    """The brands that come with the package."""
    document = read_yaml(files(__package__).joinpath("data/brands.yaml").read_text("utf-8"))
    return Brands(document["brands"], document["common_words"])

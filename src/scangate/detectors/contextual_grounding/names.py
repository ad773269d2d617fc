"""Names in a sentence, and whether a text has them: persons, places and products by their capitals, codes by their digits.

Precise rather than complete. German writes every noun with a capital, so only several in a row count; Chinese and Japanese names are
found where a title follows, or where they are written in katakana.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import re2

from scangate.detectors.contextual_grounding.lexicon import read_lexicon
from scangate.detectors.contextual_grounding.number_words import number_words
from scangate.detectors.contextual_grounding.terms import is_common
from scangate.detectors.contextual_grounding.tokens import WORD, tokenise

_TITLED: Final = re2.compile(r"([\p{Han}\p{Katakana}ー]{2,6}?)(?:さん|氏|様|さま|ちゃん|くん|先生|女士|小姐|太太)")
_KATAKANA: Final = re2.compile(r"[\p{Katakana}ー]{4,}(?:・[\p{Katakana}ー]{2,})+")
_SURE: Final = re2.compile(
    r"^(?:[A-Z]+[-.]?\d|\d+[-.]?[A-Z])[\w.-]*$|^[\w.+-]+@[\w-]+\.[\w.-]+$|^[a-z]+(?:[A-Z][a-z]+)+\w*$|^\w+_\w+$|^[A-Z][a-z]+[A-Z]\w+$"
)
_ROMAN: Final = re2.compile(r"^[IVXLC]+$")
_ENDS: Final = '.!?:;。…«“"„(—–•*-\n'
_INSIDE: Final = frozenset("-_.'’/@")
_AROUND: Final = ".,;:!?()[]{}<>\"'“”„«»‘’*_…。、，"
_SHORTEST: Final = 2
_STEM_LEAST: Final = 4
_CYRILLIC_LEAST: Final = 3


@dataclass(frozen=True, slots=True)
class Name:
    """`words` are casefolded. `sure`: a name whatever stands around it; not just one capitalised word."""

    text: str
    words: tuple[str, ...]
    sure: bool
    is_code: bool = False


def names(text: str, language: str) -> list[Name]:
    """The names of a sentence, in order. Linear."""
    text = unicodedata.normalize("NFKC", text)
    if language in ("ja", "zh"):
        return _wide_names(text)
    found: list[Name] = []
    run: list[tuple[str, bool]] = []
    is_first = True
    for gap, word in _gaps_and_words(text):
        if _SURE.match(word) is not None:
            found += _named(run, language)
            run = []
            found.append(Name(word, (word.casefold(),), sure=True, is_code=True))
        elif word[0].isupper() and len(word) >= _SHORTEST and not _ROMAN.match(word):
            starts = is_first or any(char in _ENDS for char in gap)
            if run and gap != " ":
                found += _named(run, language)
                run = []
            run.append((word, starts))
        else:
            found += _named(run, language)
            run = []
        is_first = False
    return found + _named(run, language)


def capitalised(text: str) -> frozenset[str]:
    """Casefolded words that have a capital or a digit and do not begin a sentence."""
    found = []
    is_first = True
    for gap, word in _gaps_and_words(unicodedata.normalize("NFKC", text)):
        if not is_first and any(map(str.isupper, word)) and not any(char in _ENDS for char in gap):
            found += [word.casefold(), *_parts(word.casefold())]
        is_first = False
    return frozenset(found)


def _gaps_and_words(text: str) -> Iterator[tuple[str, str]]:
    """Words with what stands between each of them and the one before. A word may have marks inside: `O'Neill`, `v4.2`, `a@b.c`."""
    gap = ""
    for line in text.splitlines():
        for chunk in line.split():
            start = next((at for at, char in enumerate(chunk) if char.isalnum()), len(chunk))
            while start < len(chunk):
                end = start + 1
                while end < len(chunk) and (chunk[end].isalnum() or _joins(chunk, end)):
                    end += 1
                yield gap + chunk[:start], chunk[start:end]
                gap, chunk = "", chunk[end:]
                start = next((at for at, char in enumerate(chunk) if char.isalnum()), len(chunk))
            gap += chunk + " "
        gap += "\n"


def _joins(chunk: str, at: int) -> bool:
    return (chunk[at] in _INSIDE and chunk[at + 1 : at + 2].isalnum()) or "\u0300" <= chunk[at] <= "\u036f"


def _named(run: list[tuple[str, bool]], language: str) -> list[Name]:
    """A run of capitalised words as a name; what merely begins a sentence, or is a month, is none."""
    while run and (_is_plain(run[0][0]) or (run[0][1] and _is_common(run[0][0]))):
        run = run[1:]
    kept = [word for word, _ in run if not _is_plain(word)]
    if not kept:
        return []
    starts = run[0][1]
    if len(kept) == 1 and (language == "de" or starts):
        return []
    if language == "de" and any(_is_common(word) for word in kept):
        return []
    sure = len(kept) > 1 or not starts
    return [Name(" ".join(kept), tuple(word.casefold() for word in kept), sure=sure and not all(map(_is_common, kept)))]


def _is_common(word: str) -> bool:
    lowered = word.casefold()
    return is_common(lowered) or is_common(lowered.removesuffix("s"))


def _is_plain(word: str) -> bool:
    """Months, weekdays, titles, languages, numbers and units: written with capitals and no names."""
    lowered = word.casefold().removesuffix("'s").removesuffix("’s")
    known = number_words()
    return lowered in _plain_words() or lowered in known.numbers or lowered in known.units or lowered in known.scales


def _plain_words() -> frozenset[str]:
    global _PLAIN  # noqa: PLW0603 - read once
    if not _PLAIN:
        calendar = read_lexicon("calendar.yaml")
        listed = {word for words in (*calendar["months"], *calendar["weekdays"]) for word in words}
        _PLAIN = frozenset(listed | set(read_lexicon("titles.yaml")["titles"]))
    return _PLAIN


_PLAIN: frozenset[str] = frozenset()


def _wide_names(text: str) -> list[Name]:
    found = [Name(match.group(1), (match.group(1),), sure=True) for match in _TITLED.finditer(text)]
    found += [Name(match.group(), tuple(match.group().split("・")), sure=True) for match in _KATAKANA.finditer(text)]
    for kind, token in tokenise(text):
        if kind == WORD and token.isascii() and _SURE.match(token) is not None:
            found.append(Name(token, (token.casefold(),), sure=True, is_code=True))
    return found


class KnownWords:
    """The words of a context, for asking whether it has a name."""

    def __init__(self, *texts: str) -> None:
        self._text = unicodedata.normalize("NFKC", "\n".join(texts)).casefold()
        whole = {word.strip(_AROUND) for word in self._text.split()}
        self._parts = frozenset({part for word in whole for part in _parts(word)} | whole)
        self._stems = frozenset(word[: max(_STEM_LEAST, len(word) - 3)] for word in self._parts if len(word) >= _STEM_LEAST)
        cyrillic = (part for part in self._parts if part[:1] >= "а" and part[:1] <= "я")
        self._prefixes = frozenset(part[:size] for part in cyrillic for size in range(_CYRILLIC_LEAST, len(part) + 1))
        self._initials: frozenset[str] | None = None

    def has(self, name: Name) -> bool:
        """Whether every word of it stands there in some form; or its initials do, or it is the initials of what does."""
        if all(self.has_word(word) for word in name.words):
            return True
        joined = " ".join(name.words)
        if joined in self._text or joined.replace(" ", "") in self._parts:
            return True
        if len(name.words) == 1 and len(name.words[0]) <= 6 and self._is_initials(name.words[0].replace(".", "")):
            return True
        return "".join(word[0] for word in name.words) in self._parts and len(name.words) > 1

    def _is_initials(self, word: str) -> bool:
        if self._initials is None:
            self._initials = _initials(self._text)
        return word in self._initials

    def has_word(self, word: str) -> bool:
        if word in self._parts:
            return True
        bare = word.removesuffix("'s").removesuffix("’s")
        if bare in self._parts or (ord(word[0]) >= 0x2E80 and word in self._text):
            return True
        if any(part in self._parts and len(part) > 2 for part in _parts(bare)) and len(_parts(bare)) > 1:
            return True
        if any(map(str.isdigit, bare)):
            return bare in self._text or all(part in self._parts for part in _parts(bare) if any(map(str.isdigit, part)))
        if "а" <= bare[:1] <= "я":  # names are inflected
            return bare[: max(_CYRILLIC_LEAST, len(bare) - 2)] in self._prefixes
        stem = bare[: max(_STEM_LEAST, len(bare) - 3)]
        return len(bare) >= _STEM_LEAST and (
            stem in self._stems or (len(bare) > 5 and bare[:5] in self._stems) or bare in self._text
        )


def _parts(word: str) -> list[str]:
    return [part for part in "".join(char if char.isalnum() else " " for char in word).split() if part]


def _initials(text: str) -> frozenset[str]:
    """Initials of every two to five words in a row, and of the longer ones among them."""
    words = text.split()
    rows = ("".join(word[0] for word in words), "".join(word[0] for word in words if len(word) > 3))
    return frozenset(letters[at : at + size] for letters in rows for size in range(2, 6) for at in range(len(letters) - size + 1))

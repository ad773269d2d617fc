"""Spaced-out (`i g n o r e`) and leet (`1gn0r3`) spellings undone, where the result is words and the source was not."""

from __future__ import annotations

from itertools import islice
from typing import Final

import re2

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding
from scangate.matching.decoded import Bounds, Decoded, Source
from scangate.matching.language import is_word, known_share, segment
from scangate.matching.offsets import Coarse

_SPACED: Final = re2.compile(rb"\b[A-Za-z](?:[._*-]|[ ]{1,4})(?:[A-Za-z](?:[._*-]|[ ]{1,4})){4,}[A-Za-z]\b")
_LEET: Final = re2.compile(rb"[A-Za-z0-9@$!|]{3,24}")
_LEET_SIGNS: Final = frozenset(b"0134578@$!|")
_PLAIN: Final = (str.maketrans("0134578@$!|", "oieastbasii"), str.maketrans("0134578@$!|", "oleastbaslt"))
_KNOWN: Final = 0.6
_MAX_RUNS: Final = 200
_MAX_TOKENS: Final = 20_000
_FEWEST_LEET: Final = 2
_LONGEST_RUN: Final = 4_000
_LINE: Final = 400


def respelled(source: Source, bounds: Bounds) -> list[Decoded]:
    """Every stretch of either spelling, decoded; the map is the stretch as a whole."""
    return [*_spaced(source, bounds), *_leet(source, bounds)]


def _spaced(source: Source, bounds: Bounds) -> list[Decoded]:
    found = []
    for match in islice(_SPACED.finditer(source.data), _MAX_RUNS):
        start, end = match.start(), min(match.end(), match.start() + _LONGEST_RUN)
        text = _joined(source.text[start:end])
        if text:
            found.append(Decoded(text[: bounds.characters], Coarse(Span(start, end)), (Encoding.SPELLING,)))
    return found


def _joined(run: str) -> str:
    """The words of a run of single letters; "" when they are none."""
    separator = next((char for char in run[1:2] if char in "._*-"), " ")
    if separator == " ":
        groups = [group.replace(" ", "") for group in run.replace("    ", "  ").replace("   ", "  ").split("  ")]
    else:
        groups = [group.replace(separator, "") for group in run.split(" ")]
    words = [word for group in groups for word in ([group] if is_word(group.lower()) else segment(group.lower()))]
    text = " ".join(words)
    return text if words and known_share(words) >= _KNOWN and len(text) >= 6 else ""


def _leet(source: Source, bounds: Bounds) -> list[Decoded]:
    """Lines in which at least two tokens become words once their digits and signs are letters."""
    if not _LEET_SIGNS.intersection(source.data):
        return []
    lines: dict[tuple[int, int], list[tuple[int, int, str]]] = {}
    for match in islice(_LEET.finditer(source.data), _MAX_TOKENS):
        token = match.group().decode("ascii")
        if token.isalpha() or not any(char.isalpha() for char in token):
            continue
        word = next((plain for table in _PLAIN if is_word(plain := token.lower().translate(table))), "")
        if word and len(word) >= 3:
            lines.setdefault(_line_of(source.text, match.start(), match.end()), []).append((match.start(), match.end(), word))
    found = []
    for (start, end), tokens in islice(lines.items(), _MAX_RUNS):
        if len(tokens) >= _FEWEST_LEET:
            text = _replaced(source.text, start, end, tokens)
            found.append(Decoded(text[: bounds.characters], Coarse(Span(start, end)), (Encoding.SPELLING,)))
    return found


def _line_of(text: str, start: int, end: int) -> tuple[int, int]:
    low, high = max(0, start - _LINE), min(len(text), end + _LINE)
    first = text.rfind("\n", low, start) + 1
    last = text.find("\n", end, high)
    return max(first, low if first == 0 else first), high if last < 0 else last


def _replaced(text: str, start: int, end: int, tokens: list[tuple[int, int, str]]) -> str:
    pieces: list[str] = []
    at = start
    for first, last, word in tokens:
        if first >= at and last <= end:
            pieces += (text[at:first], word)
            at = last
    return "".join((*pieces, text[at:end]))

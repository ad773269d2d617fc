"""A text as tokens for reading numbers: digits with their separators, Chinese numerals, words, and single marks.

By hand and not by a pattern: of a context of 100,000 characters every word passes here, and a match object for each costs ten times
as much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

DIGITS: Final = "digits"
HAN: Final = "han"
WORD: Final = "word"
MARK: Final = "mark"
HAN_NUMERALS: Final = frozenset("零〇一二两兩三四五六七八九十百千万萬亿億")
_SEPARATORS: Final = frozenset(".,:'’")
_JOINERS: Final = frozenset("-'’")
_FIRST_WIDE: Final = "\u2e80"
_ASCII_DIGITS: Final = frozenset("0123456789")
_GROUP: Final = 3


def tokenise(text: str) -> list[tuple[str, str]]:
    """`(kind, token)` in order, white space left out. Linear. `600 000` is one token."""
    found: list[tuple[str, str]] = []
    for chunk in text.split():
        if chunk.isalpha() and max(chunk) < _FIRST_WIDE:
            found.append((WORD, chunk))
        elif chunk[:-1].isalpha() and max(chunk) < _FIRST_WIDE and not chunk[-1].isalnum():
            found.append((WORD, chunk[:-1]))
            found.append((MARK, chunk[-1]))
        else:
            first = len(found)
            found.extend(_mixed(chunk))
            _join_thousands(found, first)
    return found


def _join_thousands(found: list[tuple[str, str]], at: int) -> None:
    """Digits in groups of three with a space between them become one token."""
    if not 0 < at < len(found):
        return
    (kind, before), (other, after) = found[at - 1], found[at]
    if kind != DIGITS or other != DIGITS or not after[:_GROUP].isdigit() or after[_GROUP : _GROUP + 1].isdigit():
        return
    groups = before.split(" ")
    if len(groups[0]) <= _GROUP and all(group.isdigit() for group in groups):
        found[at - 1 : at + 1] = [(DIGITS, f"{before} {after}")]


def _mixed(chunk: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(chunk):
        char = chunk[at]
        if char in _ASCII_DIGITS:
            end = _run(chunk, at, _ASCII_DIGITS.__contains__, _SEPARATORS)
            yield DIGITS, chunk[at:end]
        elif char in HAN_NUMERALS:
            end = _run(chunk, at, HAN_NUMERALS.__contains__, frozenset())
            yield HAN, chunk[at:end]
        elif _is_letter(char):
            end = _run(chunk, at, _is_letter, _JOINERS)
            yield WORD, chunk[at:end]
        else:
            end = at + 1
            yield MARK, char
        at = end


def _run(chunk: str, at: int, belongs: Callable[[str], bool], joiners: frozenset[str]) -> int:
    """The end of a run of characters that belong together, single joiners between two of them included."""
    end = at + 1
    while end < len(chunk):
        if not (belongs(chunk[end]) or (chunk[end] in joiners and end + 1 < len(chunk) and belongs(chunk[end + 1]))):
            break
        end += 1
    return end


def _is_letter(char: str) -> bool:
    return (char.isalpha() or "\u0300" <= char <= "\u036f") and char not in HAN_NUMERALS

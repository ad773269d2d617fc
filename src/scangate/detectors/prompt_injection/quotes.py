"""Which stretches of a text stand in quotation: between quotation marks, in backticks or a fence, in a line that begins with ">"."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.inference.linear import OTHER, CollapsedText

_REACH: Final = 240
"""A quotation that begins or ends further away doesn't count."""
_PAIRS: Final = (("«", "»"), ("»", "«"), ("“", "”"), ("„", "“"), ("「", "」"), ("『", "』"), ("‹", "›"), ("《", "》"))
_EVEN: Final = ('"', "`")
_APOSTROPHE: Final = "'"
_QUOTED_LINE: Final = ord(">")

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def quoted(text: CollapsedText, starts: Ints, ends: Ints) -> Flags:
    """For each range of positions, whether it is quoted. Linear in the text and the ranges."""
    marks = _Marks(text)
    result = _in_quoted_line(text, starts)
    for opening, closing in _PAIRS:
        result |= _between(marks.of(opening), marks.of(closing), starts, ends)
    result |= _between(*marks.apostrophes(), starts, ends)
    for mark in _EVEN:
        result |= _inside_even(marks.of(mark), starts, ends)
    return result


class _Marks:
    """Where each mark of a text stands."""

    def __init__(self, text: CollapsedText) -> None:
        self._text = text
        self._places = np.flatnonzero(text.classes == OTHER)
        self._codes = text.codes[self._places]

    def of(self, mark: str) -> Ints:
        """Positions of a mark; of a fence's backticks, which collapse to two, one counts."""
        places: Ints = self._places[self._codes == ord(mark)]
        if mark == "`" and len(places):
            places = places[np.concatenate(([True], places[1:] - places[:-1] > 1))]
        return places

    def apostrophes(self) -> tuple[Ints, Ints]:
        """Those before a word and those after one; those in the middle of a word quote nothing."""
        places = self.of(_APOSTROPHE)
        joined = self._text.joined
        after_word = joined[places - 1]
        before_word = joined[np.minimum(places + 1, len(joined) - 1)]
        return places[before_word & ~after_word], places[after_word & ~before_word]


def _between(openings: Ints, closings: Ints, starts: Ints, ends: Ints) -> Flags:
    if not len(openings) or not len(closings):
        return np.zeros(len(starts), np.bool_)
    opened, closed = _last(openings, starts), _last(closings, starts)
    return (opened > closed) & (opened >= starts - _REACH) & _closes(closings, ends)


def _inside_even(places: Ints, starts: Ints, ends: Ints) -> Flags:
    """An odd number of marks stands before, within reach, and one comes after."""
    if len(places) < 2:
        return np.zeros(len(starts), np.bool_)
    before = np.searchsorted(places, starts, side="right") - np.searchsorted(places, starts - _REACH)
    inside: Flags = (before % 2 == 1) & _closes(places, ends)
    return inside


def _last(places: Ints, starts: Ints) -> Ints:
    """The last place at or before each start; -1 where there is none."""
    index = np.searchsorted(places, starts, side="right") - 1
    last: Ints = np.where(index >= 0, places[np.maximum(index, 0)], -1)
    return last


def _closes(places: Ints, ends: Ints) -> Flags:
    index = np.searchsorted(places, ends - 1)
    following: Ints = places[np.minimum(index, len(places) - 1)]
    closes: Flags = (index < len(places)) & (following < ends + _REACH)
    return closes


def _in_quoted_line(text: CollapsedText, starts: Ints) -> Flags:
    lines = np.concatenate(([1], text.line_ends + 1))
    index = np.maximum(np.searchsorted(lines, starts, side="right") - 1, 0)
    first = np.minimum(lines[index], len(text) - 1)
    in_line: Flags = text.codes[first] == _QUOTED_LINE
    return in_line

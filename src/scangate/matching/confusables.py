"""Letters that pose as letters of another alphabet (UTS #39): decided word by word, so that ordinary words stay as they are.

Towards Latin: a word that mixes Latin letters with look-alikes and nothing else (`ignоre` with a Cyrillic о), or one made of
strict look-alikes only amid Latin words. Towards Cyrillic: a Cyrillic word with a few Latin doubles (`cпасибо`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.matching import characters as ch
from scangate.matching.characters import CharacterTables
from scangate.matching.offsets import Codes, Flags, Mask

_NEIGHBOURS: Final = 4
"""Words to each side that say which script surrounds a word."""
_LATIN_NEIGHBOURS: Final = 2
_SHORTEST_WORD: Final = 2

_Counts = NDArray[np.int32]


def replace_lookalikes(codes: Codes, flags: Flags, tables: CharacterTables) -> Codes:
    """The code points with look-alikes replaced, one for one; the same array when nothing is to replace."""
    in_word = (flags & ch.WORD) != 0
    at = np.flatnonzero(in_word)
    if not len(at):
        return codes
    opens = np.concatenate(([True], np.diff(at) != 1))
    first = np.flatnonzero(opens)
    sizes = np.diff(np.concatenate((first, [len(at)])))
    word_flags = flags[at]

    def count(flag: int) -> _Counts:
        return np.add.reduceat((word_flags & flag) != 0, first, dtype=np.int32)

    latin, lookalike = count(ch.LATIN), count(ch.LOOKALIKE)
    foreign, cyrillic = count(ch.FOREIGN), count(ch.CYRILLIC)
    towards_latin = (latin > 0) & (lookalike > 0) & (foreign == 0)
    towards_cyrillic = (latin > 0) & (cyrillic >= latin) & (cyrillic == foreign + lookalike)
    if towards_cyrillic.any():
        towards_cyrillic &= latin == count(ch.TWIN)
        # letters that pass for either alphabet: the words around them tell
        towards_cyrillic &= ~towards_latin | (_around(foreign > 0) > _around((latin > 0) & (lookalike == 0) & (foreign == 0)))
        towards_latin &= ~towards_cyrillic
    disguised = (latin == 0) & (foreign == 0) & (lookalike >= _SHORTEST_WORD)
    if disguised.any():
        disguised &= (count(ch.LOOSE) == 0) & _amid_latin((latin > 0) & (foreign == 0) & (lookalike == 0), foreign > 0)
        towards_latin |= disguised
    if not (towards_latin.any() or towards_cyrillic.any()):
        return codes
    replaced = codes.copy()
    for chosen, table in ((towards_latin, tables.lookalike), (towards_cyrillic, tables.cyrillic)):
        letters = at[np.repeat(chosen, sizes)]
        replaced[letters] = table[replaced[letters]]
    return replaced


def _amid_latin(latin: Mask, foreign: Mask) -> Mask:
    """For each word whether the few words around it are Latin and none of them is of another alphabet."""
    amid: Mask = (_around(latin) >= _LATIN_NEIGHBOURS) & (_around(foreign) == 0)
    return amid


def _around(words: Mask) -> _Counts:
    """For each word how many of the marked ones stand within a few words of it, itself included."""
    total = np.concatenate((np.zeros(1, np.int32), np.cumsum(words, dtype=np.int32)))
    index = np.arange(len(words))
    counts: _Counts = total[np.minimum(index + _NEIGHBOURS + 1, len(words))] - total[np.maximum(index - _NEIGHBOURS, 0)]
    return counts

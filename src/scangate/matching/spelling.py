"""Spellings that hide words from a matcher and not from a reader: spaced-out letters (`i g n o r e`, `i-g-n-o-r-e`) and leet.

Both are undone only where common words appear by it, so that lists of letters, serial numbers, chess moves, tables and
abbreviations stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import re2

from scangate.domain.taxonomy import Encoding
from scangate.matching import characters as ch
from scangate.matching.characters import character_tables
from scangate.matching.decoded import Bounds, Decoded, Source, octet_class, runs_of
from scangate.matching.folding import text_of
from scangate.matching.language import (
    forward_gain,
    is_word,
    known_share,
    latin_pairs,
    latin_scores,
    pair_score,
    segment,
)
from scangate.matching.offsets import Codes, Mask, Positions
from scangate.matching.substitution import DELETE, Edits, substituted

_FEWEST_LETTERS: Final = 4
_FEWEST_INITIALS: Final = 6
"""Dotted capitals are abbreviations unless there are so many."""
_FEWEST_SEGMENTED: Final = 6
_FEWEST_IDEOGRAPHS: Final = 6
_WIDEST_GAP: Final = 6
_MAX_RUNS: Final = 200
_EVIDENCE: Final = 400
_SEGMENTED: Final = 2000
_KNOWN_WORDS: Final = 0.4
_KNOWN_PIECES: Final = 0.6
"""Share of the letters that must stand in known words: as the spacing parts them, and as cut into words here."""
_FEWEST_PLAUSIBLE: Final = 12
_PLAUSIBLE_WORDS: Final = 3
_PLAUSIBLE_SCORE: Final = 6.0
"""Words that the gaps part and no list knows: this many letters and words, and mean eighths of a bit over chance for their pairs.
Most rare words have 6 to 18; of random letters one set in a thousand."""
_IN_ORDER: Final = 0.6
_IDEOGRAPHIC_GAIN: Final = 2.0
_FIRST_KANA: Final = 0x3040
_SPACE: Final = 32

_MAX_TOKENS: Final = 12_000
_LEAST_PAIR_SCORE: Final = -8
"""Mean eighths of a bit over chance; random letters reach about -15."""
_LONGEST_TOKEN: Final = 20
_LONGEST_UNKNOWN: Final = 12
"""Longer tokens that are no known word are keys and digests, not spelling."""
_LEET_REACH: Final = 60
_FEWEST_ANCHORED: Final = 2
_MANY_ANCHORS: Final = 3
_LEET: Final = dict(zip("0134578@$!|9+6€", "oieastbasilgtge", strict=True))
_LEET_TABLE: Final = str.maketrans(_LEET)
_ELL: Final = "1!|"
"""Signs that stand for i as well as for l."""
_MAX_ELLS: Final = 3
_EURO: Final = 0x80
"""The euro sign in the octets of this module; a NOT_ASCII byte elsewhere."""
_LETTERS: Final = octet_class(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SIGNS: Final = octet_class("".join(_LEET).replace("€", "\x80").encode("latin-1"))
_TOKEN: Final = _LETTERS | _SIGNS
_AS_LETTERS: Final = np.arange(256, dtype=np.uint8)
_AS_LETTERS[[ord(sign) if sign != "€" else _EURO for sign in _LEET]] = [ord(letter) for letter in _LEET.values()]
_OUTSIDE: Final = octet_class(b" \t\r\n\"'`.,;:?!()[]{}<>*")
_STRESSES: Final = "!|"


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


_SPACED: Final = re2.compile(rb"(?:^|[^\pL\pN])\pL(?:[^\pL\pN]{1,5}\pL){3}(?:[^\pL\pN]|$)", options=_quiet())
_LEETED: Final = re2.compile(rb"[A-Za-z][0134578@$!|9+6]+[A-Za-z]", options=_quiet())


def respelled(source: Source, bounds: Bounds) -> list[Decoded]:
    """Regions with spaced-out or leet words, with the words restored."""
    found = [edits for edits in (_spaced(source, bounds), _leet(source, bounds)) if len(edits)]
    return substituted(source, Edits.merged(*found), Encoding.SPELLING, bounds) if found else []


def _no_edits() -> Edits:
    empty = np.zeros(0, np.int64)
    return Edits(empty, empty, empty)


def _spaced(source: Source, bounds: Bounds) -> Edits:
    if _SPACED.search(source.text.encode("utf-8", "replace")) is None:
        return _no_edits()
    flags = character_tables().flags[source.codes]
    letter, word = (flags & ch.LETTER) != 0, ((flags & (ch.LETTER | ch.WORD)) != 0) & (source.codes != ord("_"))
    single = letter.copy()
    single[1:] &= ~word[:-1]
    single[:-1] &= ~word[1:]
    at = np.flatnonzero(single)
    if len(at) < _FEWEST_LETTERS:
        return _no_edits()
    chained = np.diff(at) <= _WIDEST_GAP
    # nothing that belongs to a word may stand between two letters of a run
    chained &= np.diff(np.cumsum(word, dtype=np.int32)[at]) == 1
    found = [edits for run in _letter_runs(source.codes, at, chained, bounds) for edits in _despaced(source, run)]
    return Edits.merged(*found) if found else _no_edits()


def _letter_runs(codes: Codes, at: Positions, chained: Mask, bounds: Bounds) -> Iterator[Positions]:
    """Runs of enough letters, of ASCII ones only those that make likely pairs; the longest when there are too many."""
    starts, ends = runs_of(chained, _FEWEST_LETTERS - 1)
    if not len(starts):
        return
    letters = codes[at]
    scores = _pair_scores(letters)
    foreign = np.concatenate((np.zeros(1, np.int32), np.cumsum(letters >= 128, dtype=np.int32)))
    likely = (scores[ends] - scores[starts] > 0) | (foreign[ends + 1] > foreign[starts])
    starts, ends = starts[likely], ends[likely]
    count = bounds.first(len(starts), _MAX_RUNS)
    for index in np.sort(np.argsort(starts - ends, kind="stable")[:count]).tolist():
        yield at[starts[index] : ends[index] + 1]


def _pair_scores(letters: Codes) -> Positions:
    """Running sum of the scores of neighbouring letters: that of `letters[a:b]` is `sums[b - 1] - sums[a]`."""
    sums = np.zeros(len(letters), np.int64)
    np.cumsum(latin_scores(latin_pairs(letters)), out=sums[1:])
    return sums


@dataclass(frozen=True, slots=True, eq=False)
class _Gaps:
    """What stands between the letters of a run: which gaps part words, and which do not belong to the run at all."""

    parts_words: Mask
    foreign: Mask


def _gaps(codes: Codes, run: Positions) -> _Gaps:
    """Separators are one sign, the commonest one, or blanks where there is none; blanks beside a sign part words."""
    sizes = np.diff(run)
    sign = np.full(len(sizes), _SPACE, np.int64)
    blank = np.zeros(len(sizes), np.bool_)
    mixed = np.zeros(len(sizes), np.bool_)
    for distance in range(1, _WIDEST_GAP):
        inside = distance < sizes
        char = codes[np.minimum(run[:-1] + distance, len(codes) - 1)].astype(np.int64)
        is_blank = inside & (char <= _SPACE)
        is_sign = inside & ~is_blank
        mixed |= is_sign & (sign != _SPACE) & (sign != char)
        sign = np.where(is_sign, char, sign)
        blank |= is_blank
    signs = sign[sign != _SPACE]
    if not len(signs) or len(signs) * 3 < len(sign):
        return _Gaps(sizes > 2, mixed | (sign != _SPACE))
    main = int(np.bincount(np.minimum(signs, 0x3000)).argmax())
    return _Gaps(blank, mixed | ((sign != main) & (sign != _SPACE)))


def _despaced(source: Source, run: Positions) -> Iterator[Edits]:
    gaps = _gaps(source.codes, run)
    if not gaps.foreign.any():
        runs = [(run, gaps.parts_words)]
    else:
        starts, ends = runs_of(~gaps.foreign, _FEWEST_LETTERS - 1)
        runs = [
            (run[start : end + 1], gaps.parts_words[start:end])
            for start, end in zip(starts[:_MAX_RUNS].tolist(), ends[:_MAX_RUNS].tolist(), strict=True)
        ]
    for letters, parts_words in runs:
        breaks = _word_breaks(source, letters, parts_words)
        if breaks is not None:
            yield Edits(letters[:-1] + 1, letters[1:], np.where(breaks, _SPACE, DELETE))


def _word_breaks(source: Source, run: Positions, parts_words: Mask) -> Mask | None:
    """After which letters a word ends; None when the letters do not make words."""
    letters = source.codes[run]
    folded = character_tables().cased[letters]
    steps = np.diff(folded[:_EVIDENCE].astype(np.int64))
    if (np.abs(steps) <= 1).mean() >= _IN_ORDER:
        return None
    if (letters >= _FIRST_KANA).mean() > 0.5:
        enough = len(letters) >= _FEWEST_IDEOGRAPHS and forward_gain(letters[:_EVIDENCE]).mean() >= _IDEOGRAPHIC_GAIN
        return parts_words if enough else None
    joined = text_of(folded[:_SEGMENTED])
    words = _cut(joined[:_EVIDENCE], parts_words)
    if _long_known(words) >= _KNOWN_WORDS * min(len(joined), _EVIDENCE):
        dotted = source.codes[run[0] + 1] == ord(".")
        return None if len(words) < 2 and dotted and len(letters) < _FEWEST_INITIALS else parts_words
    if len(joined) < _FEWEST_SEGMENTED:
        return None
    if _plausible(words):
        return parts_words
    pieces = [piece for word in _cut(joined, parts_words) for piece in segment(word)]
    if _long_known(pieces) < _KNOWN_PIECES * len(joined):
        return None
    if parts_words.any():
        return parts_words
    ends = np.cumsum([len(piece) for piece in pieces]) - 1
    breaks = parts_words.copy()
    breaks[ends[ends < len(breaks)]] = True
    return breaks


def _plausible(words: list[str]) -> bool:
    """Whether the letters make likely words though the lists do not know them: inflected forms, names, rare words."""
    letters = sum(map(len, words))
    if len(words) < _PLAUSIBLE_WORDS or letters < _FEWEST_PLAUSIBLE:
        return False
    return sum(map(pair_score, words)) >= _PLAUSIBLE_SCORE * (letters - len(words))


def _long_known(words: list[str]) -> int:
    """Letters in known words of at least three letters; shorter ones turn up by chance."""
    long = [word for word in words if len(word) >= 3]
    return round(known_share(long) * sum(map(len, long)))


def _cut(letters: str, breaks: Mask) -> list[str]:
    ends = (np.flatnonzero(breaks[: max(len(letters) - 1, 0)]) + 1).tolist()
    return [letters[start:end] for start, end in zip([0, *ends], [*ends, len(letters)], strict=True) if end > start]


@dataclass(frozen=True, slots=True)
class _LeetWord:
    """A token read as leet: where it stands, the letters it becomes, and how far it can be trusted.

    `inner`: a sign stands before or between letters, not only after them as in `key1`. `anchor`: a known word of four letters or
    more with a sign between letters. `number`: nothing but signs.
    """

    start: int
    letters: str
    known: bool
    inner: bool
    anchor: bool
    number: bool


def _leet(source: Source, bounds: Bounds) -> Edits:
    if _LEETED.search(source.data) is None and "€" not in source.text:
        return _no_edits()
    groups: list[list[_LeetWord]] = []
    for word in _leet_words(source, bounds):
        if groups and word.start - groups[-1][-1].start <= _LEET_REACH:
            groups[-1].append(word)
        else:
            groups.append([word])
    at: list[int] = []
    values: list[int] = []
    for group in groups:
        for word in _trusted(group):
            for place, letter in enumerate(word.letters):
                if source.text[word.start + place] != letter:
                    at.append(word.start + place)
                    values.append(ord(letter))
    starts = np.array(at, np.int64)
    return Edits(starts, starts + 1, np.array(values, np.int64))


def _trusted(group: list[_LeetWord]) -> list[_LeetWord]:
    """The words of a neighbourhood to be restored: none without an anchor; numbers only among several anchors."""
    mixed = [word for word in group if not word.number]
    inner = [word for word in mixed if word.inner]
    known, anchors = sum(word.known for word in inner), sum(word.anchor for word in inner)
    if not anchors or known < _FEWEST_ANCHORED or known * 2 < len(inner):
        return []
    return group if anchors >= _MANY_ANCHORS else mixed if anchors > 1 else inner


def _leet_words(source: Source, bounds: Bounds) -> Iterator[_LeetWord]:
    """Tokens of letters and look-alike digits that stand alone between blanks and punctuation."""
    octets = source.octets
    if "€" in source.text:
        octets = np.where(source.codes == ord("€"), np.uint8(_EURO), octets)
    starts, ends = runs_of(_TOKEN[octets], 1)
    letters = np.concatenate((np.zeros(1, np.int32), np.cumsum(_LETTERS[octets], dtype=np.int32)))
    count, sizes = letters[ends] - letters[starts], ends - starts
    fits = (count < sizes) & (sizes <= _LONGEST_TOKEN) & ((count > 0) | (sizes <= 2))
    fits &= (starts == 0) | _OUTSIDE[octets[np.maximum(starts - 1, 0)]]
    fits &= (ends == len(octets)) | _OUTSIDE[octets[np.minimum(ends, len(octets) - 1)]]
    # read as letters, a word has likely pairs; most keys and digests drop out here
    scores = _pair_scores(_AS_LETTERS[octets].astype(np.uint32))
    fits &= (scores[ends - 1] - scores[starts] >= _LEAST_PAIR_SCORE * (sizes - 1)) | (sizes <= 3)
    starts, ends = starts[fits], ends[fits]
    kept = bounds.first(len(starts), _MAX_TOKENS)
    for start, end in zip(starts[:kept].tolist(), ends[:kept].tolist(), strict=True):
        word = _read_leet(source.text[start:end], start)
        if word is not None:
            yield word


def _read_leet(token: str, start: int) -> _LeetWord | None:
    bare = token.strip(_STRESSES)
    start += len(token) - len(token.lstrip(_STRESSES))
    if not bare or bare.isalpha():
        return None
    readings = _readings(bare.lower())
    word = next((reading for reading in readings if is_word(reading)), None)
    number = not any(char.isalpha() for char in bare)
    if word is None and 3 * sum(char.isalpha() for char in bare) < len(bare):
        return None
    if word is None and len(bare) > _LONGEST_UNKNOWN:
        return None
    restored = "".join(char if char.isalpha() else letter for char, letter in zip(bare, word or readings[0], strict=True))
    inner = not bare.rstrip("".join(_LEET)).isalpha()
    between = not bare.strip("".join(_LEET)).isalpha()
    return _LeetWord(
        start=start,
        letters=restored,
        known=word is not None,
        inner=inner and not number,
        anchor=word is not None and between and len(word) >= 4 and not number,
        number=number,
    )


def _readings(token: str) -> list[str]:
    """The token with signs as letters; i and l both tried for the signs that may be either."""
    plain = token.translate(_LEET_TABLE)
    readings = [plain]
    for at in [at for at, char in enumerate(token) if char in _ELL][:_MAX_ELLS]:
        readings += [reading[:at] + "l" + reading[at + 1 :] for reading in readings]
    return readings

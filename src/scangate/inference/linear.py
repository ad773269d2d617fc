"""Linear models over hashed character and word n-grams: one pass over a text scores every window of it.

What lives here: the featuriser (one for training and for scoring), the model file, evidence per position with cumulative sums.
What does not: what a score means. Detectors choose windows and thresholds; `training/linear` makes the weights.

A text becomes code points with runs of white space, digits and repeated punctuation cut short, digits as 0. Each n-gram of
characters and of words is hashed into one table; its weight counts at the code point where it ends, so the sum over a window is a
difference of two cumulative sums. A window's logit is `sum / sqrt(length + 32) + bias`.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.errors import ConfigurationError

FEATURISER_VERSION: Final = 1

_CHUNK: Final = 1 << 15
_OVERLAP: Final = 192
_LENGTH_PRIOR: Final = 32.0
_LONGEST_WORD: Final = 64
_RECURRENCES: Final = 3
_CHAR_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_WORD_BASE: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)
_CHAR_SALT: Final = 0x1234567
_WORD_SALT: Final = 0x7654321

_PLANE: Final = 0x10000
_COMMAS: Final = ",、"
_ACCENTED: Final = frozenset([*range(0xC0, 0x180), *range(0x1E00, 0x1F00), ord("ё"), ord("Ё")])
OTHER: Final = 0
"""Class of punctuation, symbols and what the tables don't know."""
_SPACE: Final = 1
_LETTER: Final = 2
_DIGIT: Final = 3
_IDEOGRAPH: Final = 4
_UNSPACED_SCRIPTS: Final = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))

Codes = NDArray[np.uint64]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def _no_deadline() -> None:
    return None


@dataclass(frozen=True, slots=True)
class _CharacterTables:
    """Class and plain form of each code point of the basic plane."""

    classes: NDArray[np.uint8]
    plain: NDArray[np.uint32]


@lru_cache(maxsize=1)
def _character_tables() -> _CharacterTables:
    classes = np.zeros(_PLANE, np.uint8)
    plain = np.arange(_PLANE, dtype=np.uint32)
    for code in range(_PLANE):
        character = chr(code)
        category = unicodedata.category(character)
        if character.isspace() or character in _COMMAS or category == "Cc":
            classes[code], plain[code] = _SPACE, ord(" ")
        elif category[0] in "LM":
            classes[code] = _LETTER
        elif category == "Nd":
            classes[code], plain[code] = _DIGIT, ord("0")
        if code in _ACCENTED:
            plain[code] = ord(unicodedata.normalize("NFD", character)[0])
    for first, last in _UNSPACED_SCRIPTS:
        classes[first : last + 1] = _IDEOGRAPH
    return _CharacterTables(classes, plain)


@lru_cache(maxsize=1)
def _word_powers() -> Codes:
    powers = np.full(_LONGEST_WORD, _WORD_BASE, np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


@dataclass(frozen=True, slots=True)
class CollapsedText:
    """What the featuriser reads of a text. `kept[i]` is the place in the padded text of the i-th code point that was kept."""

    codes: NDArray[np.uint32]
    classes: NDArray[np.uint8]
    kept: Ints
    line_ends: Ints
    """Positions of the spaces that stand for a line end."""

    def position(self, offset: int) -> int:
        """Offset in the text to position in `codes`."""
        return int(np.searchsorted(self.kept, offset + 1))

    def offsets(self, start: int, end: int) -> tuple[int, int]:
        """Half-open range of positions to the range of offsets in the text, cut to the text."""
        length = max(int(self.kept[-1]) - 1, 0)
        first = min(max(int(self.kept[start]) - 1, 0), length)
        last = int(self.kept[end - 1]) if end > start else first
        return first, min(max(last, first), length)

    @property
    def joined(self) -> NDArray[np.bool_]:
        """Which code points belong to words that spaces separate."""
        joined: NDArray[np.bool_] = (self.classes == _LETTER) | (self.classes == _DIGIT)
        return joined

    def part(self, start: int, end: int) -> CollapsedText:
        """The positions `[start, end)` as a text of its own, without its line ends."""
        return CollapsedText(self.codes[start:end], self.classes[start:end], self.kept[start:end], self.line_ends[:0])

    def string(self) -> str:
        return self.codes.tobytes().decode("utf-32-le", "surrogatepass")

    def __len__(self) -> int:
        return len(self.codes)


def collapse(text: str) -> CollapsedText:
    """Pad with a space on both sides; make white space and commas one space, digits 0, Latin letters plain of accents.

    Runs of one punctuation mark and of digits are cut to two. Meant for folded text: case is kept.
    """
    tables = _character_tables()
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), np.uint32)
    inside = np.minimum(codes, _PLANE - 1)
    classes = tables.classes[inside]
    plain = np.where(codes < _PLANE, tables.plain[inside], codes)
    keep = np.ones(len(codes), bool)
    keep[1:] = (classes[1:] != _SPACE) | (classes[:-1] != _SPACE)
    keep[2:] &= (classes[2:] != OTHER) | (codes[2:] != codes[1:-1]) | (codes[2:] != codes[:-2])
    keep[2:] &= (classes[2:] != _DIGIT) | (classes[1:-1] != _DIGIT) | (classes[:-2] != _DIGIT)
    kept = np.flatnonzero(keep)
    lines = np.searchsorted(kept, np.flatnonzero(codes == ord("\n")), side="right") - 1
    return CollapsedText(plain[kept], classes[kept], kept, lines)


@dataclass(frozen=True, slots=True)
class Featuriser:
    """Which n-grams are hashed, into a table of `2 ** bits` cells. In scripts without spaces each character is a word."""

    bits: int = 18
    char_orders: tuple[int, ...] = (3, 4, 5)
    word_orders: tuple[int, ...] = (1, 2)

    def ngrams(self, text: CollapsedText, start: int, end: int) -> Iterator[tuple[NDArray[np.int64], Ints]]:
        """(cells, positions at which the n-grams end) for each order, of the n-grams that end in `[start, end)`."""
        first = max(0, start - _OVERLAP)
        # one more code point tells whether a word ends at the last position
        codes, classes = text.codes[first : end + 1].astype(np.uint64), text.classes[first : end + 1]
        for cells, ends in (*self._char_ngrams(codes), *self._word_ngrams(codes, classes)):
            begin, stop = np.searchsorted(ends, (start - first, end - first)).tolist()
            yield cells[begin:stop], ends[begin:stop] + first

    def cells(self, collapsed: CollapsedText) -> tuple[NDArray[np.int64], float]:
        """All cells of a text, with repetitions, and the factor that normalises their sum."""
        parts = [cells for start, end in _chunks(len(collapsed)) for cells, _ in self.ngrams(collapsed, start, end)]
        return np.concatenate(parts), float(1.0 / np.sqrt(len(collapsed) + _LENGTH_PRIOR))

    def _cells(self, hashes: Codes, salt: int) -> NDArray[np.int64]:
        mixed: Codes = ((hashes ^ np.uint64(salt)) * _MIX) >> np.uint64(64 - self.bits)
        return mixed.view(np.int64)

    def _char_ngrams(self, codes: Codes) -> Iterator[tuple[NDArray[np.int64], Ints]]:
        hashes = codes
        for order in range(1, max(self.char_orders, default=0) + 1):
            if order > 1:
                hashes = hashes[:-1] * _CHAR_BASE + codes[order - 1 :]
            if order in self.char_orders:
                yield self._cells(hashes, order * _CHAR_SALT), np.arange(order - 1, len(codes))

    def _word_ngrams(self, codes: Codes, classes: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.int64], Ints]]:
        in_word = classes >= _LETTER
        alone = classes == _IDEOGRAPH
        joined = in_word[1:] & in_word[:-1] & ~alone[1:] & ~alone[:-1]
        begins, finishes = in_word.copy(), in_word.copy()
        begins[1:] &= ~joined
        finishes[:-1] &= ~joined
        starts = np.flatnonzero(begins)
        if not len(starts):
            return
        word = np.cumsum(begins)
        within = np.arange(len(codes)) - starts[np.maximum(word - 1, 0)]
        terms = np.where(in_word, codes, np.uint64(0)) * _word_powers()[np.clip(within, 0, _LONGEST_WORD - 1)]
        words = np.add.reduceat(terms, starts)
        ends = np.flatnonzero(finishes)
        hashes = words
        for order in range(1, max(self.word_orders, default=0) + 1):
            if order > 1:
                hashes = hashes[:-1] * _WORD_BASE + words[order - 1 :]
            if order in self.word_orders:
                yield self._cells(hashes, order * _WORD_SALT), ends[order - 1 :]


def _chunks(length: int) -> Iterator[tuple[int, int]]:
    """Pieces small enough for the processor's cache."""
    for start in range(0, length, _CHUNK):
        yield start, min(start + _CHUNK, length)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Summed weights of one head over one collapsed text; scores windows of positions, half-open."""

    sums: Floats
    bias: float

    def logits(self, starts: Ints, ends: Ints) -> Floats:
        """One logit for each window."""
        logits: Floats = (self.sums[ends] - self.sums[starts]) / np.sqrt(ends - starts + _LENGTH_PRIOR) + self.bias
        return logits

    def without(self, starts: Ints, ends: Ints) -> Evidence:
        """The same evidence, nothing counted inside these ranges."""
        edges = np.bincount(starts, minlength=len(self.sums)) - np.bincount(ends, minlength=len(self.sums))
        outside = np.cumsum(edges)[:-1] == 0
        return Evidence(np.concatenate(([0.0], np.cumsum(np.diff(self.sums) * outside))), self.bias)


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A featuriser with one table of weights and one bias for each head. Immutable; safe to share between threads."""

    featuriser: Featuriser
    heads: tuple[str, ...]
    weights: NDArray[np.float32]
    biases: Floats

    def evidence(self, collapsed: CollapsedText, checkpoint: Callable[[], None] = _no_deadline) -> dict[str, Evidence]:
        """Read a text once, for every head. Linear in its length; calls `checkpoint` every few milliseconds."""
        per_position = np.zeros((len(self.heads), len(collapsed)))
        for start, end in _chunks(len(collapsed)):
            checkpoint()
            for cells, ends in self.featuriser.ngrams(collapsed, start, end):
                for row, weights in zip(per_position, self.weights, strict=True):
                    row[ends] += weights.take(cells)
        sums = np.zeros((len(self.heads), len(collapsed) + 1))
        np.cumsum(per_position, axis=1, out=sums[:, 1:])
        return {name: Evidence(sums[head], float(self.biases[head])) for head, name in enumerate(self.heads)}

    def logits_without_repetition(self, collapsed: CollapsedText, head: str, starts: Ints, ends: Ints) -> Floats:
        """The logits of windows, by start, that lie near each other: of an n-gram that recurs in a window three count."""
        row = self.heads.index(head)
        keys = []
        numbers = np.arange(len(starts))
        for cells, places in self.featuriser.ngrams(collapsed, int(starts[0]), int(ends.max())):
            first, last = np.searchsorted(places, starts), np.searchsorted(places, ends)
            sizes = last - first
            index = np.arange(int(sizes.sum())) + np.repeat(first - np.cumsum(sizes) + sizes, sizes)
            keys.append((np.repeat(numbers, sizes) << self.featuriser.bits) | cells[index])
        distinct, counts = np.unique(np.concatenate(keys), return_counts=True)
        weights = self.weights[row].take(distinct & ((1 << self.featuriser.bits) - 1)) * np.minimum(counts, _RECURRENCES)
        sums = np.bincount(distinct >> self.featuriser.bits, weights, minlength=len(starts))
        logits: Floats = sums / np.sqrt(ends - starts + _LENGTH_PRIOR) + self.biases[row]
        return logits

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        """Read a model file.

        Raises:
            ConfigurationError: it was made for another featuriser.
        """
        with np.load(path, allow_pickle=False) as file:
            card = json.loads(str(file["card"]))
            if card["featuriser"]["version"] != FEATURISER_VERSION:
                raise ConfigurationError(f"model {path.name!r} was made for another featuriser")
            weights = np.stack([_expand(row, float(peak)) for row, peak in zip(file["weights"], file["peaks"], strict=True)])
            biases = file["biases"].astype(np.float64)
        shape = card["featuriser"]
        featuriser = Featuriser(shape["bits"], tuple(shape["char_orders"]), tuple(shape["word_orders"]))
        return cls(featuriser, tuple(card["heads"]), weights, biases)

    def save(self, path: Path) -> None:
        """Write a model file: eight bits a weight on a square-root scale, so that small weights keep their digits."""
        peaks = np.maximum(np.abs(self.weights).max(axis=1), 1e-9)
        roots = np.sqrt(np.abs(self.weights) / peaks[:, None])
        packed = (np.sign(self.weights) * np.rint(roots * 127)).astype(np.int8)
        shape = {
            "version": FEATURISER_VERSION,
            "bits": self.featuriser.bits,
            "char_orders": self.featuriser.char_orders,
            "word_orders": self.featuriser.word_orders,
        }
        card = json.dumps({"featuriser": shape, "heads": self.heads}, sort_keys=True)
        np.savez_compressed(path, card=np.array(card), weights=packed, peaks=peaks, biases=self.biases)


def _expand(packed: NDArray[np.int8], peak: float) -> NDArray[np.float32]:
    roots = packed.astype(np.float32) / np.float32(127)
    weights: NDArray[np.float32] = np.sign(roots) * roots * roots * np.float32(peak)
    return weights

"""Exact data match: whether a text holds one of a column's values, of which only keyed hashes are there.

A value is the sequence of its words, whatever stands between them; a value whose words all have digits is one number, however it is
grouped (`4012-77 31` is `40127731`). A text is looked up by runs of its words: those that begin as no value begins cost one hash per
different word, so that a column of any length costs about the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from scangate.detectors.sensitive_data.own.keyed import Hashes, Keyed, contained, pack, unpack
from scangate.detectors.sensitive_data.own.words import Words, normalised, words_of

VALUES_MAX: Final = 1_000_000
VALUE_MIN: Final = 4
"""Letters and digits of a value. Shorter ones occur everywhere."""
VALUE_WORDS_MAX: Final = 12
VALUE_MAX: Final = 200
_GROUPS_MAX: Final = 6
"""Words that may make up one number."""
_GAP_MAX: Final = 3
"""Characters between the groups of one number."""
_BATCH: Final = 2_000
_FOLDED_AT_A_TIME: Final = 2_000


@dataclass(frozen=True, slots=True)
class ValueSet:
    """What is stored of a column. `word_counts` and `number_lengths` say how long its values are, and nothing of one value."""

    count: int
    hashes: bytes
    heads: bytes
    """Hashes of the first words of values that are no numbers."""
    word_counts: tuple[int, ...]
    number_lengths: tuple[int, ...]

    def merged(self, other: ValueSet) -> ValueSet:
        """Both together."""
        hashes = _merged(self.hashes, other.hashes)
        return ValueSet(
            count=len(hashes) // 8,
            hashes=hashes,
            heads=_merged(self.heads, other.heads),
            word_counts=tuple(sorted({*self.word_counts, *other.word_counts})),
            number_lengths=tuple(sorted({*self.number_lengths, *other.number_lengths})),
        )


NO_VALUES: Final = ValueSet(0, b"", b"", (), ())


def _merged(first: bytes, second: bytes) -> bytes:
    return pack(np.concatenate((unpack(first), unpack(second))))


def column_of(document: str, column: str | None) -> Iterator[str]:
    """The values of one column of a CSV text with a header, or of every line where no column is named.

    Raises:
        ValueError: there is no such column, or the text is no CSV; says nothing of the values.
    """
    if column is None:
        yield from document.splitlines()
        return
    head = document[:4096].partition("\n")[0]
    separator = max(",;\t|", key=head.count)
    rows = csv.reader(io.StringIO(document.lstrip("\ufeff"), newline=""), delimiter=separator)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        if header.count(column) != 1:
            raise ValueError(
                f"there is no column {column!r}" if column not in header else f"several columns are called {column!r}"
            )
        at = header.index(column)
        for row in rows:
            if at < len(row):
                yield row[at]
    except csv.Error:
        raise ValueError(f"the text is no CSV at line {rows.line_num}") from None


def hash_values(values: Iterable[str], key: bytes) -> tuple[ValueSet, int]:
    """What to store of a column, and how many of its values were left out: empty, shorter than `VALUE_MIN`, or too long.

    Raises:
        ValueError: none is left, or there are more than `VALUES_MAX`.
    """
    keyed = Keyed(key)
    hashes: list[Hashes] = []
    heads: set[str] = set()
    word_counts: set[int] = set()
    number_lengths: set[int] = set()
    skipped = seen = 0
    for batch in _batches(values):
        seen += len(batch)
        if seen > VALUES_MAX:
            raise ValueError(f"at most {VALUES_MAX} values in a column")
        canonical: list[str] = []
        for words in _words_of_each(_folded(batch)):
            if not 1 <= len(words) <= VALUE_WORDS_MAX or not VALUE_MIN <= sum(map(len, words)) <= VALUE_MAX:
                skipped += 1
                continue
            value = _canonical(words)
            canonical.append(value)
            if _is_number(words):
                number_lengths.add(len(value))
            else:
                heads.add(words[0])
                word_counts.add(len(words))
        hashes.append(keyed.values(canonical))
    found = pack(np.concatenate(hashes)) if hashes else b""
    if not found:
        raise ValueError(f"there is no value of {VALUE_MIN} to {VALUE_MAX} letters and digits in at most {VALUE_WORDS_MAX} words")
    stored = ValueSet(
        count=len(found) // 8,
        hashes=found,
        heads=pack(keyed.words(sorted(heads))),
        word_counts=tuple(sorted(word_counts)),
        number_lengths=tuple(sorted(number_lengths)),
    )
    return stored, skipped


def _batches(values: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for value in values:
        batch.append(value[: 4 * VALUE_MAX])
        if len(batch) == _FOLDED_AT_A_TIME:
            yield batch
            batch = []
    if batch:
        yield batch


def _folded(values: Sequence[str]) -> Sequence[str]:
    """Each value as a scanned text reads; folding them together is much quicker than one by one."""
    together = normalised("\n".join(" ".join(value.split()) for value in values)).split("\n")
    return together if len(together) == len(values) else [normalised(value) for value in values]


def _words_of_each(folded: Sequence[str]) -> list[list[str]]:
    """The words of every value; those of many values at once cost little more than those of one."""
    together = words_of("\n".join(folded))
    ends = np.cumsum([len(text) + 1 for text in folded])
    cuts = [0, *np.searchsorted(together.starts, ends).tolist()]
    return [together.texts[first:last] for first, last in pairwise(cuts)]


def _is_number(words: Sequence[str]) -> bool:
    """Whether every word has a digit: words are letters and digits only."""
    return len(words) <= _GROUPS_MAX and not any(word.isalpha() for word in words)


def _canonical(words: Sequence[str]) -> str:
    return ("" if _is_number(words) else " ").join(words)


class ValueFinder:
    """A column, ready to be looked up; immutable.

    Raises:
        ValueError: what is stored is damaged.
    """

    __slots__ = ("_hashes", "_heads", "_number_lengths", "_word_counts")

    def __init__(self, stored: ValueSet) -> None:
        self._hashes = unpack(stored.hashes)
        self._heads = unpack(stored.heads)
        self._word_counts = stored.word_counts
        self._number_lengths = frozenset(stored.number_lengths)

    def find(self, words: Words, keyed: Keyed, checkpoint: Callable[[], None]) -> list[tuple[int, int, str]]:
        """`(first word, word behind the last, canonical value)` of the values in a folded text: the longest of those that overlap.

        Raises:
            DeadlineExceededError: passed on from `checkpoint`.
        """
        waiting: dict[str, list[tuple[int, int]]] = {}
        found: list[tuple[int, int, str]] = []
        for first, last in (*self._phrases(words, keyed), *self._numbers(words)):
            waiting.setdefault(_canonical(words.texts[first:last]), []).append((first, last))
            if len(waiting) >= _BATCH:
                checkpoint()
                found += self._looked_up(waiting, keyed)
                waiting.clear()
        found += self._looked_up(waiting, keyed)
        return _longest(found)

    def _phrases(self, words: Words, keyed: Keyed) -> Iterator[tuple[int, int]]:
        if not len(self._heads) or not len(words):
            return
        for first in np.flatnonzero(contained(keyed.words(words.texts), self._heads)).tolist():
            for count in self._word_counts:
                if first + count <= len(words) and not _is_number(words.texts[first : first + count]):
                    yield first, first + count

    def _numbers(self, words: Words) -> Iterator[tuple[int, int]]:
        if not self._number_lengths:
            return
        longest = max(self._number_lengths)
        numeric = [not word.isalpha() for word in words.texts]
        starts, ends = words.starts.tolist(), words.ends.tolist()
        for first in [at for at, is_numeric in enumerate(numeric) if is_numeric]:
            length = 0
            for last in range(first, min(first + _GROUPS_MAX, len(words))):
                if not numeric[last] or (last > first and starts[last] - ends[last - 1] > _GAP_MAX):
                    break
                length += ends[last] - starts[last]
                if length > longest:
                    break
                if length in self._number_lengths:
                    yield first, last + 1

    def _looked_up(self, waiting: dict[str, list[tuple[int, int]]], keyed: Keyed) -> list[tuple[int, int, str]]:
        if not waiting:
            return []
        hits = contained(keyed.values(waiting), self._hashes).tolist()
        return [
            (first, last, value)
            for (value, ranges), hit in zip(waiting.items(), hits, strict=True)
            if hit
            for first, last in ranges
        ]


def _longest(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    reach = -1
    for first, last, value in sorted(found, key=lambda each: (each[0], -each[1])):
        if first >= reach:
            kept.append((first, last, value))
            reach = last
    return kept

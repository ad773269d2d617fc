"""A tenant's own data profile, compiled: from one view of a text to the matches of its patterns."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scangate.detectors.sensitive_data.own.definition import (
    DataProfileDocument,
    ExactDataPattern,
    ExpressionPattern,
    FingerprintPattern,
    KeywordPattern,
)
from scangate.detectors.sensitive_data.own.exact_data import ValueFinder, ValueSet
from scangate.detectors.sensitive_data.own.expressions import Expression, ExpressionSet
from scangate.detectors.sensitive_data.own.fingerprints import DocumentFinder, Fingerprint, shingles
from scangate.detectors.sensitive_data.own.keyed import Keyed
from scangate.detectors.sensitive_data.own.words import Words, normalised, words_of
from scangate.domain.taxonomy import Confidence
from scangate.matching.literals import KeywordFinder, Occurrences
from scangate.matching.patterns import EncodedText

Checkpoint = Callable[[], None]
HIGH_OVERLAP: Final = 0.5
MEDIUM_OVERLAP: Final = 0.25
KEYWORD_MATCHES_MAX: Final = 10_000
_STEM_REST: Final = 64


@dataclass(frozen=True, slots=True)
class Imported:
    """What was imported for the patterns of a profile, by their names; documents have names of their own."""

    key: bytes
    values: Mapping[str, ValueSet] = field(default_factory=dict)
    documents: Mapping[str, Mapping[str, Fingerprint]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnMatch:
    """`start` and `end` are code points of the view. `value`: equal ones are one value for counts of unique values. `settled`: sure
    whatever the text was made readable from."""

    pattern: str
    start: int
    end: int
    confidence: Confidence
    score: float
    value: str
    settled: bool


class AllowedValues:
    """An allow-list, compiled."""

    __slots__ = ("_expressions", "_values")

    def __init__(self, values: Sequence[str], expressions: Sequence[str]) -> None:
        self._values = frozenset(comparable(value) for value in values)
        self._expressions = [Expression(text) for text in expressions]

    def __contains__(self, value: str) -> bool:
        if not self._values and not self._expressions:
            return False
        return comparable(value) in self._values or any(expression.covers(value) for expression in self._expressions)


def comparable(value: str) -> str:
    """A value without case and punctuation; one of punctuation only is itself."""
    folded = normalised(value)
    return "".join(char for char in folded if char.isalnum()) or folded


@dataclass(frozen=True, slots=True)
class _Near:
    """The words that make a pattern's matches sure."""

    ids: frozenset[int]
    distance: int


class OwnDataProfile:
    """Immutable; safe to call from several threads.

    Raises:
        ValueError: what was imported is damaged.
    """

    __slots__ = (
        "_documents",
        "_expressions",
        "_finder",
        "_key",
        "_keywords",
        "_near",
        "_owners",
        "_values",
        "allowed",
        "data_profile_id",
        "document",
        "revision",
    )

    def __init__(self, document: DataProfileDocument, imported: Imported, *, data_profile_id: str, revision: int) -> None:
        self.document = document
        self.data_profile_id = data_profile_id
        self.revision = revision
        self.allowed = AllowedValues(document.allow_list.values, document.allow_list.regexes)
        self._key = imported.key
        self._expressions = ExpressionSet(list(document.expressions()))
        self._owners = [
            (pattern, each.weight)
            for pattern in document.patterns
            if isinstance(pattern, ExpressionPattern)
            for each in pattern.regexes
        ]
        keywords = [pattern for pattern in document.patterns if isinstance(pattern, KeywordPattern)]
        near = [pattern for pattern in document.patterns if not isinstance(pattern, FingerprintPattern)]
        self._finder = KeywordFinder(
            [word for pattern in keywords for word in pattern.keywords]
            + [word for pattern in near for word in pattern.proximity_keywords]
        )
        self._keywords = [(pattern, self._finder.ids(pattern.keywords)) for pattern in keywords]
        self._near = {
            pattern.name: _Near(self._finder.ids(pattern.proximity_keywords), pattern.proximity_distance)
            for pattern in near
            if pattern.proximity_keywords
        }
        self._values = [
            (pattern, ValueFinder(imported.values[pattern.name]))
            for pattern in document.patterns
            if isinstance(pattern, ExactDataPattern) and pattern.name in imported.values
        ]
        self._documents = [
            (pattern, {name: DocumentFinder(stored) for name, stored in imported.documents.get(pattern.name, {}).items()})
            for pattern in document.patterns
            if isinstance(pattern, FingerprintPattern)
        ]

    def find(self, text: str, checkpoint: Checkpoint, *, expressions: bool, words: bool, folded: bool = False) -> list[OwnMatch]:
        """Matches in one view that the allow-list does not excuse. `expressions` asks for those of expressions, which see the text as
        it is, and ignore case where it is `folded`; `words` for those of all others, for which the view must be folded.

        Raises:
            DeadlineExceededError: passed on from `checkpoint`.
        """
        if not words and not (expressions and self._owners):
            return []
        asks = bool(self._finder.words) and (words or any(pattern.name in self._near for pattern, _ in self._owners))
        around = _Surroundings(self._finder.find(_encodable(text)) if asks else None)
        checkpoint()
        found: list[OwnMatch] = []
        if expressions and self._owners:
            matching = self._expressions.folded if folded else self._expressions
            found += self._of_expressions(matching, text, around, checkpoint)
        if words:
            found += self._of_keywords(text, around)
            if self._values or self._documents:
                found += self._of_words(words_of(text), around, checkpoint)
        return [match for match in found if text[match.start : match.end] not in self.allowed]

    def _of_expressions(
        self, expressions: ExpressionSet, text: str, around: _Surroundings, checkpoint: Checkpoint
    ) -> Iterator[OwnMatch]:
        encoded = EncodedText(text)
        places: dict[str, list[tuple[int, int, int, int]]] = defaultdict(list)
        for index, ranges in expressions.find(encoded, checkpoint).items():
            pattern, weight = self._owners[index]
            places[pattern.name] += [(start, end, index, weight) for start, end in ranges]
        for pattern in dict.fromkeys(owner for owner, _ in self._owners):
            for start, end in _weighed(places.get(pattern.name, []), pattern.threshold):
                first, last = encoded.point(start), encoded.point(end)
                yield self._match(pattern.name, first, last, text[first:last].casefold(), around)

    def _of_keywords(self, text: str, around: _Surroundings) -> Iterator[OwnMatch]:
        for pattern, ids in self._keywords:
            places = [place for place in around.places if place[2] in ids]
            if pattern.minimum_keywords > 1:
                places = _crowded(places, pattern.minimum_keywords, pattern.proximity_distance)
            for start, end, index in places[:KEYWORD_MATCHES_MAX]:
                word = self._finder.words[index]
                if word.endswith("*"):
                    end = _word_end(text, end)
                yield self._match(pattern.name, start, end, word, around, settled=True)
            if len(places) > KEYWORD_MATCHES_MAX:
                start = places[KEYWORD_MATCHES_MAX][0]
                yield self._match(pattern.name, start, len(text), "", around, settled=True)

    def _of_words(self, words: Words, around: _Surroundings, checkpoint: Checkpoint) -> Iterator[OwnMatch]:
        keyed = Keyed(self._key)
        for pattern, values in self._values:
            checkpoint()
            for first, last, value in values.find(words, keyed, checkpoint):
                start, end = int(words.starts[first]), int(words.ends[last - 1])
                yield self._match(pattern.name, start, end, value, around, settled=True)
        if not any(documents for _, documents in self._documents):
            return
        hashes = shingles(words, keyed)
        for fingerprints, documents in self._documents:
            for name, finder in documents.items():
                checkpoint()
                overlap = finder.overlap(hashes, len(words))
                if overlap is None or overlap.share < fingerprints.minimum_overlap:
                    continue
                confidence = _of_share(overlap.share)
                for first, last in overlap.runs:
                    start, end = int(words.starts[first]), int(words.ends[last - 1])
                    yield OwnMatch(fingerprints.name, start, end, confidence, overlap.share, name, settled=True)

    def _match(self, name: str, start: int, end: int, value: str, around: _Surroundings, *, settled: bool = False) -> OwnMatch:
        near = self._near.get(name)
        if near is None:
            return OwnMatch(name, start, end, Confidence.HIGH, 0.95, value, settled)
        if around.has(near.ids, start, end, near.distance):
            return OwnMatch(name, start, end, Confidence.HIGH, 0.95, value, settled=True)
        return OwnMatch(name, start, end, Confidence.LOW, 0.3, value, settled=False)


def _encodable(text: str) -> str:
    """JSON allows lone surrogates, which no keyword has and the finder does not take."""
    try:
        text.encode()
    except UnicodeEncodeError:
        pass
    else:
        return text
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _word_end(text: str, end: int) -> int:
    """Where the word goes on to of which a stem was found."""
    limit = min(len(text), end + _STEM_REST)
    while end < limit and text[end].isalnum():
        end += 1
    return end


class _Surroundings:
    """The keywords of one view, by place."""

    __slots__ = ("_by_ids", "places")

    def __init__(self, occurrences: Occurrences | None) -> None:
        self.places: list[tuple[int, int, int]] = []
        """`(start, end, id)` by start."""
        if occurrences is not None:
            columns = (occurrences.starts.tolist(), occurrences.ends.tolist(), occurrences.ids.tolist())
            self.places = list(zip(*columns, strict=True))
        self._by_ids: dict[frozenset[int], list[tuple[int, int]]] = {}

    def has(self, ids: frozenset[int], start: int, end: int, distance: int) -> bool:
        """Whether one of these keywords stands within so many characters before or behind, and does not overlap."""
        places = self._by_ids.get(ids)
        if places is None:
            places = self._by_ids[ids] = [(first, last) for first, last, index in self.places if index in ids]
        at = bisect_left(places, (end, 0))
        if at < len(places) and places[at][0] <= end + distance:
            return True
        # keywords of different lengths: the nearest start before is not always the nearest end, but few overlap each other
        for first, last in reversed(places[max(0, at - 8) : at]):
            if last <= start:
                return last >= start - distance
            if first < start - distance:
                return False
        return False


def _weighed(places: list[tuple[int, int, int, int]], threshold: int) -> Iterator[tuple[int, int]]:
    """Runs of `(start, end, expression, weight)` that overlap, where the weights of their expressions reach the threshold: each run's
    stretch of positive ones."""
    run: list[tuple[int, int, int, int]] = []
    reach = -1
    for place in [*sorted(places), (1 << 62, 1 << 62, -1, 0)]:
        if run and place[0] >= reach:
            weights = {index: weight for _, _, index, weight in run}
            positive = [(start, end) for start, end, _, weight in run if weight > 0]
            if positive and sum(weights.values()) >= threshold:
                yield min(start for start, _ in positive), max(end for _, end in positive)
            run, reach = [], -1
        run.append(place)
        reach = max(reach, place[1])


def _crowded(places: list[tuple[int, int, int]], minimum: int, distance: int) -> list[tuple[int, int, int]]:
    """Those that have `minimum` different keywords, themselves included, in one stretch of `distance` characters."""
    counts: dict[int, int] = defaultdict(int)
    different = low = kept_to = 0
    kept: list[tuple[int, int, int]] = []
    for high, place in enumerate(places):
        counts[place[2]] += 1
        different += counts[place[2]] == 1
        while place[1] - places[low][0] > distance:
            counts[places[low][2]] -= 1
            different -= counts[places[low][2]] == 0
            low += 1
        if different >= minimum:
            kept += places[max(low, kept_to) : high + 1]
            kept_to = high + 1
    return kept


def _of_share(share: float) -> Confidence:
    if share >= HIGH_OVERLAP:
        return Confidence.HIGH
    return Confidence.MEDIUM if share >= MEDIUM_OVERLAP else Confidence.LOW

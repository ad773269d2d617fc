"""Sentences of a text in nine languages: prose, lists, tables, dialogue. Linear, by character classes; no model.

What ends a sentence: the full stops of all scripts before a gap, `?` and `!`, an empty line, a list item, a table row. What does not:
a point inside a number, after an abbreviation or an initial, inside brackets of an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import re2

from scangate.detectors.contextual_grounding.lexicon import read_lexicon
from scangate.domain.content import Span

LONGEST: Final = 600
"""Code points after which a run without any full stop is cut at a gap, so that nothing downstream meets an endless sentence."""

_WIDE_ENDS: Final = "。！？｡"
_ENDS: Final = ".!?…؟"
_CLOSERS: Final = "\"'”’»)]}」』）】›*_"
_WIDE_CLOSERS: Final = "」』）"
_FIRST_WIDE: Final = 0x2E80
_OPENERS: Final = "\"'“‘«([{「『（【‹-–—•*#>¿¡„"
_MARK: Final = re2.compile(r"[.!?…؟。！？｡]")
_BULLETS: Final = "-*•·–—▪◦‣●○■"
_SEMICOLONS: Final = ";；"


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(read_lexicon("abbreviations.yaml")["abbreviations"])


def sentences(text: str) -> list[Span]:
    """Spans of the sentences, without white space at the ends, in order; they do not overlap. Empty ones are left out."""
    return [span for line in _lines(text) for span in _in_line(text, line)]


def paragraphs(text: str) -> list[Span]:
    """Spans of the lines that are not blank."""
    return list(_lines(text))


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.splitlines(keepends=True):
        span = trimmed(text, start, start + len(line))
        if span is not None:
            yield span
        start += len(line)


def trimmed(text: str, start: int, end: int) -> Span | None:
    """Without white space at the ends; None where nothing is left."""
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    kept = part.strip()
    return Span(start + left, start + left + len(kept)) if kept else None


def _in_line(text: str, line: Span) -> Iterator[Span]:
    start = line.start
    for mark in _MARK.finditer(text[line.start : line.end]):
        at = line.start + mark.start()
        while at - start > LONGEST:
            cut = _gap(text, start)
            yield from _present(text, start, cut)
            start = cut
        if at < start or not (text[at] in _WIDE_ENDS or _is_end(text, at, start, line.end)):
            continue
        at += 1
        while at < line.end and (text[at] in _ENDS or text[at] in _WIDE_ENDS or text[at] in _CLOSERS):
            at += 1
        if at < line.end and text[at - 1] in _WIDE_CLOSERS and ord(text[at]) >= _FIRST_WIDE:
            continue  # 「行こう。」と言った
        yield from _present(text, start, at)
        start = at
    while line.end - start > LONGEST:
        cut = _gap(text, start)
        yield from _present(text, start, cut)
        start = cut
    yield from _present(text, start, line.end)


def _gap(text: str, start: int) -> int:
    """Where a run without any full stop is cut."""
    gap = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
    return gap if gap > start else start + LONGEST


def _present(text: str, start: int, end: int) -> Iterator[Span]:
    span = trimmed(text, start, end)
    if span is not None:
        yield span


def _is_end(text: str, at: int, start: int, end: int) -> bool:
    after = at + 1
    while after < end and (text[after] in _ENDS or text[after] in _CLOSERS):
        after += 1
    if after >= end:
        return True
    if not text[after].isspace():
        # no gap: a number, an address, a file's name; or Chinese and Japanese with Western marks
        return text[at] in "!?" and ord(text[after]) >= _FIRST_WIDE
    if text[at] != ".":
        return True
    return not (_is_abbreviation(text, at, start) or _goes_on(text, after, end))


def _goes_on(text: str, at: int, end: int) -> bool:
    """Whether what follows the gap starts in lower case: the point stood after an abbreviation."""
    while at < end and (text[at].isspace() or text[at] in _OPENERS):
        at += 1
    return at < end and text[at].islower()


def _is_abbreviation(text: str, at: int, start: int) -> bool:
    first = at
    while first > start and at - first < 12 and not text[first - 1].isspace() and text[first - 1] not in _OPENERS:
        first -= 1
    word = text[first:at].casefold()
    if word in _abbreviations():
        return True
    if len(word) == 1 and word.isalpha():
        return True  # an initial
    if word.isdigit():
        # `3. März`, `1. Open the box`; a year or an amount at the end of a sentence is longer
        return len(word) <= 2 and (first == start or _month_follows(text, at + 1))
    return "." in word and all(len(piece) <= 2 for piece in word.split("."))


_MONTHS: Final = (
    "jan",
    "feb",
    "mär",
    "apr",
    "mai",
    "jun",
    "jul",
    "aug",
    "sep",
    "okt",
    "nov",
    "dez",
    "quart",
    "jahrhundert",
    "platz",
)


def _month_follows(text: str, at: int) -> bool:
    return text[at : at + 16].strip().casefold().startswith(_MONTHS)


def without_marker(text: str) -> str:
    """A line without its bullet, number or heading marks: `- two`, `1) two`, `## two` are all `two`."""
    stripped = text.lstrip(_BULLETS + "#> \t")
    digits = 0
    while digits < min(len(stripped), 3) and stripped[digits].isdigit():
        digits += 1
    if digits and stripped[digits : digits + 1] in (".", ")", "、", "）") and stripped[digits + 1 : digits + 2] in (" ", "\t"):
        stripped = stripped[digits + 1 :]
    return stripped.strip()


def clauses(sentence: str) -> list[str]:
    """A sentence's parts at semicolons, where each of them has some length; the sentence itself else."""
    parts = [""]
    for char in sentence:
        if char in _SEMICOLONS:
            parts.append("")
        else:
            parts[-1] += char
    stripped = [part.strip() for part in parts if part.strip()]
    return stripped if len(stripped) > 1 and all(len(part) >= 12 for part in stripped) else [sentence]


def comma_parts(sentence: str) -> list[str]:
    """The sentence, and where it has commas or semicolons what stands between them too."""
    marked = "".join("\n" if _is_comma(sentence, at) else char for at, char in enumerate(sentence))
    parts = [part.strip() for part in marked.split("\n")]
    return [sentence, *(part for part in parts if part)] if len(parts) > 1 else [sentence]


def _is_comma(text: str, at: int) -> bool:
    return text[at] in "、，；;" or (text[at] == "," and text[at + 1 : at + 2] == " ")

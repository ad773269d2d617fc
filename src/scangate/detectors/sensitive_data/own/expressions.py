"""Regular expressions that a tenant wrote: checked before they are stored, and matched in bounded steps.

Only google-re2 sees them, so no expression can take more than time linear in the text; what is bounded here is the factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import re2

from scangate.matching.patterns import EncodedText

EXPRESSION_MAX: Final = 1000
"""Characters of one expression."""
PROGRAM_MAX: Final = 5000
"""Instructions that one expression compiles to. `[0-9]{10}` has about 13, one `\\pL` about 1,200."""
PROGRAMS_MAX: Final = 25_000
"""Instructions of all expressions of a data profile together."""
MATCH_MAX: Final = 1024
"""Bytes of a match. Longer ones are cut there, so that a text may be read piece by piece."""
MATCHES_MAX: Final = 10_000
"""Matches of one expression in one view that are told apart; one more covers whatever stands behind them."""
_PIECE: Final = 1 << 16
_MEMORY_BYTES: Final = 8 << 20
_SET_MEMORY_BYTES: Final = 64 << 20
_PROBES: Final = (b"", b"a", b"0", b" ", b"-", b"\n", b"a0 _-a.\n aa 00", "é 漢".encode())


def _options(*, case_sensitive: bool, memory_bytes: int = _MEMORY_BYTES) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = case_sensitive
    options.max_mem = memory_bytes
    return options


class Expression:
    """One expression that compiles.

    Raises:
        ValueError: it does not parse (with the position), is too large, or matches the empty string.
    """

    __slots__ = ("case_sensitive", "pattern", "size", "text")

    def __init__(self, text: str, *, case_sensitive: bool = True, is_checked: bool = False) -> None:
        """`is_checked`: it was stored, so that it is within the limits in the case that it was written for."""
        if not text or len(text) > EXPRESSION_MAX:
            raise ValueError(f"an expression has 1 to {EXPRESSION_MAX} characters, not {len(text)}")
        self.text = text
        self.case_sensitive = case_sensitive
        self.pattern = _compile(text, case_sensitive)
        self.size = max(self.pattern.programsize, self.pattern.reverseprogramsize)
        if is_checked:
            return
        if self.size > PROGRAM_MAX:
            raise ValueError(
                f"the expression is too large: it compiles to {self.size} instructions, at most {PROGRAM_MAX} may be"
            )
        for probe in _PROBES:
            if any(match.start() == match.end() for match in self.pattern.finditer(probe)):
                raise ValueError("the expression matches the empty string, so it would match everywhere")

    def found(self, text: EncodedText, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Byte ranges of matches that begin from `low` on and before `high`, from left to right, empty ones left out."""
        for match in self.pattern.finditer(text.data, low, min(len(text.data), high + MATCH_MAX)):
            start, end = match.span()
            if start >= high:
                return
            if end > start:
                yield start, end

    def covers(self, value: str) -> bool:
        """Whether the whole of a value matches."""
        return self.pattern.fullmatch(value.encode("utf-8", "surrogatepass")) is not None


def _compile(text: str, case_sensitive: bool) -> re2._Regexp:
    try:
        return re2.compile(text.encode(), options=_options(case_sensitive=case_sensitive))
    except UnicodeEncodeError:
        raise ValueError("the expression is no text in Unicode") from None
    except re2.error as error:
        reason = _reason(error)
        if "too large" in reason:
            raise ValueError("the expression is too large to be compiled") from None
        raise ValueError(
            f"the expression does not parse at position {_position(text, reason, case_sensitive)}: {reason}"
        ) from None


def _reason(error: re2.error) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def _position(text: str, reason: str, case_sensitive: bool) -> int:
    """Where an expression stops to make sense, counted in characters from 0. re2 says only what it read there."""
    kind, _, fragment = reason.partition(": ")
    if kind in ("missing )", "unexpected )"):
        return _unbalanced(text)
    if kind == "missing ]":
        return max(0, len(text) - len(fragment))
    if kind.startswith("trailing"):
        return len(text) - 1
    for length in range(1, len(text) + 1):  # re2 reads from left to right: the shortest beginning with that fault ends behind it
        try:
            re2.compile(text[:length].encode(), options=_options(case_sensitive=case_sensitive))
        except re2.error as error:
            if _reason(error) == reason:
                return max(0, length - len(fragment))
    return 0


def _unbalanced(text: str) -> int:
    """The bracket that has no partner: the last one that was opened, or the first one that closes nothing."""
    opened: list[int] = []
    in_class = escaped = False
    for place, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif in_class:
            in_class = char != "]" or text[place - 1] == "["
        elif char == "[":
            in_class = True
        elif char == "(":
            opened.append(place)
        elif char == ")":
            if not opened:
                return place
            opened.pop()
    return opened[-1] if opened else 0


class ExpressionSet:
    """All expressions of a data profile behind one prefilter; immutable.

    Raises:
        ValueError: together they are too large.
    """

    __slots__ = ("_expressions", "_folded", "_sets")

    def __init__(self, expressions: Sequence[Expression], *, is_checked: bool = False) -> None:
        self._expressions = tuple(expressions)
        self._folded: ExpressionSet | None = None
        total = sum(expression.size for expression in expressions)
        if total > PROGRAMS_MAX and not is_checked:
            raise ValueError(
                f"the expressions are too large together: they compile to {total} instructions, at most {PROGRAMS_MAX} may be"
            )
        self._sets: list[tuple[re2.Set, list[int]]] = []
        for case_sensitive in (True, False):
            indices = [at for at, each in enumerate(expressions) if each.case_sensitive is case_sensitive]
            if indices:
                self._sets.append((_union([expressions[at].text for at in indices], case_sensitive), indices))

    @property
    def folded(self) -> ExpressionSet:
        """The same for folded text, in which all letters are lower case: compiled when the first such text comes, which most never do. Two
        threads may both compile it, to the same effect."""
        if self._folded is None:
            expressions = [Expression(each.text, case_sensitive=False, is_checked=True) for each in self._expressions]
            self._folded = ExpressionSet(expressions, is_checked=True)
        return self._folded

    def find(self, text: EncodedText, checkpoint: Callable[[], None]) -> dict[int, list[tuple[int, int]]]:
        """Index of an expression to its matches, as byte ranges from left to right; those without a match are left out.

        Raises:
            DeadlineExceededError: passed on from `checkpoint`.
        """
        found: dict[int, list[tuple[int, int]]] = {}
        after: dict[int, int] = {}
        for low in range(0, len(text.data), _PIECE):
            checkpoint()
            high = low + _PIECE
            # a character more on either side, so that word boundaries at the edges are those of the text
            piece = text.data[max(0, low - 4) : high + MATCH_MAX + 4]
            for union, indices in self._sets:
                for hit in union.Match(piece) or ():
                    self._add(indices[hit], text, low, high, found, after)
        return found

    def _add(
        self,
        index: int,
        text: EncodedText,
        low: int,
        high: int,
        found: dict[int, list[tuple[int, int]]],
        after: dict[int, int],
    ) -> None:
        ranges = found.setdefault(index, [])
        if len(ranges) > MATCHES_MAX:
            return
        for start, end in self._expressions[index].found(text, max(low, after.get(index, 0)), high):
            if len(ranges) == MATCHES_MAX:
                ranges.append((start, len(text.data)))
                return
            ranges.append((start, end))
            after[index] = end
        if not ranges:
            del found[index]


def _union(texts: Sequence[str], case_sensitive: bool) -> re2.Set:
    union = re2.Set.SearchSet(_options(case_sensitive=case_sensitive, memory_bytes=_SET_MEMORY_BYTES))
    for text in texts:
        union.Add(text)
    union.Compile()
    return union

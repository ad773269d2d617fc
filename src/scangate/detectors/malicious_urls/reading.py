"""What is known of one text while its views are read: which URLs were seen where, and how many more may be looked up."""

from __future__ import annotations

from bisect import bisect_right, insort

from scangate.detectors.malicious_urls.findings import UrlFinding
from scangate.domain.content import Span
from scangate.matching.urls import UrlMatch


class Reading:
    """Mutable, of one call."""

    __slots__ = ("_keys", "_raw_spans", "beyond_limit", "findings", "remaining", "weak_findings")

    def __init__(self, limit: int) -> None:
        self.findings: list[UrlFinding] = []
        self.remaining = limit
        self.beyond_limit = 0
        self.weak_findings = 0
        self._keys: set[tuple[str, int | None, str]] = set()
        self._raw_spans: list[Span] = []

    def take(self, match: UrlMatch, span: Span, is_raw: bool) -> bool:
        """Whether the URL is new and within the limit."""
        if not self._is_new(match, span, is_raw):
            return False
        if not self.remaining:
            self.beyond_limit += 1
            return False
        self.remaining -= 1
        self._note(match, span, is_raw)
        return True

    def take_weak(self, match: UrlMatch, span: Span, is_raw: bool) -> bool:
        """The same for a weak candidate that turned out to be one; the limit does not count it."""
        if not self._is_new(match, span, is_raw):
            return False
        self.weak_findings += 1
        self._note(match, span, is_raw)
        return True

    def _is_new(self, match: UrlMatch, span: Span, is_raw: bool) -> bool:
        """Where the raw text shows a URL already, other readings of the same place add none."""
        return _key(match) not in self._keys and (is_raw or not self._is_covered(span))

    def _note(self, match: UrlMatch, span: Span, is_raw: bool) -> None:
        self._keys.add(_key(match))
        if is_raw:
            insort(self._raw_spans, span)

    def _is_covered(self, span: Span) -> bool:
        following = bisect_right(self._raw_spans, span)
        neighbours = self._raw_spans[max(0, following - 1) : following + 1]
        return any(neighbour.overlaps(span) for neighbour in neighbours)


def _key(match: UrlMatch) -> tuple[str, int | None, str]:
    return match.host.text, match.port, match.path

"""Numbers of orders, tickets and parts; numbers in URLs and versions."""

from __future__ import annotations

from typing import Final

from scangate.detectors.sensitive_data.candidate import Candidate, Effect

_VERSION_WORDS: Final = frozenset(
    {"version", "ver", "ver.", "v", "release", "build", "firmware", "sdk", "driver", "версия", "versión", "versione"}
)
_VERSION_MARKS: Final = ("version", "_version", "版本", "バージョン")


def other_number(candidate: Candidate) -> Effect:
    """Directly behind a word such as order, ticket or SKU, and no word of the rule's own stands nearer."""
    if candidate.other is None:
        return Effect.KEEP
    keyword = candidate.keyword
    if keyword is not None and candidate.other.end <= keyword.end <= candidate.start:
        return Effect.KEEP
    return Effect.LOWER


def in_url(candidate: Candidate) -> Effect:
    """Part of the path of a URL or file: an item's number, not a person's."""
    head = candidate.before(200)
    token = head[max(head.rfind(char) for char in " \t\n\"'<>(") + 1 :]
    if "://" in token and "@" not in token and candidate.keyword is None:
        return Effect.LOWER
    return Effect.DROP if token.endswith("/") and candidate.after(1) == "/" else Effect.KEEP


def version_number(candidate: Candidate) -> Effect:
    """`v1.2.3.4`, `version 10.0.19041.1`, `==1.2.3.4`."""
    head = candidate.before(16).lower().rstrip(" :=\"'(")
    if (
        head.endswith(_VERSION_MARKS)
        or head.rpartition(" ")[2] in _VERSION_WORDS
        or candidate.before(2) in ("==", ">=", "<=", "~=", "~>")
    ):
        return Effect.DROP
    if candidate.before(1) in ("v", "/") and candidate.before(3)[-3:] != "://":
        return Effect.DROP if candidate.before(1) == "v" or candidate.before(2)[:1].isalpha() else Effect.KEEP
    return Effect.KEEP

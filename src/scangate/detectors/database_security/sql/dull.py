"""The quick no: "select the model from the list" and "delete from the folder" are refused by a few words, before place and grammar are looked at."""

from __future__ import annotations

from typing import Final

from scangate.detectors.database_security.sql.vocabulary import (
    CONDITION_CLAUSES,
    CONNECTIVES,
    FILLERS,
    LIST_CLAUSES,
    NEVER_OPERANDS,
    OPENING,
    SOURCE_CLAUSES,
)

_REACH_BYTES: Final = 96
_ARTICLES: Final = frozenset(b"THE AN YOUR MY OUR HIS HER THEIR ITS THIS THAT THESE THOSE".split())
_PARTICLES: Final = {b"DELETE": b"FROM", b"INSERT": b"INTO", b"MERGE": b"INTO"}
_WITH_KIND: Final = frozenset(b"DROP CREATE ALTER TRUNCATE".split())
_WITH_NAME: Final = frozenset(b"COPY EXEC EXECUTE UPDATE GRANT REVOKE DENY CALL".split())
_OPERATORS: Final = frozenset(
    word.encode()
    for words in (CONDITION_CLAUSES, CONNECTIVES, LIST_CLAUSES, OPENING, SOURCE_CLAUSES, {"SET", "HIGH_PRIORITY", "TOP"})
    for word in words
    if word != "SELECT"
)
_KEYWORDS: Final = _OPERATORS | {word.encode() for word in FILLERS}
_NEVER: Final = frozenset(word.encode() for word in NEVER_OPERANDS - {"SELECT"}) - _KEYWORDS


def is_dull(data: bytes, start: int) -> bool:
    """A candidate at `start` that the grammar is bound to refuse: an article, or behind SELECT three bare words in a row.

    No table is called "the"; in a select list a name has an alias of one word at most, and no SELECT follows two names.
    """
    words = data[start : start + _REACH_BYTES].upper().split(None, 4)
    if len(words) < 4:
        return False
    if words[0] == b"SELECT":
        return _is_dull_list(words)
    return _has_article(words)


def _is_dull_list(words: list[bytes]) -> bool:
    _, first, second, third = words[:4]
    if not first.isalpha():
        return False
    if first in _NEVER and second[:1].isalpha():
        return True
    if len(words) < 5 or not second.isalpha() or not third.isalpha():
        return False
    return (_OPERATORS if third == b"SELECT" else _KEYWORDS).isdisjoint((first, second, third))


def _has_article(words: list[bytes]) -> bool:
    """ "the" where the name of an object stands, and a word behind it (not a dot)."""
    verb, first, second, third = words[:4]
    if first in _ARTICLES:
        return verb in _WITH_NAME and second[:1].isalpha()
    if second not in _ARTICLES or not third[:1].isalpha():
        return False
    return (verb in _WITH_KIND and first.isalpha()) or _PARTICLES.get(verb) == first

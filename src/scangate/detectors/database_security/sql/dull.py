"""The quick no: "select the model from the list" is refused by three words, before place and grammar are looked at."""

from __future__ import annotations

from typing import Final

from scangate.detectors.database_security.patterns import pattern
from scangate.detectors.database_security.sql.vocabulary import (
    CONDITION_CLAUSES,
    CONNECTIVES,
    FILLERS,
    LIST_CLAUSES,
    NEVER_OPERANDS,
    OPENING,
    SOURCE_CLAUSES,
)

_THREE_WORDS: Final = rb"select[ \t\n]+([a-z]+)[ \t\n]+([a-z_]\w*)[ \t\n]+([a-z_]\w*)[ \t\n]"
_ARTICLE: Final = rb"select[ \t\n]+([a-z]+)[ \t\n]+[a-z]"
_OPERATORS: Final = frozenset(
    word.encode()
    for words in (CONDITION_CLAUSES, CONNECTIVES, LIST_CLAUSES, OPENING, SOURCE_CLAUSES, {"SET", "HIGH_PRIORITY", "TOP"})
    for word in words
    if word != "SELECT"
)
_KEYWORDS: Final = _OPERATORS | {word.encode() for word in FILLERS}
_NEVER: Final = frozenset(word.encode() for word in NEVER_OPERANDS) - _KEYWORDS


def is_dull(data: bytes, start: int) -> bool:
    """A SELECT at `start` that the grammar is bound to refuse: three bare words in a row, or an article behind it.

    In a select list a name has an alias of one word at most, no column is called "the", and no SELECT follows two names.
    """
    match = pattern(_THREE_WORDS).match(data, start)
    if match is not None:
        words = [word.upper() for word in match.groups()]
        return words[0] in _NEVER or (_OPERATORS if words[2] == b"SELECT" else _KEYWORDS).isdisjoint(words)
    match = pattern(_ARTICLE).match(data, start)
    return match is not None and match.group(1).upper() in _NEVER

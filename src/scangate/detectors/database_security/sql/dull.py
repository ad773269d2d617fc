"""The quick no: "select the model from the list" and "delete from the folder" are refused by a few words, before place and grammar are looked at."""

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
_VERB_AND_ARTICLE: Final = (
    rb"(?:delete[ \t\n]+from|insert[ \t\n]+into|merge[ \t\n]+into|(?:drop|create|alter|truncate)(?:[ \t\n]+[a-z]+)?|copy|exec(?:ute)?|update|"
    rb"grant|revoke|deny|call)[ \t\n]+(?:the|an|your|my|our|his|her|their|its|this|that|these|those)[ \t\n]+[a-z]"
)
_ARTICLE: Final = rb"select[ \t\n]+([a-z]+)[ \t\n]+[a-z]"
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
    match = pattern(_THREE_WORDS).match(data, start)
    if match is not None:
        words = [word.upper() for word in match.groups()]
        return words[0] in _NEVER or (_OPERATORS if words[2] == b"SELECT" else _KEYWORDS).isdisjoint(words)
    match = pattern(_ARTICLE).match(data, start)
    if match is not None:
        return match.group(1).upper() in _NEVER
    return pattern(_VERB_AND_ARTICLE).match(data, start) is not None

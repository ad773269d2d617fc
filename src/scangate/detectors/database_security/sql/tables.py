"""The tables and other objects that a statement names, as it writes them, without their quotes."""

from __future__ import annotations

from typing import Final

from scangate.detectors.database_security.sql.grammar import name_end
from scangate.detectors.database_security.sql.lexer import Kind, Lexer
from scangate.detectors.database_security.sql.shape import Shape

MAX_TABLES: Final = 20
_MAX_NAME: Final = 200
_BEFORE_A_TABLE: Final = frozenset(("FROM", "JOIN", "INTO", "UPDATE", "USING", "TABLE", "APPLY"))
_NO_TABLE: Final = frozenset(
    (
        "SELECT",
        "SET",
        "OUTFILE",
        "DUMPFILE",
        "LATERAL",
        "UNNEST",
        "VALUES",
        "PROGRAM",
        "ALL",
        "SCHEMA",
        "DATABASE",
        "STDIN",
        "STDOUT",
        "TTL",
        "TIMESTAMP",
    )
)
_OF_RIGHTS: Final = frozenset(("sql.grant", "sql.revoke", "sql.deny"))
_QUOTES: Final = '"`[]'


def tables_of(lexer: Lexer, shape: Shape) -> tuple[str, ...]:
    """In the order of their first mention, at most `MAX_TABLES`; without the names that a WITH clause introduces."""
    found: dict[str, str] = {}
    if shape.rule in _OF_RIGHTS:
        on = next((index for index in range(shape.end) if lexer.peek(index).word == "ON"), shape.end)
        _list(lexer, on + 1, shape.end, found)
        return tuple(found.values())
    if shape.target and shape.rule != "sql.execute":
        _add(found, shape.target)
    introduced = _introduced(lexer, shape.end)
    index = 0
    while index < shape.end and len(found) < MAX_TABLES:
        if lexer.peek(index).word in _BEFORE_A_TABLE and not _is_argument(lexer, index):
            index = _list(lexer, index + 1, shape.end, found)
        else:
            index += 1
    written = {name.upper(): name for name in _spellings(lexer, shape.end)}
    return tuple(written.get(key, name) for key, name in found.items() if key not in introduced)[:MAX_TABLES]


def _list(lexer: Lexer, index: int, end: int, found: dict[str, str]) -> int:
    """Names from `index` on, separated by commas, each with an alias of one word at most; the index behind them."""
    while index < end and len(found) < MAX_TABLES:
        while lexer.peek(index).word in ("ONLY", "TABLE", "IF", "NOT", "EXISTS"):
            index += 1
        behind = name_end(lexer, index)
        if behind == index or lexer.peek(index).word in _NO_TABLE or lexer.peek(index).kind is Kind.PARAMETER:
            return max(index, behind)
        following = lexer.peek(behind)
        is_call = following.word == "(" and following.glued and lexer.peek(index - 1).word not in ("INTO", "TABLE", "EXISTS")
        if not is_call:
            _add(found, "".join(lexer.text(lexer.peek(at)) for at in range(index, behind)))
        if lexer.peek(behind).word == "AS":
            behind += 1
        if lexer.peek(behind).kind is Kind.WORD and lexer.peek(behind + 1).word == ",":
            behind += 1
        if lexer.peek(behind).word != ",":
            return behind
        index = behind + 1
    return index


def _is_argument(lexer: Lexer, index: int) -> bool:
    """FROM inside a function: `EXTRACT(year FROM d)`, `TRIM('x' FROM a)`."""
    if lexer.peek(index).word not in ("FROM", "USING"):
        return False
    depth = 0
    for at in range(index - 1, max(-1, index - 12), -1):
        word = lexer.peek(at).word
        if word == "SELECT" and depth == 0:
            return False
        depth += (word == ")") - (word == "(")
        if depth < 0:
            return lexer.peek(at).glued and lexer.peek(at - 1).kind is Kind.WORD
    return False


def _introduced(lexer: Lexer, end: int) -> frozenset[str]:
    """`a` and `b` of `WITH a AS (…), b AS (…)`."""
    if lexer.peek(0).word != "WITH":
        return frozenset()
    return frozenset(
        lexer.text(lexer.peek(index)).strip(_QUOTES).upper()
        for index in range(end - 2)
        if lexer.peek(index + 1).word == "AS" and lexer.peek(index + 2).word in ("(", "MATERIALIZED", "NOT")
    )


def _spellings(lexer: Lexer, end: int) -> list[str]:
    """Every name as written, since the shape's own is in capitals."""
    spelled = []
    for index in range(end):
        behind = name_end(lexer, index)
        if behind > index:
            spelled.append(_bare("".join(lexer.text(lexer.peek(at)) for at in range(index, behind))))
    return spelled


def _add(found: dict[str, str], name: str) -> None:
    bare = _bare(name)
    if bare:
        found.setdefault(bare.upper(), bare)


def _bare(name: str) -> str:
    text = name[:_MAX_NAME].encode("latin-1", "ignore").decode("utf-8", "ignore")
    return "".join(character for character in text if character not in _QUOTES)

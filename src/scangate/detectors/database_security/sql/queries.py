"""Statements that read: SELECT, WITH, and the UNION that an attack hangs onto another statement."""

from __future__ import annotations

from typing import Final

from scangate.detectors.database_security.sql.grammar import Clause, name_end
from scangate.detectors.database_security.sql.lexer import Kind, TokenSource
from scangate.detectors.database_security.sql.shape import Shape, object_name, statement_shape, statement_walk
from scangate.detectors.database_security.statement import Effect, Operation


def select(lexer: TokenSource) -> Shape | None:
    return _query(lexer, 1, "sql.select")


def _query(lexer: TokenSource, index: int, rule: str) -> Shape | None:
    """A SELECT whose list begins at token `index`."""
    while lexer.peek(index).word in ("DISTINCT", "ALL", "HIGH_PRIORITY", "SQL_NO_CACHE", "STRAIGHT_JOIN"):
        index += 1
    if lexer.peek(index).word == "TOP" and lexer.peek(index + 1).kind in (Kind.NUMBER, Kind.PARAMETER):
        index += 2
    walk = statement_walk(lexer, index, Clause.LIST, is_query=True)
    first = lexer.peek(index).word
    if walk.end <= index or first == "SOME" or (first == "CASE" and "WHEN" not in walk.seen):  # "select some", VB's Select Case
        return None
    has_source = "FROM" in walk.seen and _from_index(lexer, index, walk.end) > 0
    if not has_source and not walk.calls + walk.literals:
        is_sole = rule == "sql.select" and lexer.is_upper(lexer.peek(0)) and not lexer.is_upper(lexer.peek(index))
        return Shape(rule, Operation.READ, Effect.PLAIN, walk.end, 1, 0, is_bare=True) if is_sole else None
    source = _from_index(lexer, index, walk.end) + 1 if has_source else 0
    name = (source, name_end(lexer, source)) if source else (0, 0)
    is_star = lexer.peek(index).word == "*" or (lexer.peek(index + 1).word == "." and lexer.peek(index + 2).word == "*")
    shape = statement_shape(
        lexer, rule, Operation.READ, walk, head=1, solid=int(is_star) + has_source, name=name, effect=Effect.PLAIN
    )
    return _with_target(shape, lexer, index)


def from_first(lexer: TokenSource) -> Shape | None:
    """FROM t |> … of the pipe syntax."""
    behind = name_end(lexer, 1)
    if behind == 1 or lexer.peek(behind).word != "|>":
        return None
    walk = statement_walk(lexer, 1, Clause.SOURCE)
    walk.end = max(walk.end, behind + 1)
    return statement_shape(lexer, "sql.select", Operation.READ, walk, head=1, solid=2, name=(1, behind), effect=Effect.PLAIN)


def pivot(lexer: TokenSource) -> Shape | None:
    """PIVOT and UNPIVOT of DuckDB as statements."""
    behind = name_end(lexer, 1)
    at = behind + 2 if lexer.peek(behind).word == "(" and lexer.peek(behind + 1).word == ")" else behind
    if behind == 1 or lexer.peek(at).word != "ON":
        return None
    walk = statement_walk(lexer, at, Clause.SOURCE)
    if not {"USING", "INTO"} & {lexer.peek(index).word for index in range(at, walk.end)}:
        return None
    return statement_shape(lexer, "sql.pivot", Operation.READ, walk, head=1, solid=1, name=(1, behind), effect=Effect.PLAIN)


def describe(lexer: TokenSource) -> Shape | None:
    """DESCRIBE of a table: in lower case a sentence begins like this as well."""
    index = 1
    while lexer.peek(index).word in (
        "EXTENDED",
        "FORMATTED",
        "TABLE",
        "VIEW",
        "SCHEMA",
        "DATABASE",
        "FUNCTION",
        "DETAIL",
        "HISTORY",
    ):
        index += 1
    behind = name_end(lexer, index)
    if behind == index:
        return None
    if lexer.peek(behind).word == "AS" and lexer.peek(behind + 1).word == "JSON":
        behind += 2
    solid = 0 if lexer.is_upper(lexer.peek(0)) else -1
    return Shape("sql.describe", Operation.READ, Effect.PLAIN, behind, 1, solid, object_name(lexer, index, behind), is_bare=True)


_VARIABLES: Final = ("V_", "L_", "LV_", "LN_", "P_", "STRICT")
"""How PL/SQL variables are named by custom."""


def _with_target(shape: Shape, lexer: TokenSource, index: int) -> Shape:
    """SELECT … INTO writes: a file, or in T-SQL and PL/pgSQL a new table (a variable is no table)."""
    depth = 0
    for at in range(index, shape.end):
        word = lexer.peek(at).word
        depth += (word == "(") - (word == ")")
        if word == "FROM" and not depth:
            break
        if word == "INTO" and not depth and name_end(lexer, at + 1) > at + 1 and lexer.peek(at + 1).kind is not Kind.PARAMETER:
            target = lexer.peek(at + 1).word
            if target in ("OUTFILE", "DUMPFILE") or target.startswith(_VARIABLES) or lexer.peek(at - 1).word == "COLLECT":
                break
            return Shape("sql.select-into", Operation.CREATE, Effect.WRITE, shape.end, shape.head, shape.solid, shape.target)
    return shape


def _from_index(lexer: TokenSource, start: int, end: int) -> int:
    depth = 0
    for index in range(start, end):
        word = lexer.peek(index).word
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
        elif word == "FROM" and not depth:
            following = lexer.peek(index + 1)
            return index if index + 1 < end and (following.kind is not Kind.NUMBER) else -1
    return -1


def union(lexer: TokenSource) -> Shape | None:
    """A UNION without its first SELECT: the classic way into somebody else's statement."""
    index = 1
    while lexer.peek(index).word in ("ALL", "DISTINCT", "("):
        index += 1
    if lexer.peek(index).word != "SELECT":
        return None
    shape = _query(lexer, index + 1, "sql.injection.union")
    if shape is None or shape.solid < 1 or (_only_words(lexer, index + 1, shape.end)):
        return None
    return Shape("sql.injection.union", Operation.READ, Effect.RISKY, shape.end, 2, shape.solid, shape.target, ("union",))


def _only_words(lexer: TokenSource, start: int, end: int) -> bool:
    return all(lexer.peek(index).kind is Kind.WORD for index in range(start, end)) and end - start < 4

"""Statements that change rows: INSERT, UPDATE, DELETE, MERGE, TRUNCATE and their kin."""

from __future__ import annotations

from typing import Final

from scangate.detectors.database_security.sql.grammar import Clause, name_end
from scangate.detectors.database_security.sql.lexer import Kind, TokenSource
from scangate.detectors.database_security.sql.shape import (
    Shape,
    behind_alias,
    behind_names,
    behind_options,
    behind_parentheses,
    behind_partition,
    object_name,
    statement_shape,
    statement_walk,
)
from scangate.detectors.database_security.statement import Effect, Operation

_INSERT_WORDS: Final = frozenset(
    [
        "LOW_PRIORITY",
        "DELAYED",
        "HIGH_PRIORITY",
        "IGNORE",
        "OR",
        "REPLACE",
        "ROLLBACK",
        "ABORT",
        "FAIL",
        "INTO",
        "OVERWRITE",
        "LOCAL",
        "ALL",
        "FIRST",
    ]
)
_INSERT_BODIES: Final = frozenset(
    [
        "VALUES",
        "VALUE",
        "SELECT",
        "WITH",
        "SET",
        "DEFAULT",
        "EXEC",
        "EXECUTE",
        "OUTPUT",
        "OVERRIDING",
        "FORMAT",
        "TABLE",
        "FROM",
        "REPLACE",
        "PARTITION",
        "SETTINGS",
        "JSON",
        "BY",
        "IF",
    ]
)


def insert(lexer: TokenSource) -> Shape | None:
    if lexer.peek(1).word in ("ALL", "FIRST") and lexer.peek(2).word in ("WHEN", "INTO"):
        return _insert_into_several(lexer)
    index, has_into = 1, False
    while (word := lexer.peek(index).word) in _INSERT_WORDS:
        has_into = has_into or word in ("INTO", "OVERWRITE")
        index += 1
    if lexer.peek(index).word in ("TABLE", "FUNCTION") and name_end(lexer, index + 1) > index + 1:
        index += 1
    if lexer.peek(index).word == "DIRECTORY" and lexer.peek(index + 1).kind is Kind.STRING:
        index += 1
        walk = statement_walk(lexer, index, Clause.DEFINITION)
        return statement_shape(lexer, "sql.insert", Operation.CREATE, walk, head=index, solid=2, risks=("file",))
    head = index
    behind = name_end(lexer, index)
    if behind == index or (not has_into and lexer.peek(0).word != "INSERT"):
        return None
    at = behind_partition(lexer, behind_alias(lexer, behind))
    has_columns = False
    if lexer.peek(at).word == "(":
        columns = behind_parentheses(lexer, at)
        has_columns = columns > at
        at = columns
    following = lexer.peek(at).word
    if following == "(" and has_columns:
        following = lexer.peek(at + 1).word
    is_left_open = lexer.peek(at).kind is Kind.END and (lexer.is_cut or (has_columns and lexer.is_open_ended))
    if following not in _INSERT_BODIES and not is_left_open:
        return _insert_select(lexer, behind, head, has_columns)
    walk = statement_walk(lexer, at, Clause.LIST)
    end = max(walk.end, at)
    walk.end = end
    solid = 1 + has_columns + (following in ("VALUES", "SELECT"))
    walk.comparisons += has_columns and following == "VALUES"  # columns and their values say as much as a comparison
    if end == at and following != "DEFAULT" and not is_left_open:
        return None
    return statement_shape(lexer, "sql.insert", Operation.CREATE, walk, head=head, solid=solid, name=(head, behind))


def _insert_into_several(lexer: TokenSource) -> Shape | None:
    """INSERT ALL WHEN … THEN INTO … of Oracle and Snowflake."""
    into = next((index for index in range(2, 60) if lexer.peek(index).word == "INTO"), 0)
    behind = name_end(lexer, into + 1)
    if not into or behind == into + 1:
        return None
    walk = statement_walk(lexer, 2, Clause.DEFINITION)
    walk.end = max(walk.end, behind)
    return statement_shape(lexer, "sql.insert", Operation.CREATE, walk, head=2, solid=2, name=(into + 1, behind))


def _insert_select(lexer: TokenSource, behind: int, head: int, has_columns: bool) -> Shape | None:
    """INSERT INTO t (SELECT …)."""
    if not has_columns or lexer.peek(behind + 1).word not in ("SELECT", "WITH"):
        return None
    walk = statement_walk(lexer, behind, Clause.LIST)
    return statement_shape(lexer, "sql.insert", Operation.CREATE, walk, head=head, solid=2, name=(head, behind))


def merge(lexer: TokenSource) -> Shape | None:
    index = 2 if lexer.peek(1).word == "INTO" else 1
    behind = name_end(lexer, index)
    walk = statement_walk(lexer, index, Clause.SOURCE)
    if behind == index or "USING" not in walk.seen or not ({"ON", "WHEN"} & walk.seen):
        return None
    return statement_shape(lexer, "sql.merge", Operation.UPDATE, walk, head=index, solid=2, name=(index, behind))


def update(lexer: TokenSource) -> Shape | None:
    index = 1
    while lexer.peek(index).word in ("ONLY", "LOW_PRIORITY", "IGNORE", "OR", "ROLLBACK", "REPLACE", "TOP"):
        index += 1
    behind = name_end(lexer, index)
    if behind == index:
        return None
    if lexer.peek(behind).word == "REMOVE" and lexer.peek(index).kind is Kind.QUOTED:
        walk = statement_walk(lexer, behind + 1, Clause.ASSIGNMENT)
        return statement_shape(lexer, "sql.update", Operation.UPDATE, walk, head=1, solid=1, name=(index, behind))
    walk = statement_walk(lexer, index, Clause.SOURCE)
    if "SET" not in walk.seen or not (walk.assignments or walk.comparisons):
        return None
    return statement_shape(lexer, "sql.update", Operation.UPDATE, walk, head=1, solid=1, name=(index, behind))


def delete(lexer: TokenSource) -> Shape | None:
    index = 1
    while lexer.peek(index).word in ("LOW_PRIORITY", "QUICK", "IGNORE"):
        index += 1
    if lexer.peek(index).word == "FROM":
        index += 1
        if lexer.peek(index).word == "ONLY":
            index += 1
        behind = name_end(lexer, index)
        if behind == index:
            return None
        walk = statement_walk(lexer, index, Clause.SOURCE)
        return statement_shape(lexer, "sql.delete", Operation.DELETE, walk, head=index, solid=0, name=(index, behind))
    behind = behind_names(lexer, name_end(lexer, index))
    if behind == index:
        return None
    walk = statement_walk(lexer, index, Clause.SOURCE)
    if not ({"FROM", "WHERE"} & walk.seen) or not (walk.comparisons + walk.calls or "OUTPUT" in walk.seen):
        return None
    return statement_shape(lexer, "sql.delete", Operation.DELETE, walk, head=1, solid=1, name=(index, behind))


def truncate(lexer: TokenSource) -> Shape | None:
    has_table = lexer.peek(1).word == "TABLE"
    index = 2 if has_table else 1
    behind = name_end(lexer, index)
    if behind == index:
        return None
    end = behind_partition(lexer, behind_names(lexer, behind))
    end = behind_options(lexer, end, ("CASCADE", "RESTRICT", "RESTART", "CONTINUE", "IDENTITY"))
    if lexer.peek(end).word == "ON" and lexer.peek(end + 1).word == "CLUSTER":
        end = max(end, name_end(lexer, end + 2))
    solid = 1 if has_table else 0 if lexer.is_upper(lexer.peek(0)) else -1  # "truncate text" is no statement
    return Shape(
        "sql.truncate",
        Operation.DELETE,
        Effect.WRITE,
        end,
        index,
        solid,
        object_name(lexer, index, behind),
        ("whole-table",),
    )

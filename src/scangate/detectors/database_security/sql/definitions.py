"""Statements that define: CREATE, DROP, ALTER, RENAME, COMMENT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scangate.detectors.database_security.sql.grammar import Clause, name_end
from scangate.detectors.database_security.sql.lexer import Kind, TokenSource
from scangate.detectors.database_security.sql.shape import (
    Shape,
    behind_names,
    behind_options,
    behind_parentheses,
    object_name,
    statement_shape,
    statement_walk,
)
from scangate.detectors.database_security.sql.vocabulary import NEVER_NAMES, OBJECT_KINDS, OBJECT_MODIFIERS, TYPES
from scangate.detectors.database_security.statement import Effect, Operation


def drop(lexer: TokenSource) -> Shape | None:
    index = 1
    while lexer.peek(index).word in _DROP_MODIFIERS:
        index += 1
    kind = lexer.peek(index).word
    if kind not in OBJECT_KINDS:
        return None
    index += 1
    if lexer.peek(index).word == "BODY":
        index += 1
    if lexer.peek(index).word == "CONCURRENTLY":
        index += 1
    has_guard = lexer.peek(index).word == "IF" and lexer.peek(index + 1).word == "EXISTS"
    if has_guard:
        index += 2
    behind = name_end(lexer, index)
    if behind == index:
        return None
    has_signature = lexer.peek(behind).word == "(" and (
        lexer.peek(behind).glued or kind in ("PROCEDURE", "FUNCTION", "AGGREGATE")
    )
    end = behind_parentheses(lexer, behind) if has_signature else behind
    end = behind_names(lexer, end)
    if lexer.peek(end).word == "ON" and name_end(lexer, end + 1) > end + 1:
        end = name_end(lexer, end + 1)
    if lexer.peek(end).word == "IF" and lexer.peek(end + 1).word == "EXISTS":
        end, has_guard = end + 2, True  # Neo4j
    end = behind_options(lexer, end, ("CASCADE", "RESTRICT", "PURGE", "CONSTRAINTS", "FORCE", "SYNC", "INCLUDING", "CONTENTS"))
    solid = 2 * has_guard + (end > behind)
    return Shape(
        "sql.drop",
        Operation.DELETE,
        Effect.WRITE,
        end,
        index,
        solid,
        object_name(lexer, index, behind),
        ("drop",),
        is_everyday=not solid and kind not in _SELDOM_DROPPED,
    )


_DROP_MODIFIERS: Final = frozenset(["TEMPORARY", "MATERIALIZED", "EXTERNAL", "FOREIGN", "PUBLIC", "UNIQUE", "ICEBERG", "VIRTUAL"])
_SELDOM_DROPPED: Final = frozenset(("TABLE", "DATABASE", "SCHEMA", "TABLESPACE", "KEYSPACE", "PROCEDURE", "EXTENSION"))
"""Kinds that nobody drops outside a database."""


_NO_DEFINITION: Final = 9


def create(lexer: TokenSource) -> Shape | None:
    index = 1
    while (word := lexer.peek(index).word) in OBJECT_MODIFIERS or (word == "=" and index > 1) or word == ",":
        if word == "FOREIGN" and lexer.peek(index + 1).word not in ("TABLE", "DATA", "CATALOG"):
            break
        index = _behind_value(lexer, index) if word == "=" else index + 1
        if index > 20:
            return None
    kind = lexer.peek(index).word
    if kind not in OBJECT_KINDS:
        return None
    index += 1
    if lexer.peek(index).word == "CONCURRENTLY":
        index += 1
    has_guard = [lexer.peek(at).word for at in range(index, index + 3)] == ["IF", "NOT", "EXISTS"]
    if has_guard:
        index += 3
    behind = name_end(lexer, index)
    if behind == index:
        return None
    demand = _DEFINITIONS.get(kind, _named)
    solid = demand(lexer, behind)
    if solid <= -_NO_DEFINITION:
        return None
    walk = statement_walk(lexer, behind, Clause.DEFINITION, expecting=False)
    if kind in _ROUTINES:
        walk.end = max(walk.end, _behind_body(lexer, behind, walk.end))
    return statement_shape(
        lexer,
        f"sql.create-{kind.lower()}",
        Operation.CREATE,
        walk,
        head=index,
        solid=solid,
        name=(index, behind),
        is_everyday=not has_guard and solid < 2 and (demand is _named or kind in _LOOSELY_DEFINED),
    )


_ROUTINES: Final = frozenset(("PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"))
_BODY_REACH: Final = 40
"""Tokens between the head of a routine and its BEGIN."""


def _behind_body(lexer: TokenSource, start: int, index: int) -> int:
    """Behind the END of a routine's BEGIN: what it says is defined, and not done. The window's end where that is cut off."""
    at = next((at for at in range(start, index + _BODY_REACH) if lexer.peek(at).word == "BEGIN"), 0)
    if not at:
        return index
    depth = 0
    while (token := lexer.peek(at)).kind is not Kind.END:
        if token.word in ("BEGIN", "CASE"):
            depth += 1
        elif token.word == "END" and lexer.peek(at + 1).word not in ("IF", "LOOP", "WHILE", "REPEAT", "FOR"):
            depth -= 1
            if depth <= 0:
                return at + 1
        at += 1
    return at if lexer.is_cut else index


_LOOSELY_DEFINED: Final = frozenset(("FUNCTION", "TRIGGER", "INDEX", "SECRET", "TYPE", "MODEL", "EVENT", "COLUMN"))


def _behind_value(lexer: TokenSource, index: int) -> int:
    """Behind `=MERGE` or `=root@'%'` of `ALGORITHM=MERGE DEFINER=root@'%'`."""
    index += 2
    while lexer.peek(index).glued:
        index += 1
    return index


_TABLE_CLAUSES: Final = frozenset(
    [
        "AS",
        "LIKE",
        "CLONE",
        "USING",
        "PARTITION",
        "SHALLOW",
        "DEEP",
        "LOCATION",
        "OF",
        "COPY",
        "ENGINE",
        "WITH",
        "STORED",
        "TBLPROPERTIES",
        "BACKUP",
        "OPTIONS",
        "ROW",
        "COMMENT",
    ]
)


def _table_definition(lexer: TokenSource, index: int) -> int:
    following = lexer.peek(index)
    if following.word == "(":
        return _column_definitions(lexer, index)
    if _is_assignment(lexer, index):
        return 1
    if following.word not in _TABLE_CLAUSES:
        return -_NO_DEFINITION if following.word != "ON" or lexer.peek(index + 1).word != "CLUSTER" else 1
    behind = lexer.peek(index + 1)
    if behind.kind is Kind.END or (behind.word in NEVER_NAMES and behind.word not in ("SELECT", "SET", "BY", "WITH", "OF", "AS")):
        return -_NO_DEFINITION
    return 1


def _is_assignment(lexer: TokenSource, index: int) -> bool:
    """`TARGET_LAG = '1 minute'`"""
    return lexer.peek(index).kind is Kind.WORD and lexer.peek(index + 1).word == "="


def _column_definitions(lexer: TokenSource, index: int) -> int:
    end = behind_parentheses(lexer, index)
    if lexer.peek(index + 1).word in NEVER_NAMES - {"SELECT"}:
        return -_NO_DEFINITION
    words = {lexer.peek(at).word.rstrip("0123456789_") for at in range(index, end if end > index else index + 40)}
    if words & TYPES or (words & {"SELECT", "AS", "LIKE"} and end > index):
        return 2
    return 1 if lexer.is_cut or lexer.is_open_ended else -1


def _index_definition(lexer: TokenSource, index: int) -> int:
    has_name = lexer.peek(index).word == "ON"
    at = index + 1 if has_name else index
    behind = name_end(lexer, at)
    if not has_name:
        return 1 if lexer.peek(index).word in ("FOR", "FROM", "(") else -_NO_DEFINITION
    if behind == at:
        return -_NO_DEFINITION
    return 2 if lexer.peek(behind).word in ("(", "USING") else -1


def _followed_by(*words: str) -> Callable[[TokenSource, int], int]:
    def demand(lexer: TokenSource, index: int) -> int:
        token = lexer.peek(index)
        if (token.word == "(" and "(" in words) or token.kind is Kind.PARAMETER or _is_assignment(lexer, index):
            return 1
        if token.word not in words:
            return -_NO_DEFINITION
        return 1 if lexer.peek(index + 1).kind is not Kind.END or lexer.is_open_ended else -_NO_DEFINITION

    return demand


def _named(_lexer: TokenSource, _index: int) -> int:
    return 0


_ROUTINE: Final = _followed_by("(", "AS", "IS", "RETURNS", "RETURN", "BEGIN", "LANGUAGE", "WITH", "AUTHID")
_DEFINITIONS: Final[dict[str, Callable[[TokenSource, int], int]]] = {
    "TABLE": _table_definition,
    "INDEX": _index_definition,
    "VIEW": _followed_by(
        "AS", "(", "TO", "OPTIONS", "WITH", "ON", "COMMENT", "COPY", "REFRESH", "BUILD", "CLUSTER", "AUTO", "SQL", "SECURITY"
    ),
    "FUNCTION": _ROUTINE,
    "PROCEDURE": _ROUTINE,
    "PROC": _followed_by("(", "AS", "BEGIN", "WITH"),
    "PACKAGE": _followed_by("AS", "IS"),
    "MACRO": _followed_by("("),
    "TRIGGER": _followed_by("BEFORE", "AFTER", "INSTEAD", "ON", "FOR", "NO"),
    "TYPE": _followed_by("AS", "FROM", "(", "IS", "UNDER"),
    "POLICY": _followed_by("ON"),
    "RULE": _followed_by("AS"),
    "EVENT": _followed_by("ON"),
    "MODEL": _followed_by("OPTIONS", "TRANSFORM", "AS", "FROM", "("),
    "SERVER": _followed_by("FOREIGN", "TYPE"),
    "COLUMN": _followed_by("FAMILY"),
    "TASK": _followed_by("WAREHOUSE", "SCHEDULE", "AS"),
    "DICTIONARY": _followed_by("("),
    "SECRET": _followed_by("(", "IN"),
    "RESOURCE": _followed_by("POOL", "GROUP"),
    "OPERATOR": _followed_by("("),
    "AGGREGATE": _followed_by("("),
    "ICEBERG": _followed_by("TABLE"),
    "DIRECTORY": _followed_by("AS"),
}


_ALTERATIONS: Final = frozenset(
    [
        "ADD",
        "DROP",
        "RENAME",
        "MODIFY",
        "CHANGE",
        "ALTER",
        "SET",
        "RESET",
        "OWNER",
        "ENABLE",
        "DISABLE",
        "ATTACH",
        "DETACH",
        "WITH",
        "IDENTIFIED",
        "CONVERT",
        "REBUILD",
        "REORGANIZE",
        "SWITCH",
        "MOVE",
        "COALESCE",
        "EXCHANGE",
        "TRUNCATE",
        "UNSET",
        "CLUSTER",
        "INHERIT",
        "REPLICA",
        "VALIDATE",
        "COMPILE",
        "AS",
        "ENGINE",
        "AUTO_INCREMENT",
        "ORDER",
        "CHECK",
        "NOCHECK",
        "PARTITION",
        "SWAP",
        "APPEND",
        "REFRESH",
        "SUSPEND",
        "RESUME",
        "PASSWORD",
        "LOGIN",
        "NOLOGIN",
        "SUPERUSER",
        "NOSUPERUSER",
        "CREATEDB",
        "COMMENT",
        "RECOVER",
        "UPDATE",
        "DELETE",
        "MATERIALIZE",
        "FREEZE",
        "CLEAR",
        "FETCH",
        "COLLATE",
        "REMOVE",
        "ROUTE",
        "DEFAULT",
        "ACCOUNT",
        "ENCRYPTED",
        "VALID",
        "REPLACE",
        "SPLIT",
        "MERGE",
        "EVOLVE",
        "UNDROP",
        "DEFINER",
    ]
)


_ALTER_MODIFIERS: Final = frozenset(
    [
        "MATERIALIZED",
        "EXTERNAL",
        "FOREIGN",
        "ICEBERG",
        "DYNAMIC",
        "IGNORE",
        "ONLINE",
        "ALGORITHM",
        "DEFINER",
        "SQL",
        "SECURITY",
        "INVOKER",
    ]
)


def alter(lexer: TokenSource) -> Shape | None:
    """ALTER of an object by a known action; dropping a part of it is an update that loses data."""
    index = 1
    while lexer.peek(index).word in _ALTER_MODIFIERS:
        index = _behind_value(lexer, index + 1) if lexer.peek(index + 1).word == "=" else index + 1
    kind = lexer.peek(index).word
    if kind == "SYSTEM" and lexer.peek(index + 1).word in ("SET", "KILL", "RESET", "FLUSH", "SWITCH"):
        walk = statement_walk(lexer, index + 1, Clause.DEFINITION)
        return statement_shape(
            lexer, "sql.alter-system", Operation.UPDATE, walk, head=index + 1, solid=1, risks=("configuration",)
        )
    if kind not in OBJECT_KINDS:
        return None
    index += 1
    while lexer.peek(index).word in ("IF", "EXISTS", "ONLY"):
        index += 1
    behind = name_end(lexer, index)
    at = behind_parentheses(lexer, behind) if lexer.peek(behind).word == "(" else behind
    if lexer.peek(at).word == "ON":
        at = name_end(lexer, at + (2 if lexer.peek(at + 1).word == "CLUSTER" else 1))
    if behind == index or lexer.peek(at).word not in _ALTERATIONS:
        return None
    walk = statement_walk(lexer, at, Clause.DEFINITION)
    if walk.end <= at + 1 and lexer.peek(at).word not in ("ENABLE", "DISABLE", "COMPILE", "REBUILD", "SUSPEND", "RESUME"):
        return None
    words = {lexer.peek(i).word for i in range(at, walk.end)}
    risks = tuple(risk for risk, found in (("drop", "DROP" in words), ("account", kind in ("USER", "LOGIN", "ROLE"))) if found)
    return statement_shape(
        lexer,
        f"sql.alter-{kind.lower()}",
        Operation.UPDATE,
        walk,
        head=index,
        solid=1,
        name=(index, behind),
        risks=risks,
        is_everyday=kind not in ("TABLE", "DATABASE", "SCHEMA"),
    )


def rename(lexer: TokenSource) -> Shape | None:
    if lexer.peek(1).word not in ("TABLE", "DATABASE", "USER", "COLUMN", "INDEX"):
        return None
    behind = name_end(lexer, 2)
    renamed = name_end(lexer, behind + 1)
    if behind == 2 or lexer.peek(behind).word != "TO" or renamed == behind + 1:
        return None
    name = object_name(lexer, 2, behind)
    is_everyday = lexer.peek(1).word != "TABLE"
    return Shape("sql.rename", Operation.UPDATE, Effect.WRITE, renamed, 2, 1, name, is_everyday=is_everyday)


def comment(lexer: TokenSource) -> Shape | None:
    """COMMENT ON … IS '…'."""
    on = 3 if lexer.peek(1).word == "IF" else 1
    first = on + (2 if lexer.peek(on + 1).word == "MATERIALIZED" else 1)
    if lexer.peek(on).word != "ON" or lexer.peek(first).word not in OBJECT_KINDS:
        return None
    at = first + 1
    while lexer.peek(at).kind in (Kind.WORD, Kind.QUOTED) or lexer.peek(at).word in (".", "(", ")", ","):
        if lexer.peek(at).word == "IS":
            break
        at += 1
        if at > 30:
            return None
    if lexer.peek(at).word != "IS" or not (lexer.peek(at + 1).kind is Kind.STRING or lexer.peek(at + 1).word == "NULL"):
        return None
    return Shape("sql.comment", Operation.UPDATE, Effect.WRITE, at + 2, 3, 2, object_name(lexer, 3, 4))

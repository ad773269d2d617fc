"""From the first word of a candidate to the parser of its kind, and statements that wrap others (WITH, EXPLAIN)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scangate.detectors.database_security.sql import administration, definitions, modifications, queries
from scangate.detectors.database_security.sql.grammar import name_end
from scangate.detectors.database_security.sql.lexer import Kind, Tail, TokenSource
from scangate.detectors.database_security.sql.shape import Shape, behind_parentheses
from scangate.detectors.database_security.sql.vocabulary import (
    ALL_WORDS,
    NEVER_NAMES,
    OBJECT_KINDS,
    OBJECT_MODIFIERS,
    QUERY_VERBS,
    QUERY_WORDS,
)
from scangate.detectors.database_security.statement import Effect, Operation


def parse(lexer: TokenSource) -> Shape | None:
    """The statement that begins at the first token.

    None for what merely begins like one ("update your profile", "create table reservations for five").
    """
    parser = _PARSERS.get(lexer.peek(0).word)
    return parser(lexer) if parser else None


def unknown(lexer: TokenSource) -> Shape | None:
    """A query or a definition in a form that the grammar does not know, or cut short: verb and kind in capitals, no run of small words."""
    verb = lexer.peek(0)
    if verb.word not in _UNKNOWN or not lexer.is_upper(verb):
        return None
    index, marks, run, is_heading = 1, 0, 0, True
    while (token := lexer.peek(index)).kind is not Kind.END and token.word != ";":
        is_keyword = token.kind is Kind.WORD and token.word in ALL_WORDS and lexer.is_upper(token)
        if index >= _MAX_UNKNOWN or (token.word in NEVER_NAMES - QUERY_WORDS and not is_keyword):
            return None
        is_bare = token.kind is Kind.WORD and not is_keyword and not token.glued
        run = run + 1 if is_bare else 0
        if run > _LONGEST_RUN:
            return None
        marks += not is_bare and token.word not in (".", "?", ":")
        is_heading = is_heading and token.kind is Kind.WORD and lexer.is_upper(token)
        index += 1
    if not marks or is_heading or (verb.word == "CREATE" and not _names_a_kind(lexer)):
        return None
    rule, operation, effect = _UNKNOWN[verb.word]
    return Shape(rule, operation, effect, index, 1, 0, is_bare=True)


def _names_a_kind(lexer: TokenSource) -> bool:
    """CREATE, modifiers, a kind, and a name that is not in capitals too, as in a heading."""
    index = 1
    while lexer.peek(index).word in OBJECT_MODIFIERS:
        index += 1
    kind, name = lexer.peek(index), lexer.peek(index + 1)
    if kind.word not in OBJECT_KINDS or not lexer.is_upper(kind) or name_end(lexer, index + 1) == index + 1:
        return False
    return not lexer.is_upper(name) or lexer.peek(index + 2).word in ("(", ".", ",")


_MAX_UNKNOWN: Final = 200
_LONGEST_RUN: Final = 2
_UNKNOWN: Final = {
    "SELECT": ("sql.select", Operation.READ, Effect.PLAIN),
    "SHOW": ("sql.show", Operation.READ, Effect.PLAIN),
    "CREATE": ("sql.create", Operation.CREATE, Effect.WRITE),
}


def _replace(lexer: TokenSource) -> Shape | None:
    """REPLACE INTO is an insert, REPLACE VIEW (Teradata) a definition."""
    if lexer.peek(1).word in ("VIEW", "MACRO", "PROCEDURE"):
        return definitions.create(lexer)
    return modifications.insert(lexer)


def _with(lexer: TokenSource) -> Shape | None:
    """Common table expressions: the operation is that of the main statement, or of one that writes inside them."""
    index = name_end(lexer, 2 if lexer.peek(1).word == "RECURSIVE" else 1)
    if lexer.peek(index).word == "(":
        index = behind_parentheses(lexer, index)
    if lexer.peek(index).word != "AS":
        return None
    writer, depth = "", 0
    while (token := lexer.peek(index)).kind not in (Kind.END, Kind.OTHER):
        word = token.word
        depth += (word == "(") - (word == ")")
        if depth < 0 or (word == ";" and not depth):
            return None
        if word in QUERY_VERBS and not depth:
            return _main(lexer, index, writer)
        if word in QUERY_VERBS and word != "SELECT" and lexer.peek(index - 1).word == "(":
            writer = word
        index += 1
    return _main(lexer, 1, writer) if writer else None


def _main(lexer: TokenSource, index: int, writer: str) -> Shape | None:
    main = parse(Tail(lexer, index))
    if main is None:
        return None
    end, solid = index + main.end, main.solid + 2
    if writer and main.operation is Operation.READ:
        return Shape(f"sql.{writer.lower()}", _OPERATION_OF[writer], Effect.WRITE, end, 1, solid, main.target)
    return Shape(main.rule, main.operation, main.effect, end, 1, solid, main.target, main.risks)


def _explain(lexer: TokenSource) -> Shape | None:
    """EXPLAIN only plans; EXPLAIN ANALYZE runs the statement."""
    index, runs = 1, False
    while (word := lexer.peek(index).word) in ("ANALYZE", "VERBOSE", "EXTENDED", "PLAN", "FOR", "FORMAT", "=", "JSON", "QUERY"):
        runs = runs or word == "ANALYZE"
        index += 1
    main = parse(Tail(lexer, index))
    if main is None:
        return None
    operation = main.operation if runs else Operation.READ
    effect = main.effect if runs else Effect.PLAIN
    return Shape(main.rule, operation, effect, index + main.end, 1, main.solid, main.target, main.risks)


_OPERATION_OF: Final = {
    "INSERT": Operation.CREATE,
    "REPLACE": Operation.CREATE,
    "UPSERT": Operation.CREATE,
    "UPDATE": Operation.UPDATE,
    "MERGE": Operation.UPDATE,
    "DELETE": Operation.DELETE,
}
_PARSERS: Final[dict[str, Callable[[TokenSource], Shape | None]]] = {
    "SELECT": queries.select,
    "UNION": queries.union,
    "WITH": _with,
    "EXPLAIN": _explain,
    "INSERT": modifications.insert,
    "REPLACE": _replace,
    "FROM": queries.from_first,
    "PIVOT": queries.pivot,
    "UNPIVOT": queries.pivot,
    "DESCRIBE": queries.describe,
    "DESC": queries.describe,
    "UPSERT": modifications.insert,
    "MERGE": modifications.merge,
    "UPDATE": modifications.update,
    "DELETE": modifications.delete,
    "TRUNCATE": modifications.truncate,
    "DROP": definitions.drop,
    "CREATE": definitions.create,
    "ALTER": definitions.alter,
    "RENAME": definitions.rename,
    "COMMENT": definitions.comment,
    "GRANT": administration.grant,
    "REVOKE": administration.grant,
    "DENY": administration.grant,
    "EXEC": administration.execute,
    "EXECUTE": administration.execute,
    "CALL": administration.execute,
    "COPY": administration.copy,
    "LOAD": administration.load,
    "BULK": administration.load,
    "ATTACH": administration.attach,
    "PRAGMA": administration.pragma,
    "SHUTDOWN": administration.server,
    "KILL": administration.server,
    "SET": administration.server,
    "RESET": administration.server,
    "PURGE": administration.server,
    "FLUSH": administration.server,
    "BACKUP": administration.server,
    "RESTORE": administration.server,
    "INSTALL": administration.server,
    "SHOW": administration.show,
}

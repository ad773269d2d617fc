"""The shape of one statement, and the steps that the parsers of its kinds share."""

from __future__ import annotations

from dataclasses import dataclass

from scangate.detectors.database_security.sql.grammar import Clause, Walk, name_end
from scangate.detectors.database_security.sql.lexer import Kind, TokenSource
from scangate.detectors.database_security.statement import Effect, Operation


@dataclass(frozen=True, slots=True)
class Shape:
    """A statement as read: tokens `[0, end)`. `solid` counts structure that prose does not have, `target` is the first object's name.

    `head` is how many leading tokens are keywords of the statement itself.
    """

    rule: str
    operation: Operation
    effect: Effect
    end: int
    head: int
    solid: int
    target: str = ""
    risks: tuple[str, ...] = ()
    is_question: bool = False
    is_condition: bool = False
    """It compares or assigns something: `a = 1`, and that to a constant or the result of a call."""
    is_bare: bool = False
    """Nothing but names behind its verb, or of a form that is not known: a statement only as a whole value or in an SQL fence."""
    is_everyday: bool = False
    """In lower case an everyday phrase reads like this as well: "create login page", "drop index finger"."""


def statement_walk(lexer: TokenSource, index: int, clause: Clause, *, expecting: bool = True, is_query: bool = False) -> Walk:
    return Walk(lexer, index, clause, expecting=expecting, is_query=is_query).run()


def structure_of(walk: Walk) -> int:
    return min(3, walk.comparisons + walk.calls + walk.literals)


def object_name(lexer: TokenSource, start: int, end: int) -> str:
    return "".join(lexer.text(lexer.peek(index)) for index in range(start, end)).upper()


def statement_shape(
    lexer: TokenSource,
    rule: str,
    operation: Operation,
    walk: Walk,
    *,
    head: int,
    solid: int = 0,
    name: tuple[int, int] = (0, 0),
    effect: Effect = Effect.WRITE,
    risks: tuple[str, ...] = (),
    is_everyday: bool = False,
) -> Shape:
    return Shape(
        rule,
        operation,
        effect,
        walk.end,
        head,
        solid + structure_of(walk),
        object_name(lexer, *name),
        risks,
        is_question=walk.is_question,
        is_condition=walk.comparisons > 0 and walk.literals + walk.calls > 0,
        is_everyday=is_everyday and not structure_of(walk),
    )


def behind_alias(lexer: TokenSource, index: int) -> int:
    if lexer.peek(index).word == "AS":
        return index + 2
    following = lexer.peek(index + 1).word
    is_alias = lexer.peek(index).kind is Kind.WORD and lexer.peek(index).word not in (
        "VALUES",
        "VALUE",
        "SELECT",
        "SET",
        "PARTITION",
    )
    return index + 1 if is_alias and following in ("(", "VALUES", "SELECT") else index


def behind_partition(lexer: TokenSource, index: int) -> int:
    if lexer.peek(index).word == "PARTITION" and lexer.peek(index + 1).word == "(":
        return behind_parentheses(lexer, index + 1)
    return index


def behind_parentheses(lexer: TokenSource, index: int) -> int:
    """The index behind the parenthesis that opens at `index`; `index` where it never closes."""
    depth, at = 0, index
    while (token := lexer.peek(at)).kind is not Kind.END:
        depth += (token.word == "(") - (token.word == ")")
        at += 1
        if depth == 0:
            return at
        if token.kind is Kind.OTHER or depth > 60:
            return index
    return index


def behind_names(lexer: TokenSource, index: int) -> int:
    while lexer.peek(index).word == ",":
        behind = name_end(lexer, index + 1)
        if behind == index + 1:
            break
        index = behind
    return index


def behind_options(lexer: TokenSource, index: int, options: tuple[str, ...]) -> int:
    while lexer.peek(index).word in options:
        index += 1
    return index

"""How far a statement reaches and whether it is one: a walk over tokens that knows clauses and the alternation of operands.

No full grammar: an SQL expression alternates operands and operators, with an alias of one word at most; a sentence runs bare words
together. The walk stops at the first token that fits neither, and says how the statement ended.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from scangate.detectors.database_security.sql.lexer import Kind, Token, TokenSource
from scangate.detectors.database_security.sql.vocabulary import (
    CONDITION_CLAUSES,
    CONNECTIVES,
    FILLERS,
    LIST_CLAUSES,
    NEVER_NAMES,
    NEVER_OPERANDS,
    OPENING,
    SOURCE_CLAUSES,
)

MAX_DEPTH: Final = 60
"""Nesting of parentheses beyond this is no statement that a person or a program writes."""


class Clause(IntEnum):
    LIST = 0
    SOURCE = 1
    CONDITION = 2
    ASSIGNMENT = 3
    ARGUMENTS = 4
    DEFINITION = 5


_ADJACENT: Final = {
    Clause.LIST: 1,
    Clause.SOURCE: 1,
    Clause.CONDITION: 0,
    Clause.ASSIGNMENT: 0,
    Clause.ARGUMENTS: 2,
    Clause.DEFINITION: 8,
}
"""Operands that may follow an operand without an operator between them."""

_CLAUSE_OF: Final = {
    **dict.fromkeys(LIST_CLAUSES, Clause.LIST),
    **dict.fromkeys(SOURCE_CLAUSES, Clause.SOURCE),
    **dict.fromkeys(CONDITION_CLAUSES, Clause.CONDITION),
    "SET": Clause.ASSIGNMENT,
}
_DEFINITION_WORDS: Final = (
    frozenset(_CLAUSE_OF) | OPENING | CONNECTIVES | FILLERS | {"AFTER", "BEFORE", "EACH", "STATEMENT", "INSERT"}
)
_BEFORE_SELECT: Final = frozenset(
    [
        "(",
        "ALL",
        "DISTINCT",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "MINUS",
        "AS",
        "FOR",
        "IS",
        "BEGIN",
        "RETURN",
        "EXISTS",
        "IN",
        "ANY",
        "SOME",
        "THEN",
        "ELSE",
        "DO",
        "|>",
    ]
)
_UNARY: Final = frozenset("-+~@")
_COMPARISONS: Final = frozenset(("=", "<", ">", "<>", "!=", "<=", ">=", "<=>", "==", "+=", "-=", ":="))


class Walk:
    """One pass over a statement's tokens from `index` on. After `run`, tokens `[0, end)` belong to the statement."""

    __slots__ = (
        "_adjacent",
        "_clause",
        "_expecting",
        "_first",
        "_is_query",
        "_lexer",
        "_stack",
        "assignments",
        "calls",
        "comparisons",
        "end",
        "is_question",
        "literals",
        "seen",
    )

    def __init__(self, lexer: TokenSource, index: int, clause: Clause, *, expecting: bool = True, is_query: bool = False) -> None:
        self._lexer = lexer
        self._clause = clause
        self._expecting = expecting
        self._first = index
        self._is_query = is_query
        self._adjacent = 0
        self._stack: list[Clause] = []
        self.end = index
        self.seen: set[str] = set()
        """Clause words with an operand behind them, at any depth."""
        self.calls = self.comparisons = self.literals = self.assignments = 0
        self.is_question = False

    def run(self) -> Walk:
        index = self.end
        pending: set[str] = set()
        while True:
            token = self._lexer.peek(index)
            word = token.word
            if token.kind is Kind.END:
                self._at_end(index)
                return self
            if token.kind is Kind.WORD and word in _CLAUSE_OF and not self._is_plain_word(index, token):
                pending.add(word)
            step = self._step(index, token)
            if step == 0:
                return self
            index += step
            if not self._expecting:
                self.seen |= pending
                pending.clear()
                if not self._stack:
                    self.end = index

    def _at_end(self, index: int) -> None:
        """A window or a host string that ends in the middle of a statement leaves it whole."""
        lexer = self._lexer
        if lexer.is_cut or (lexer.is_open_ended and index > self.end):
            if self._expecting and index and lexer.peek(index - 1).word in _COMPARISONS:
                self.comparisons += 0 if lexer.is_cut else 1
            self.end = max(self.end, index)

    def _step(self, index: int, token: Token) -> int:
        """How many tokens to accept from `index` on; 0 stops the walk."""
        kind = token.kind
        if kind is Kind.WORD:
            return self._word(index, token)
        if kind is Kind.PUNCTUATION:
            return self._mark(index, token)
        if kind is Kind.OPERATOR:
            return self._operator(index, token)
        if kind is Kind.OTHER:
            return 0
        if kind is not Kind.QUOTED:
            self.literals += 1
        return self._operand(index, token)

    def _is_plain_word(self, index: int, token: Token) -> bool:
        """A clause word in the place of a name, as in `t.from` or `"SET" =`."""
        return index > 0 and token.glued and self._lexer.peek(index - 1).word == "."

    def _word(self, index: int, token: Token) -> int:
        word = token.word
        if self._clause is Clause.DEFINITION and word not in ("SELECT", "WITH"):
            return self._definition_word(index, token)
        if self._is_name_here(index, word):
            self._expecting, self._adjacent = False, 0
            return 1
        clause = _CLAUSE_OF.get(word)
        if clause is not None:
            return self._open_clause(index, token, clause)
        if word in OPENING:
            if self._expecting and word in ("UNION", "INTERSECT", "EXCEPT", "MINUS"):
                return 0
            if word in ("LEFT", "RIGHT") and self._lexer.peek(index + 1).word == "(":
                return self._operand(index, token)
            self._expecting, self._adjacent = True, 0
            return 1
        if word in CONNECTIVES:
            if self._expecting and word in ("AND", "OR", "XOR", "LIKE"):
                following = self._lexer.peek(index + 1)
                return self._operand(index, token) if following.word == "(" and following.glued else 0
            self._expecting = True
            return 1
        if word in FILLERS:
            self._expecting, self._adjacent = False, min(self._adjacent, 0) - 1
            return 1
        return self._operand(index, token)

    def _is_name_here(self, index: int, word: str) -> bool:
        """A keyword that its neighbours make a name: an alias behind AS, a named argument, `BY ALL`, `FOR UPDATE`."""
        before = self._lexer.peek(index - 1).word if index else ""
        if before == "AS":
            return word not in ("SELECT", "WITH", "NOT", "OF")
        if before == "BY" and word == "ALL":
            return True
        if before == "FOR" and word in ("UPDATE", "SHARE"):
            return True
        return bool(self._stack) and self._lexer.peek(index + 1).word == "=>"

    def _definition_word(self, index: int, token: Token) -> int:
        """In a definition nearly any word may follow any other, for a while."""
        word = token.word
        if word in _DEFINITION_WORDS:
            self._expecting, self._adjacent = False, 0
            return 1
        return self._operand(index, token)

    def _open_clause(self, index: int, token: Token, clause: Clause) -> int:
        word = token.word
        if word in ("IF", "VALUES", "VALUE") and not self._expecting and self._clause is Clause.CONDITION:
            return 0
        if word in ("THEN", "WHEN", "ELSE", "CASE", "IF", "USING", "VALUE"):
            clause = self._clause if self._stack or word != "USING" else clause
        if self._clause is Clause.ARGUMENTS and word in ("FROM", "USING", "ON"):
            clause = Clause.ARGUMENTS
        if word == "SELECT" and not self._may_select(index):
            return 0
        if word == "UPDATE" and index and self._lexer.peek(index - 1).word in ("KEY", "THEN", "DO"):
            clause = Clause.ASSIGNMENT
        self._clause, self._expecting, self._adjacent = clause, True, 0
        return 1

    def _may_select(self, index: int) -> bool:
        """Another statement begins where a SELECT continues nothing."""
        before = self._lexer.peek(index - 1).word if index else ""
        if not self._expecting and (self._stack or not self._is_query):
            return True
        return before in _BEFORE_SELECT or index == self._first

    def _operand(self, index: int, token: Token) -> int:
        is_bare = token.kind is Kind.WORD
        if is_bare and self._is_prose(index, token):
            return 0
        if self._expecting:
            self._expecting, self._adjacent = False, 0
            return 1
        if token.glued and (token.kind is Kind.PARAMETER or self._lexer.peek(index - 1).word in ("]", ".", "::")):
            return 1  # `a.b`, `a[0].b`, `a:b` of Snowflake
        if is_bare and token.newlines and not self._stack and self._clause is not Clause.DEFINITION:
            return 0  # the next line begins with a word that continues nothing
        self._adjacent += 1
        return 1 if self._adjacent <= _ADJACENT[self._clause] else 0

    def _is_prose(self, index: int, token: Token) -> bool:
        word = token.word
        if self._lexer.peek(index + 1).word in (".", "("):
            return False
        if self._clause is Clause.SOURCE or not self._expecting:
            return word in NEVER_NAMES
        return word in NEVER_OPERANDS

    def _mark(self, index: int, token: Token) -> int:
        word = token.word
        if word in ("(", "["):
            return self._open(token)
        if word in (")", "]"):
            if not self._stack:
                return 0
            self._clause = self._stack.pop()
            self._expecting, self._adjacent = False, 0
            return 1
        if word == ",":
            self._expecting, self._adjacent = True, 0
            return 1
        if word == ".":
            return self._dot(index)
        if word == "?":
            self.is_question = not self._expecting
            return self._operand(index, token) if self._expecting else 0
        return 1 if word == ":" and self._clause is Clause.DEFINITION and self._stack else 0

    def _open(self, token: Token) -> int:
        if len(self._stack) >= MAX_DEPTH:
            return 0
        if not self._expecting and token.glued:
            self.calls += 1
        self._stack.append(self._clause)
        self._clause = Clause.DEFINITION if self._clause is Clause.DEFINITION else Clause.ARGUMENTS
        self._expecting, self._adjacent = True, 0
        return 1

    def _dot(self, index: int) -> int:
        following = self._lexer.peek(index + 1)
        if following.glued and following.kind in (Kind.WORD, Kind.QUOTED, Kind.PARAMETER, Kind.NUMBER):
            self._expecting = False
            return 2
        if following.glued and following.word in ("*", ".", "["):
            self._expecting = following.word == "."
            return 1 if following.word != "*" else 2
        return 0

    def _operator(self, index: int, token: Token) -> int:
        word = token.word
        if self._clause is Clause.DEFINITION:
            self.comparisons += word == "="
            self._expecting, self._adjacent = word not in (">", "<", "*"), 0
            return 1
        if word == "*" and (self._expecting or (token.glued and self._lexer.peek(index - 1).word == ".")):
            self._expecting = False
            return 1
        if self._expecting:
            return 1 if word in _UNARY or word == "::" else 0
        if self._clause is Clause.SOURCE and not self._stack and word not in ("|>", "=", "@", "%"):
            return 0
        if word in _COMPARISONS:
            self.comparisons += 1
            self.assignments += self._clause is Clause.ASSIGNMENT
        self._expecting, self._adjacent = True, 0
        return 1


def name_end(lexer: TokenSource, index: int) -> int:
    """The index behind an object name (`a`, `"a".b`, `%s`, `<table>`) that begins at `index`; `index` itself where none does."""
    token = lexer.peek(index)
    if token.kind is Kind.WORD:
        if token.word in NEVER_NAMES and lexer.peek(index + 1).word != ".":
            return index
    elif token.kind not in (Kind.QUOTED, Kind.PARAMETER) and not (token.kind is Kind.PUNCTUATION and token.word == "?"):
        return index
    index += 1
    while lexer.peek(index).word == "." and lexer.peek(index).glued:
        following = lexer.peek(index + 1)
        if following.word == "." and following.glued:
            index += 1
        elif not following.glued or following.kind not in (Kind.WORD, Kind.QUOTED, Kind.PARAMETER):
            break
        else:
            index += 2
    return index

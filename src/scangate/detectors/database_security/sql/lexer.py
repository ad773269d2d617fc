"""A tolerant tokeniser for SQL of any dialect, inside a bounded window, on text that may be prose or another language's string.

It never fails: what is no SQL becomes a token of kind OTHER, at which the grammar stops. Tokens are made on demand, so that a
false start costs the few tokens that the grammar looked at. Source of the token shapes: the lexical chapters of the PostgreSQL,
MySQL, SQL Server and Oracle manuals; parameter styles of PEP 249, JDBC and the common templates.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple, Protocol

from scangate.detectors.database_security.patterns import pattern
from scangate.detectors.database_security.statement import Reading

WINDOW_BYTES: Final = 4096
"""A statement is read this far; what a longer one says behind it is found as statements of its own."""
_MAX_TOKENS: Final = 1500


class Kind(IntEnum):
    WORD = 1
    QUOTED = 2
    """An identifier in double quotes, backticks or brackets."""
    STRING = 3
    NUMBER = 4
    PARAMETER = 5
    OPERATOR = 6
    PUNCTUATION = 7
    OTHER = 8
    """What no SQL holds: prose punctuation, an emoji, an unbalanced quote."""
    END = 9
    """Behind the last token."""


class Token(NamedTuple):
    """`word` is the upper-case text of a WORD, the text of a punctuation mark or operator, else empty."""

    kind: Kind
    start: int
    end: int
    word: str
    newlines: int
    """Line breaks between the previous token and this one."""
    glued: bool
    """Stands directly behind the previous token."""


_WORD_CHARS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$#") | {
    chr(c) for c in range(128, 256)
}
_WORD_STARTS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") | {chr(c) for c in range(128, 256)}
_NAME_CHARS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_NUMBER_CHARS: Final = frozenset("0123456789abcdefABCDEFxX.")
_PUNCTUATION: Final = frozenset("(),;.[]:?")
_OPERATORS_3: Final = frozenset(("<=>", "->>", "!~*"))
_OPERATORS_2: Final = frozenset(
    ("<>", "!=", "<=", ">=", "=>", "->", "||", "|>", "&&", "~*", "!~", "==", ":=", "::", "+=", "-=", "@>", "<@")
)
_OPERATORS_1: Final = frozenset("-+*/%<>=^|&~")
_STRING_PREFIXES: Final = frozenset(("N", "E", "X", "B", "R", "U", "_UTF8"))
_MAX_BRACKET: Final = 128

_CONCATENATION: Final = (
    rb"""["']\s*(?:[+.&]\s*[\w.$()\[\]>-]{1,60}\s*[+.&]\s*|[+.&]\s*|\\?\s*\n\s*(?:[+.&]\s*)?)["']"""  # "… " + name + " …"
)
_OPEN_END: Final = rb"""["']\s*[+.&%]\s*[\w$({]"""


class TokenSource(Protocol):
    """Tokens by index, however they come about."""

    @property
    def is_cut(self) -> bool:
        """The window ended before the text did."""
        ...

    @property
    def is_open_ended(self) -> bool:
        """The host string ends and something is appended to it (`"… WHERE id = " + id`)."""
        ...

    def peek(self, index: int) -> Token:
        """Token `index`; one of kind END behind the last one."""
        ...

    def text(self, token: Token) -> str: ...

    def is_upper(self, token: Token) -> bool:
        """Written in capitals in the text as sent."""
        ...


class Tail:
    """A source's tokens from `offset` on, so that a statement inside a statement is read by the same parsers."""

    __slots__ = ("_offset", "_source")

    def __init__(self, source: TokenSource, offset: int) -> None:
        self._source = source
        self._offset = offset

    @property
    def is_cut(self) -> bool:
        return self._source.is_cut

    @property
    def is_open_ended(self) -> bool:
        return self._source.is_open_ended

    def peek(self, index: int) -> Token:
        return self._source.peek(self._offset + index)

    def text(self, token: Token) -> str:
        return self._source.text(token)

    def is_upper(self, token: Token) -> bool:
        return self._source.is_upper(token)


class Lexer:
    """The tokens of `[start, limit)` of one reading, at most `WINDOW_BYTES` of it. Belongs to one candidate.

    `closer` is the quote of the surrounding language's string, if the statement stands in one: reading stops there, except where
    the string is continued (`"…" + name + "…"` reads as one statement with a parameter).

    Every method is linear in what it reads.
    """

    __slots__ = (
        "_closer",
        "_data",
        "_flat",
        "_is_cut",
        "_limit",
        "_newlines",
        "_position",
        "_reading",
        "_stop",
        "comments",
        "tokens",
    )

    def __init__(self, reading: Reading, start: int, limit: int, closer: str = "") -> None:
        self._reading = reading
        self._flat = reading.flat
        self._data = reading.data
        self._limit = min(limit, start + WINDOW_BYTES)
        self._is_cut = limit > self._limit
        self._closer = closer
        self._position = start
        self._newlines = 0
        self._stop = self._string_end(start)
        self.tokens: list[Token] = []
        self.comments: list[tuple[int, int]] = []

    @property
    def is_cut(self) -> bool:
        return self._is_cut

    @property
    def stop(self) -> int:
        """The byte offset at which the window, or the host string, ends."""
        return self._stop

    def peek(self, index: int) -> Token:
        """Token `index`; a token of kind END behind the last one."""
        tokens = self.tokens
        while index >= len(tokens):
            if not self._advance():
                return Token(Kind.END, self._stop, self._stop, "", self._newlines, False)
        return tokens[index]

    def text(self, token: Token) -> str:
        return self._flat[token.start : token.end]

    def is_upper(self, token: Token) -> bool:
        return self._reading.is_upper(token.start, token.end)

    def comment_text(self, start: int, end: int) -> str:
        return self._flat[start:end]

    @property
    def is_open_ended(self) -> bool:
        at = self._stop
        return bool(self._closer) and pattern(_OPEN_END).match(self._data, at, min(len(self._data), at + 80)) is not None

    def _string_end(self, position: int) -> int:
        closer, flat = self._closer, self._flat
        if not closer:
            return self._limit
        at = flat.find(closer, position, self._limit)
        while at > 0 and len(closer) == 1:
            if flat[at - 1] == "\\":
                at = flat.find(closer, at + 1, self._limit)
            elif closer == "'" and flat[at + 1 : at + 2] == "'":
                at = flat.find(closer, at + 2, self._limit)
            else:
                break
        return at if at >= 0 else self._limit

    def _advance(self) -> bool:
        """Make one more token; False at the end."""
        if len(self.tokens) >= _MAX_TOKENS:
            self._is_cut = True
            return False
        before = self._position
        position = self._skip(before)
        if position >= self._stop:
            return self._continue_behind_string()
        newlines, self._newlines = self._newlines, 0
        kind, end = self._scan(position)
        word = ""
        if kind is Kind.WORD:
            word = self._flat[position:end].upper()
        elif kind is Kind.OPERATOR or kind is Kind.PUNCTUATION:
            word = self._flat[position:end]
        self.tokens.append(Token(kind, position, end, word, newlines, position == before))
        self._position = end
        return True

    def _continue_behind_string(self) -> bool:
        at = self._stop
        if len(self._closer) != 1 or at >= self._limit:
            return False
        joined = pattern(_CONCATENATION).match(self._data, at, min(len(self._data), at + 200))
        if joined is None:
            return False
        resume = int(joined.end())
        if self.tokens and self._flat[self.tokens[-1].start] in "'\"\\" and self.tokens[-1].kind is Kind.OTHER:
            while self.tokens and self.tokens[-1].kind is Kind.OTHER:
                self.tokens.pop()  # of "… name = '" + name + "' …" the single quotes go: the parameter stands for the string
            while self._flat[resume : resume + 1] in ("'", "\\"):
                resume += 1
        self.tokens.append(Token(Kind.PARAMETER, at, resume, "", 0, False))
        self._position = resume
        self._limit = max(self._limit, min(len(self._flat), resume + 1))
        self._stop = self._string_end(resume)
        return True

    def _skip(self, position: int) -> int:
        """Behind spaces, comments and escaped line breaks."""
        flat, stop = self._flat, self._stop
        while position < stop:
            char = flat[position]
            if char == "\n":
                self._newlines += 1
            elif char == "\\" and flat[position + 1 : position + 2] in ("n", "r", "t"):
                self._newlines += flat[position + 1] == "n"
                position += 1
            elif not char.isspace():
                end = self._comment_end(position, char)
                if end == position:
                    return position
                position = end - 1
            position += 1
        return stop

    def _comment_end(self, position: int, char: str) -> int:
        flat, stop = self._flat, self._stop
        pair = flat[position : position + 2]
        if pair == "/*":
            if flat[position + 2 : position + 3] == "!":
                end = position + 3  # MySQL runs what stands in /*!50000 … */
                while end < stop and flat[end].isdigit():
                    end += 1
                return end
            closing = flat.find("*/", position + 2, stop)
            end = closing + 2 if closing >= 0 else stop
        elif pair == "*/":
            return position + 2
        elif pair == "--" or (char == "#" and flat[position + 1 : position + 2] in _AFTER_HASH):
            line_end = flat.find("\n", position, stop)
            end = line_end if line_end >= 0 else stop
        else:
            return position
        self.comments.append((position, end))
        return end

    def _scan(self, position: int) -> tuple[Kind, int]:
        flat, stop = self._flat, self._stop
        char = flat[position]
        if char in _WORD_STARTS:
            return self._scan_word(position)
        if char.isdigit() or (char == "." and flat[position + 1 : position + 2].isdigit()):
            return Kind.NUMBER, self._run(position + 1, _NUMBER_CHARS)
        if char == "'":
            return self._scan_quoted(position, "'", Kind.STRING)
        if char in '"`':
            return self._scan_quoted(position, char, Kind.QUOTED)
        if char in "[{<$%@:#\\":
            special = self._scan_special(position, char)
            if special is not None:
                return special
        if flat[position : position + 3] in _OPERATORS_3:
            return Kind.OPERATOR, min(position + 3, stop)
        if flat[position : position + 2] in _OPERATORS_2:
            return Kind.OPERATOR, min(position + 2, stop)
        if char in _OPERATORS_1:
            return Kind.OPERATOR, position + 1
        return Kind.PUNCTUATION if char in _PUNCTUATION else Kind.OTHER, position + 1

    def _run(self, position: int, chars: frozenset[str]) -> int:
        flat, stop = self._flat, self._stop
        while position < stop and flat[position] in chars:
            position += 1
        return position

    def _scan_word(self, position: int) -> tuple[Kind, int]:
        end = self._run(position + 1, _WORD_CHARS)
        word = self._flat[position:end]
        if end < self._stop and self._flat[end] == "'" and word.upper() in _STRING_PREFIXES:
            return self._scan_quoted(end, "'", Kind.STRING)
        if word.isascii():
            return Kind.WORD, end
        length = _identifier_length(word)
        return (Kind.WORD, position + length) if length else (Kind.OTHER, end)

    def _scan_quoted(self, position: int, quote: str, kind: Kind) -> tuple[Kind, int]:
        flat, stop = self._flat, self._stop
        at = flat.find(quote, position + 1, stop)
        while at > 0:
            if flat[at - 1] == "\\" and at - 1 > position and flat[at - 2] != "\\":
                at = flat.find(quote, at + 1, stop)
            elif flat[at + 1 : at + 2] == quote and at + 1 < stop:
                at = flat.find(quote, at + 2, stop)
            else:
                return kind, at + 1
        return Kind.OTHER, position + 1

    def _scan_special(self, position: int, char: str) -> tuple[Kind, int] | None:
        """Brackets, parameters and placeholders; None where the character is an operator or a mark after all."""
        flat, stop = self._flat, self._stop
        following = flat[position + 1 : position + 2]
        if char == "[":
            close = flat.find("]", position, min(stop, position + _MAX_BRACKET))
            return (Kind.QUOTED, close + 1) if close > 0 and (following == "#" or following in _WORD_STARTS) else None
        if char == "{" or (char in "$#" and following == "{"):
            close = flat.find("}", position, min(stop, position + _MAX_BRACKET))
            if close < 0:
                return None
            return Kind.PARAMETER, close + 2 if flat[close + 1 : close + 2] == "}" and following == "{" else close + 1
        if char == "$":
            return self._scan_dollar(position)
        if char == "<":
            end = self._run(position + 1, _NAME_CHARS)
            return (Kind.PARAMETER, end + 1) if following.isalpha() and flat[end : end + 1] == ">" else None
        if char == "%":
            return self._scan_percent(position)
        if char == "\\":
            return self._scan_quoted_by_escape(position, following)
        end = self._run(position + (2 if following == "@" else 1), _NAME_CHARS)
        if char == "#":
            return (Kind.WORD, end) if end > position + 1 else None
        return (Kind.PARAMETER, end) if end > position + 1 and following != ":" else None

    def _scan_dollar(self, position: int) -> tuple[Kind, int] | None:
        flat, stop = self._flat, self._stop
        end = self._run(position + 1, _NAME_CHARS)
        if flat[end : end + 1] == "$":
            tag = flat[position : end + 1]
            closing = flat.find(tag, end + 1, stop)
            return Kind.STRING, closing + len(tag) if closing > 0 else end + 1
        return (Kind.PARAMETER, end) if end > position + 1 else None

    def _scan_percent(self, position: int) -> tuple[Kind, int] | None:
        flat = self._flat
        if flat[position + 1 : position + 2] == "(":
            close = flat.find(")", position, min(self._stop, position + _MAX_BRACKET))
            return (Kind.PARAMETER, close + 2) if close > 0 and flat[close + 1 : close + 2] in ("s", "d") else None
        if flat[position + 1 : position + 2] in ("s", "d") and flat[position + 2 : position + 3] not in _NAME_CHARS:
            return Kind.PARAMETER, position + 2
        return None

    def _scan_quoted_by_escape(self, position: int, quote: str) -> tuple[Kind, int] | None:
        """A string in escaped quotes, as inside another language's string: `\\'x\\'`."""
        if quote not in ("'", '"'):
            return None
        closing = self._flat.find("\\" + quote, position + 2, self._stop)
        if closing < 0:
            return None
        return Kind.STRING if quote == "'" else Kind.QUOTED, closing + 2


_AFTER_HASH: Final = frozenset(("", " ", "\t", "'", '"', "-", "#", "\r", "\n"))


def _identifier_length(flat_word: str) -> int:
    """How many bytes of a word (Latin-1 view of UTF-8) are letters, digits and underscores rather than typography."""
    length = 0
    for char in flat_word.encode("latin-1").decode("utf-8", "replace"):
        if not (char.isalnum() or char in "_$#"):
            return length
        length += len(char.encode("utf-8", "surrogatepass"))
    return min(length, len(flat_word))

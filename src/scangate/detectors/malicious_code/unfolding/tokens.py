"""Code as tokens that all script languages share: strings, numbers, names, signs. Comments and blanks are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import re2

from scangate.matching.code_lines import latin1

BASIC: Final = frozenset({"vbscript", "batch"})
_SLASHES: Final = frozenset({"javascript", "typescript", "php", "csharp", "java", "html"})
"""Languages in which // begins a comment."""
_WORDS: Final = (
    rb"-(?:join|f|[ci]?replace|[ci]?split|bxor)\b|0[xX][0-9A-Fa-f]+|&[hH][0-9A-Fa-f]+|\d+|[$@A-Za-z_\xff][\w$\xff]*|\n|[^\s]"
)
_BACKSLASHED: Final = rb"\"(?:[^\"\\\n]|\\[\s\S])*\"|'(?:[^'\\\n]|\\[\s\S])*'|`[^`\n]*`|"
_OVER_LINES: Final = rb"\"(?:[^\"\\]|\\[\s\S])*\"|'(?:[^'\\]|\\[\s\S])*'|`[^`\n]*`|"
_BLOCK_COMMENT: Final = rb"/\*(?:[^*]|\*+[^*/])*\*+/|"


def _lexer(*parts: bytes) -> re2._Regexp:
    return re2.compile(b"".join((*parts, _WORDS)), options=latin1())


_WITH_SLASHES: Final = _lexer(_BLOCK_COMMENT, rb"//[^\n]*|", _BACKSLASHED)
_PHP: Final = _lexer(_BLOCK_COMMENT, rb"//[^\n]*|", _OVER_LINES)
_C_LIKE: Final = _lexer(_BLOCK_COMMENT, _BACKSLASHED)
_POWERSHELL: Final = _lexer(rb"<#(?:[^#]|#+[^#>])*#+>|", rb"\"(?:[^\"`\n]|`[\s\S]|\"\")*\"|'(?:[^']|'')*'|")
_BASIC: Final = _lexer(rb"(?i:\brem\b)[^\n]*|'[^\n]*|", rb"\"(?:[^\"\n]|\"\")*\"|")
_LEXERS: Final = {"powershell": _POWERSHELL, "php": _PHP, **dict.fromkeys(BASIC, _BASIC)}
_COMMENTS: Final = (b"/*", b"//", b"<#")
_DIGITS: Final = frozenset(b"0123456789")
_QUOTES: Final = frozenset(b"\"'`")
_LETTERS: Final = frozenset(b"$@_\xffABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class Token(NamedTuple):
    """`kind` is S (string), N (number), A (array), I (name), T (a type in brackets), O (sign or operator) or L (line end).

    `is_made` says that folding made it, so that its value stands nowhere in the text.
    """

    kind: str
    value: str | int | tuple[str | int, ...]
    is_made: bool = False


LINE_END: Final = Token("L", "\n")


def tokens(data: bytes, language: str) -> Iterator[Token]:
    """The tokens of a text of one byte a character."""
    is_basic = language in BASIC
    lexer = (
        _BASIC if is_basic else _POWERSHELL if language == "powershell" else _WITH_SLASHES if language in _SLASHES else _C_LIKE
    )
    for match in lexer.finditer(data):
        raw = match[0]  # half the time of `group()`
        first = raw[0]
        if first in _LETTERS:
            if not is_basic or raw[:3].lower() != b"rem" or len(raw) < 4 or raw[3:4] != b" ":
                yield Token("I", raw.decode("latin-1"))
        elif first in _QUOTES and len(raw) > 1:
            if not is_basic or first != 0x27:
                yield Token("S", _string(raw, language))
        elif first in _DIGITS or (first == 0x26 and len(raw) > 1):
            yield Token("N", _number(raw))
        elif first == 0x0A:
            yield LINE_END
        elif len(raw) == 1 or raw[:2] not in _COMMENTS:
            yield Token("O", raw.decode("latin-1").lower())


def _number(raw: bytes) -> int:
    if len(raw) > 18:
        return 0
    return int(raw[2:], 16) if raw[:1] == b"&" or raw[:2] in (b"0x", b"0X") else int(raw)


_SIMPLE: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE: Final = re2.compile(rb"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([0-7]{1,3})|([\s\S]))", options=latin1())


def _string(raw: bytes, language: str) -> str:
    body = raw[1:-1]
    if language == "powershell":
        text = body.decode("latin-1")
        return text.replace("''", "'") if raw[:1] == b"'" else text.replace("`", "").replace('""', '"')
    if language in BASIC:
        return body.decode("latin-1").replace('""', '"')
    if b"\\" not in body:
        return body.decode("latin-1")
    return unescaped(body)


def unescaped(body: bytes) -> str:
    r"""`\x41`, `\u0041`, `\101` and the like undone."""
    pieces, position = [], 0
    for match in _ESCAPE.finditer(body):
        pieces.append(body[position : match.start()].decode("latin-1"))
        position = match.end()
        hexadecimal, wide, octal, other = match.groups()
        code = int(hexadecimal or wide, 16) if hexadecimal or wide else int(octal, 8) if octal else None
        pieces.append(chr(code) if code is not None else _SIMPLE.get(other.decode("latin-1"), other.decode("latin-1")))
    pieces.append(body[position:].decode("latin-1"))
    return "".join(pieces)

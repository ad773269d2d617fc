"""Code as tokens that all script languages share: strings, numbers, names, signs. Comments and blanks are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import re2

from scangate.matching.code_lines import latin1

BASIC: Final = frozenset({"vbscript", "batch"})
_OPERATORS: Final = rb"-(?:join|f|[ci]?replace|[ci]?split|bxor)\b"
_NUMBER: Final = rb"0[xX][0-9A-Fa-f]+|&[hH][0-9A-Fa-f]+|\d+"
_NAME: Final = rb"[$@A-Za-z_\xff][\w$\xff]*"
_C_LIKE: Final = re2.compile(
    rb"(?:/\*(?:[^*]|\*+[^*/])*\*+/)|(?:^|[^:\w])(//[^\n]*)|(\"(?:[^\"\\\n]|\\[\s\S])*\"|'(?:[^'\\\n]|\\[\s\S])*'|`[^`\n]*`)|("
    + _OPERATORS
    + rb")|("
    + _NUMBER
    + rb")|("
    + _NAME
    + rb")|(\n)|([^\s])",
    options=latin1(),
)
_POWERSHELL: Final = re2.compile(
    rb"(?:<#(?:[^#]|#+[^#>])*#+>)|(\x00)|(\"(?:[^\"`\n]|`[\s\S]|\"\")*\"|'(?:[^']|'')*')|("
    + _OPERATORS
    + rb")|("
    + _NUMBER
    + rb")|("
    + _NAME
    + rb")|(\n)|([^\s])",
    options=latin1(),
)
_BASIC: Final = re2.compile(
    rb"(?:(?i:\brem\b)[^\n]*)|('[^\n]*)|(\"(?:[^\"\n]|\"\")*\")|(\x00)|(" + _NUMBER + rb")|(" + _NAME + rb")|(\n)|([^\s])",
    options=latin1(),
)


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
    lexer = _BASIC if language in BASIC else _POWERSHELL if language == "powershell" else _C_LIKE
    for match in lexer.finditer(data):
        kind = match.lastindex
        if kind is None or kind == 1:
            continue
        raw = match.group(kind)
        if kind == 2:
            yield Token("S", _string(raw, language))
        elif kind == 4:
            yield Token("N", _number(raw))
        elif kind == 5:
            yield Token("I", raw.decode("latin-1"))
        elif kind == 6:
            yield LINE_END
        else:
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

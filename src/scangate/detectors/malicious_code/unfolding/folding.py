"""Constant folding over tokens: strings that are joined, cut, turned round, replaced or decoded are put together again.

One pass with a stack; every reduction takes tokens away, so that the work is linear. Variables that hold a constant count from
their assignment on, whatever the flow of the program: nothing is run, and a wrong guess costs no more than a layer that says
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from scangate.detectors.malicious_code.unfolding.functions import (
    MAX_TEXT,
    Value,
    call,
    formatted,
    method,
    text_of,
    token_of,
)
from scangate.detectors.malicious_code.unfolding.tokens import LINE_END, Token

MAX_TOKENS: Final = 60_000
_CHECK_EVERY: Final = 2000
_LONGEST_MADE: Final = 24
"""A made string of that length is a layer of its own."""
_CONSTANTS: Final = frozenset("SNA")
_ENDS: Final = frozenset({";", ",", "}", ":"})
_TIGHT: Final = frozenset({".", "[", "(", "::"})
_FACTORS: Final = frozenset({"*", "/", "%"})
_KEYWORDS: Final = frozenset(
    {"return", "in", "of", "case", "typeof", "new", "else", "echo", "print", "and", "or", "not", "if", "then"}
)


class Folder:
    """Folds one text. `made` are the long strings that folding put together."""

    def __init__(self, language: str, checkpoint: Callable[[], None]) -> None:
        self._language = language
        self._checkpoint = checkpoint
        self._out: list[Token] = []
        self._open: list[int] = []
        self._variables: dict[str, Token] = {}
        self.made: list[str] = []
        self.is_changed = False

    def fold(self, source: Iterable[Token]) -> str:
        """The text with its constants folded; comments and layout are lost."""
        pending: Token | None = None
        for count, token in enumerate(source):
            if count >= MAX_TOKENS:
                break
            if count % _CHECK_EVERY == 0:
                self._checkpoint()
            if pending is not None:
                self._push(pending, token)
            pending = token
        if pending is not None:
            self._push(pending, LINE_END)
        self._settle(LINE_END)
        return self._written()

    def _push(self, token: Token, following: Token) -> None:
        out = self._out
        if token.kind == "L" or (token.kind == "O" and token.value in _ENDS):
            self._settle(token)
        if token.kind == "I":
            token = self._known(token, following)
        elif token.kind == "O" and token.value in ("(", "[", "{"):
            self._open.append(len(out))
        out.append(token)
        if token.kind == "O" and token.value in (")", "]", "}"):
            self._closed(str(token.value))
        self._reduce(following)

    def _known(self, token: Token, following: Token) -> Token:
        """The constant that a variable holds, where the name is read and not written or called."""
        held = self._variables.get(str(token.value).lower())
        if held is None or (following.kind == "O" and following.value == "="):
            return token
        if following.kind == "O" and following.value == "(":
            name = str(held.value)
            return Token("I", name, is_made=True) if held.kind == "S" and name.replace("_", "").isalnum() else token
        previous = self._out[-1] if self._out else LINE_END
        if previous.kind == "O" and previous.value == "." and not (len(self._out) > 1 and self._out[-2].kind in _CONSTANTS):
            return token
        if following.kind == "O" and following.value == "+" and self._is_append:
            return token
        return held

    @property
    def _is_append(self) -> bool:
        previous = self._out[-1] if self._out else LINE_END
        return previous.kind == "L" or (previous.kind == "O" and previous.value in (";", "{", "}"))

    def _closed(self, sign: str) -> None:
        if not self._open:
            return
        start = self._open.pop()
        if start >= len(self._out) or sign == "}":
            return
        opening = self._out[start].value
        if (opening, sign) not in (("(", ")"), ("[", "]")):
            return
        items = self._items(self._out[start + 1 : -1])
        if sign == ")":
            self._closed_call(start, items)
        else:
            self._closed_index(start, items)

    @staticmethod
    def _items(inside: list[Token]) -> list[Value] | None:
        """The values between brackets that commas part; None where one of them is no constant."""
        if not inside:
            return []
        values: list[Value] = []
        expects = True
        for token in inside:
            if token.kind == "L":
                continue
            if expects:
                if token.kind not in _CONSTANTS:
                    return None
                values.append(token.value)
            elif token.kind != "O" or token.value != ",":
                return None
            expects = not expects
        return values if not expects or len(values) > 1 else None

    def _closed_call(self, start: int, items: list[Value] | None) -> None:
        out = self._out
        before = out[start - 1] if start else LINE_END
        if before.kind == "I" and str(before.value).lower() not in _KEYWORDS:
            if items is not None:
                self._call(start, str(before.value), items)
            return
        if not items or (before.kind == "O" and before.value in (")", "]")):
            return
        if before.kind == "T":
            made = call(str(before.value), items)
            if made is not None:
                self._replace(start - 1, token_of(made))
            return
        if len(items) == 1:
            self._replace(start, token_of(items[0]), is_change=False)
        elif self._language == "powershell" or (before.kind == "O" and before.value == "@") or self._language == "python":
            flat = tuple(one for one in items if isinstance(one, str | int))
            self._replace(start, token_of(flat), is_change=False)
        else:
            self._replace(start, token_of(items[-1]))

    def _call(self, start: int, name: str, items: list[Value]) -> None:
        out = self._out
        has_subject = start >= 3 and out[start - 2] == Token("O", ".") and out[start - 3].kind in _CONSTANTS
        made = method(out[start - 3].value, name, items) if has_subject else call(name, items)
        if made is None and not items and not has_subject:
            held = self._variables.get(f"{name.lower()}()")
            made = held.value if held else None
        if made is not None:
            first = start - 3 if has_subject else start - 1
            while (
                not has_subject
                and first >= 2
                and out[first - 1].kind == "O"
                and out[first - 1].value == "."
                and out[first - 2].kind == "I"
            ):
                first -= 2
            self._replace(first, token_of(made))

    def _closed_index(self, start: int, items: list[Value] | None) -> None:
        out = self._out
        before = out[start - 1] if start else LINE_END
        inside = out[start + 1 : -1]
        if len(inside) in (1, 3) and inside[0].kind == "I" and before.kind not in ("I", *_CONSTANTS):
            if str(inside[0].value).lower() in ("char", "string", "byte", "int"):
                self._replace(start, Token("T", inside[0].value))
            return
        if before.kind in ("S", "A") and self._sliced(start, before.value, inside):
            return
        if items is None:
            return
        if before.kind in ("S", "A") and len(items) == 1 and isinstance(items[0], int):
            value, index = before.value, items[0]
            if not isinstance(value, int) and -len(value) <= index < len(value):
                self._replace(start - 1, token_of(value[index]))
        elif len(items) == 1 and isinstance(items[0], str) and items[0].replace("_", "").isalnum():
            if before.kind in ("I", "S") or (before.kind == "O" and before.value in (")", "]")):
                self._replace(start, Token("O", "."))
                out.append(Token("I", items[0], is_made=True))
        elif items and before.kind not in ("I",) and not (before.kind == "O" and before.value in (")", "]")):
            flat = tuple(one for one in items if isinstance(one, str | int))
            if len(flat) == len(items):
                self._replace(start, token_of(flat), is_change=False)

    def _sliced(self, start: int, value: Value, inside: list[Token]) -> bool:
        """`[::-1]` and `[-1..-9]`."""
        signs = "".join(str(token.value) for token in inside if token.kind in "ON")
        if not isinstance(value, int) and (signs == "::-1" or (signs.startswith("-1..-") and len(inside) > 3)):
            self._replace(start - 1, token_of(value[::-1]))
            return True
        return False

    def _replace(self, start: int, token: Token, *, is_change: bool = True) -> None:
        del self._out[start:]
        self._out.append(token)
        self.is_changed |= is_change
        if is_change and token.kind == "S" and len(str(token.value)) >= _LONGEST_MADE:
            self._note(str(token.value))

    def _note(self, text: str) -> None:
        if self.made and (text.startswith(self.made[-1]) or self.made[-1] in text[: len(self.made[-1]) + 64]):
            self.made[-1] = text
        elif len(self.made) < 200:
            self.made.append(text)

    def _reduce(self, following: Token) -> None:
        out = self._out
        while len(out) >= 2 and out[-1].kind in _CONSTANTS:
            if (
                following.kind == "O"
                and following.value in _TIGHT
                and following.value != "("
                and not (following.value == "." and self._dot_joins)
            ):
                return
            if not (self._typed() or self._joined(following) or self._operated(following)):
                return

    @property
    def _dot_joins(self) -> bool:
        return self._language in ("php", "perl")

    def _typed(self) -> bool:
        """`[char]65`."""
        if self._out[-2].kind != "T":
            return False
        made = call(str(self._out[-2].value), (self._out[-1].value,))
        if made is None:
            return False
        self._replace(len(self._out) - 2, token_of(made))
        return True

    def _joined(self, following: Token) -> bool:
        out = self._out
        last = out[-1]
        if out[-2].kind == "S" and last.kind == "S" and self._language in ("python", "c", "shell"):
            self._replace(len(out) - 2, token_of(text_of(out[-2].value) + text_of(last.value)))
            return True
        if len(out) < 3 or out[-2].kind != "O" or out[-3].kind not in _CONSTANTS:
            return False
        sign, first = out[-2].value, out[-3]
        if first.kind == "N" and last.kind == "N":
            return self._computed(following)
        if sign in ("+", "&", ".") and (sign != "." or self._dot_joins):
            joined = text_of(first.value) + text_of(last.value)
            if first.kind == "A" and last.kind == "A" and isinstance(first.value, tuple) and isinstance(last.value, tuple):
                self._replace(len(out) - 3, token_of((first.value + last.value)[:20_000]))
            elif len(joined) <= MAX_TEXT:
                self._replace(len(out) - 3, token_of(joined))
            else:
                return False
            return True
        return False

    def _computed(self, following: Token) -> bool:
        out = self._out
        sign, first, last = str(out[-2].value), out[-3].value, out[-1].value
        if not isinstance(first, int) or not isinstance(last, int):
            return False
        before = out[-4].value if len(out) > 3 and out[-4].kind == "O" else ""
        if sign in ("+", "-") and (
            before in _FACTORS or before == "-" or (following.kind == "O" and following.value in _FACTORS)
        ):
            return False
        result = _arithmetic(first, sign, last)
        if result is None or abs(result) > 1 << 53:
            return False
        self._replace(len(out) - 3, token_of(result), is_change=False)
        return True

    def _operated(self, following: Token) -> bool:
        """PowerShell's -f, -join, -replace, -split and -bxor, whose operands commas may part."""
        if self._language != "powershell" or (following.kind == "O" and following.value in (",", "+")):
            return False
        out = self._out
        at = len(out) - 1
        values: list[Value] = []
        while at >= 1 and out[at].kind in _CONSTANTS:
            value = out[at].value
            values.insert(0, value)
            if out[at - 1].kind != "O" or out[at - 1].value != ",":
                break
            at -= 2
        if at < 1 or out[at - 1].kind != "O":
            return False
        operator = str(out[at - 1].value)
        left = out[at - 2] if at >= 2 else LINE_END
        made = _operator(operator, left, values)
        if made is None:
            return False
        self._replace(at - 2 if left.kind in _CONSTANTS else at - 1, token_of(made))
        return True

    def _settle(self, end: Token) -> None:
        """At the end of a statement: what a name was given."""
        self._reduce(end)
        out = self._out
        if len(out) < 3 or out[-1].kind not in _CONSTANTS or out[-2] != Token("O", "="):
            if len(out) >= 4 and out[-1].kind == "S" and out[-2] == Token("I", "return") and out[-3] == Token("O", "{"):
                self._returned()
            return
        target = out[-3]
        if target.kind == "I":
            self._variables[str(target.value).lower()] = out[-1]
        elif target.kind == "O" and target.value in ("+", ".", "&") and len(out) >= 4 and out[-4].kind == "I":
            name = str(out[-4].value).lower()
            held = self._variables.get(name)
            if held is not None and out[-1].kind == "S" and len(text_of(held.value)) < MAX_TEXT:
                joined = text_of(held.value) + text_of(out[-1].value)
                self._variables[name] = token_of(joined)
                self._note(joined)

    def _returned(self) -> None:
        """`function name() { return "text"` makes `name()` a constant."""
        for at in range(len(self._out) - 4, max(-1, len(self._out) - 24), -1):
            if self._out[at] == Token("I", "function") and self._out[at + 1].kind == "I":
                self._variables[f"{str(self._out[at + 1].value).lower()}()"] = self._out[-1]
                return

    def _written(self) -> str:
        pieces: list[str] = []
        last = ""
        for token in self._out:
            text = _written_token(token)
            if pieces and (last[-1:].isalnum() or last[-1:] == '"') and (text[:1].isalnum() or text[:1] in '"$'):
                pieces.append(" ")
            pieces.append(text)
            last = text or last
        return "".join(pieces)


def _written_token(token: Token) -> str:
    if token.kind == "S":
        return f'"{token.value}"'
    if isinstance(token.value, tuple):
        return "[" + ", ".join(map(str, token.value[:2000])) + "]"
    return str(token.value)


def _arithmetic(first: int, sign: str, last: int) -> int | None:
    match sign:
        case "+":
            return first + last
        case "-":
            return first - last
        case "*":
            return first * last
        case "/":
            return first // last if last and first % last == 0 else None
        case "%":
            return first % last if last else None
        case "^" | "-bxor":
            return first ^ last
        case "|":
            return first | last
        case "&":
            return first & last
    return None


def _operator(operator: str, left: Token, values: list[Value]) -> Value | None:
    match operator:
        case "-f" if left.kind == "S":
            flat = [one for value in values for one in (value if isinstance(value, tuple) else (value,))]
            return formatted(text_of(left.value), flat)
        case "-join":
            if left.kind == "A" and isinstance(left.value, tuple):
                return text_of(values[0]).join(map(str, left.value))
            items = values[0] if len(values) == 1 and isinstance(values[0], tuple) else tuple(map(text_of, values))
            return "".join(map(str, items))
        case "-replace" | "-creplace" | "-ireplace" if left.kind == "S" and values and isinstance(values[0], str):
            return method(left.value, "replace", (values[0].replace("\\", ""), text_of(values[1]) if len(values) > 1 else ""))
        case "-split" | "-csplit" | "-isplit" if left.kind == "S" and isinstance(values[0], str):
            return method(left.value, "split", (values[0].replace("\\", ""),))
    return None

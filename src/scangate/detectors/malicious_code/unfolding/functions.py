"""Functions of script languages whose result is known when their arguments are: text functions and decoders. Nothing is run."""

from __future__ import annotations

import base64
import binascii
import codecs
import zlib
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from scangate.detectors.malicious_code.unfolding.tokens import Token

MAX_TEXT: Final = 1 << 18
Value = str | int | tuple[str | int, ...]


def text_of(value: Value) -> str:
    """As these languages print it."""
    if isinstance(value, tuple):
        return "".join(map(str, value))
    return str(value)


def token_of(value: Value) -> Token:
    kind = "S" if isinstance(value, str) else "N" if isinstance(value, int) else "A"
    return Token(kind, value[:MAX_TEXT] if isinstance(value, str) else value, is_made=True)


def _characters(values: Sequence[Value]) -> str | None:
    numbers: list[int] = []
    for value in values:
        for one in value if isinstance(value, tuple) else (value,):
            if not isinstance(one, int) or not 0 <= one < 0x110000:
                return None
            numbers.append(one)
    return "".join(map(chr, numbers)) if numbers else None


def _bytes_as_text(data: bytes) -> str:
    if data[:2] == b"\x1f\x8b" or data[:1] == b"\x78":
        unpacked = inflated(data)
        data = data if unpacked is None else unpacked
    if len(data) > 3 and data[1] == 0 and data[3] == 0:
        return data.decode("utf-16-le", "replace")
    return data.decode("utf-8", "replace") if _is_utf8(data) else data.decode("latin-1")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def inflated(data: bytes) -> bytes | None:
    """gzip, zlib or raw deflate, at most `MAX_TEXT` bytes of it; None for anything else."""
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            return zlib.decompressobj(bits).decompress(data, MAX_TEXT)
        except zlib.error:
            continue
    return None


def base64_text(text: str) -> str | None:
    """What base64 says, unpacked where it is compressed; None where it is none."""
    body = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    if len(body) < 4 or len(body) % 4 == 1:
        return None
    try:
        data = base64.b64decode(body[: MAX_TEXT * 2] + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return _bytes_as_text(data)


def _hex_text(text: str) -> str | None:
    try:
        return _bytes_as_text(bytes.fromhex(text.replace("\\x", "").replace("0x", "").replace(",", "")))
    except ValueError:
        return None


def _unquoted(text: str) -> str:
    return unquote_to_bytes(text.replace("%u00", "%")).decode("utf-8", "replace")


def _inflated_text(text: str) -> str | None:
    try:
        data = inflated(text.encode("latin-1"))
    except UnicodeEncodeError:
        return None
    return None if data is None else _bytes_as_text(data)


def _rot13(text: str) -> str:
    return codecs.encode(text, "rot13")


_ONE_TEXT: Final[dict[str, Callable[[str], str | None]]] = {
    **dict.fromkeys(("atob", "base64_decode", "b64decode", "frombase64string", "standard_b64decode", "urlsafe_b64decode", "decode64"), base64_text),
    **dict.fromkeys(("hex2bin", "fromhex", "unhexlify", "a2b_hex"), _hex_text),
    **dict.fromkeys(("unescape", "decodeuricomponent", "decodeuri", "urldecode", "rawurldecode", "unquote", "unescapedatastring"), _unquoted),
    **dict.fromkeys(("gzinflate", "gzuncompress", "gzdecode", "decompress"), _inflated_text),
    **dict.fromkeys(("strrev", "strreverse"), lambda text: text[::-1]),
    **dict.fromkeys(("tolowercase", "tolower", "lower", "lcase", "strtolower"), str.lower),
    **dict.fromkeys(("touppercase", "toupper", "upper", "ucase", "strtoupper"), str.upper),
    **dict.fromkeys(("trim", "strip"), str.strip),
    **dict.fromkeys(("string", "str", "tostring", "cstr", "stripslashes", "getstring", "decode", "bytes", "bytearray", "encode", "getbytes", "valueof", "b", "u"), lambda text: text),
    "str_rot13": _rot13,
}  # fmt: skip
_CHARACTER: Final = frozenset(
    {"fromcharcode", "fromcodepoint", "chr", "chrw", "chrb", "char", "unichr", "chr$", "tochar", "bytes", "bytearray"}
)


def call(name: str, arguments: Sequence[Value]) -> Value | None:
    """The result of a function of constants; None where it is not known."""
    low = name.lower().lstrip("$")
    if low in _CHARACTER and (text := _characters(arguments)) is not None:
        return text
    if len(arguments) == 1 and isinstance(arguments[0], str) and low in _ONE_TEXT:
        return _ONE_TEXT[low](arguments[0])
    if len(arguments) == 2 and low in ("decode", "encode", "codecs") and arguments[1] in ("rot13", "rot_13", "rot-13"):
        return _rot13(text_of(arguments[0]))
    if len(arguments) == 3 and low in ("replace", "str_replace") and all(isinstance(one, str) for one in arguments):
        first, second, third = map(text_of, arguments)
        return _replaced(third, first, second) if low == "str_replace" else _replaced(first, second, third)
    if low in ("implode", "join") and len(arguments) == 2:
        glue, items = (arguments[0], arguments[1]) if low == "implode" else (arguments[1], arguments[0])
        return text_of(glue).join(map(str, items)) if isinstance(items, tuple) else None
    if low == "array":
        flat = tuple(one for one in arguments if isinstance(one, str | int))
        return flat if len(flat) == len(arguments) and flat else None
    if low in ("parseint", "clng", "cint", "int", "cbyte") and arguments and isinstance(arguments[0], str):
        return _integer(arguments[0], arguments[1] if len(arguments) > 1 else 10)
    if low in ("mid", "substr") and len(arguments) == 3 and isinstance(arguments[0], str):
        return _cut(arguments[0], arguments[1], arguments[2], 1 if low == "mid" else 0)
    return None


def _integer(text: str, base: Value) -> int | None:
    try:
        return int(text, base if isinstance(base, int) and 2 <= base <= 36 else 10) if len(text) < 18 else None
    except ValueError:
        return None


def _cut(text: str, start: Value, length: Value, origin: int) -> str | None:
    if not isinstance(start, int) or not isinstance(length, int):
        return None
    begin = max(0, start - origin)
    return text[begin : begin + max(0, length)]


def _replaced(text: str, old: str, new: str) -> str:
    if not old or text.count(old) * max(0, len(new) - len(old)) + len(text) > MAX_TEXT:
        return text
    return text.replace(old, new)


def method(subject: Value, name: str, arguments: Sequence[Value]) -> Value | None:
    """The result of a method of a constant; None where it is not known."""
    low = name.lower()
    if isinstance(subject, tuple):
        if low == "reverse":
            return subject[::-1]
        if low == "join":
            return text_of(arguments[0] if arguments else ",").join(map(str, subject))
        return None
    text = text_of(subject)
    if low == "split" and arguments:
        parts = text.split(text_of(arguments[0])) if arguments[0] != "" else list(text)
        return tuple(parts[:20_000])
    if low == "tochararray":
        return tuple(text[:20_000])
    if low == "join" and len(arguments) == 1 and isinstance(arguments[0], tuple):
        return text.join(map(str, arguments[0]))
    if low in ("charat", "substring", "substr", "slice", "charcodeat", "chars", "at"):
        return _part(text, low, arguments)
    if low in ("replace", "replaceall") and len(arguments) == 2 and all(isinstance(one, str) for one in arguments):
        return _replaced(text, text_of(arguments[0]), text_of(arguments[1]))
    if low == "concat":
        return text + "".join(map(text_of, arguments))
    if low in ("insert", "remove", "padleft", "padright"):
        return None
    return call(name, (text, *arguments))


def _part(text: str, name: str, arguments: Sequence[Value]) -> Value | None:
    numbers = [one for one in arguments if isinstance(one, int)]
    if not numbers or len(numbers) != len(arguments):
        return None
    start = numbers[0]
    if name in ("charat", "chars", "at"):
        return text[start : start + 1]
    if name == "charcodeat":
        return ord(text[start]) if 0 <= start < len(text) else None
    if len(numbers) == 1:
        return text[start:]
    return text[start : start + numbers[1]] if name == "substr" else text[start : numbers[1]]


def formatted(template: str, values: Sequence[Value]) -> str:
    """PowerShell's `"{1}{0}" -f "a", "b"`."""
    for index, value in enumerate(values[:200]):
        template = _replaced(template, "{" + str(index) + "}", text_of(value))
    return template

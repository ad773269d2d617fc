"""Base64, base32 and hexadecimal blobs, and what is compressed inside them.

Candidates are runs of the alphabet; their first bytes are decoded for all of them at once, and only those that begin like text
(UTF-8, UTF-16LE) or like gzip/zlib are decoded in full. A blob maps back as a whole.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import re2
from numpy.typing import NDArray

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding
from scangate.matching.decoded import Bounds, Decoded, Octets, Source, octet_class, runs_of
from scangate.matching.language import reads_as_text
from scangate.matching.offsets import Coarse, Positions

_SHORTEST: Final = 16
_SHORTEST_HEX: Final = 20
_MAX_CANDIDATES: Final = 500
_MOST_PADDING: Final = 6
_HEAD: Final = 16
"""Characters of a candidate that are decoded to see whether the rest is worth it."""
_LAST_ALPHABET: Final = 6
"""High bytes of UTF-16 from Latin (0) to Cyrillic, Hebrew and Arabic."""
_NEVER: Final = 5

_UPPER: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER: Final = _UPPER.lower()
_DIGITS: Final = b"0123456789"
_SYMBOLS: Final = b"+/-_"
_BASE64: Final = octet_class(_UPPER + _LOWER + _DIGITS + _SYMBOLS)
_BASE64_PLAIN: Final = octet_class(_UPPER + _LOWER + _DIGITS)
_BASE32: Final = octet_class(_UPPER + b"234567")
_HEX: Final = octet_class(_DIGITS + b"abcdefABCDEF")
_BLANK: Final = octet_class(b" \t\r\n")
_ZLIB_LEVELS: Final = octet_class(b"\x01\x5e\x9c\xda")
"""Second byte of a zlib stream (RFC 1950) that 0x78 begins."""


def _values(alphabet: bytes) -> Octets:
    table = np.zeros(256, np.uint8)
    table[list(alphabet)] = np.arange(len(alphabet), dtype=np.uint8)
    return table


_SEXTETS: Final = _values(_UPPER + _LOWER + _DIGITS + b"+/")
_SEXTETS[list(b"-_")] = (62, 63)
_QUINTETS: Final = _values(_UPPER + b"234567")
_NIBBLES: Final = _values(b"0123456789abcdef")
_NIBBLES[list(b"ABCDEF")] = range(10, 16)
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")

_KINDS: Final = np.full(256, _NEVER, np.uint8)
"""Of a byte of UTF-8 text: 0 ASCII, 1 continuation, 2 to 4 lead of so many bytes, _NEVER what text does not hold."""
_KINDS[0x20:0x7F] = 0
_KINDS[[9, 10, 13, 27]] = 0
_KINDS[0x80:0xC0] = 1
_KINDS[0xC2:0xE0] = 2
_KINDS[0xE0:0xF0] = 3
_KINDS[0xF0:0xF5] = 4


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


_ANY_RUN: Final = re2.compile(rb"[A-Za-z0-9+/_-]{16}", options=_quiet())
_BASE32_RUN: Final = re2.compile(rb"[A-Z2-7]{16}", options=_quiet())
_HEX_RUN: Final = re2.compile(rb"[0-9A-Fa-f]{20}", options=_quiet())
_PAIRS: Final = re2.compile(rb"(?:(?:0x)?[0-9A-Fa-f]{2}(?:[ :,;-]|, |\r?\n)){7,}(?:0x)?[0-9A-Fa-f]{2}\b", options=_quiet())
_WORD_RUN: Final = re2.compile(r"(?:\pL{2,}[ ,.]+){3,}\pL{2,}", options=_quiet())


def blobs(source: Source, bounds: Bounds) -> list[Decoded]:
    """Every blob of the source, whatever its alphabet."""
    if _ANY_RUN.search(source.data) is None:
        return _hex_pairs(source, bounds)
    return base64_blobs(source, bounds) + base32_blobs(source, bounds) + hex_blobs(source, bounds)


def base64_blobs(source: Source, bounds: Bounds) -> list[Decoded]:
    """Standard and URL-safe, padded or not, wrapped over lines or not; at least 16 characters."""
    found: list[Decoded] = []
    taken: list[Span] = []
    starts, ends = runs_of(_BASE64[source.octets], _SHORTEST)
    if not len(starts):
        return found
    starts, ends = _lines_joined(source.octets, starts, ends)
    alike = [(starts, ends)]
    if _has_symbols(source.octets, starts, ends):
        alike.append(runs_of(_BASE64_PLAIN[source.octets], _SHORTEST))
    for starts, ends in alike:
        for start, end in _promising(source.octets, starts, ends, _base64_heads, bounds):
            span = Span(start, _padding_end(source.octets, end))
            if not any(span.overlaps(other) for other in taken) and not _is_token_part(source, span):
                pieces = list(_decoded(source, span, _base64_bytes, Encoding.BASE64, bounds))
                taken.extend([span] if pieces else [])
                found.extend(pieces)
    return found


def base32_blobs(source: Source, bounds: Bounds) -> list[Decoded]:
    """RFC 4648 base32 in upper case; at least 16 characters."""
    found: list[Decoded] = []
    if _BASE32_RUN.search(source.data) is None:
        return found
    starts, ends = runs_of(_BASE32[source.octets], _SHORTEST)
    for start, end in _promising(source.octets, starts, ends, _base32_heads, bounds):
        span = Span(start, _padding_end(source.octets, end))
        found.extend(_decoded(source, span, _base32_bytes, Encoding.BASE32, bounds))
    return found


def hex_blobs(source: Source, bounds: Bounds) -> list[Decoded]:
    """Runs of at least 20 hexadecimal digits, with or without 0x, or eight and more pairs with one separator."""
    if _HEX_RUN.search(source.data) is None:
        return _hex_pairs(source, bounds)
    found: list[Decoded] = []
    starts, ends = runs_of(_HEX[source.octets], _SHORTEST_HEX)
    for start, end in _promising(source.octets, starts, ends, _hex_heads, bounds):
        found.extend(_decoded(source, Span(start, end), _hex_bytes, Encoding.HEX, bounds))
    return found + _hex_pairs(source, bounds)


def _hex_pairs(source: Source, bounds: Bounds) -> list[Decoded]:
    found: list[Decoded] = []
    for count, match in enumerate(_PAIRS.finditer(source.data)):
        if count >= _MAX_CANDIDATES:
            bounds.hit = True
            break
        found.extend(_decoded(source, Span(*match.span()), _pair_bytes, Encoding.HEX, bounds))
    return found


def _lines_joined(octets: Octets, starts: Positions, ends: Positions) -> tuple[Positions, Positions]:
    """Runs of equal length on neighbouring lines (the last may be shorter) as one."""
    if len(starts) < 2:
        return starts, ends
    sizes = ends - starts
    blank = np.concatenate((np.zeros(1, np.int32), np.cumsum(_BLANK[octets], dtype=np.int32)))
    gaps = starts[1:] - ends[:-1]
    linked = (gaps <= 12) & (blank[starts[1:]] - blank[ends[:-1]] == gaps) & (sizes[1:] <= sizes[:-1])
    linked &= (octets[ends[:-1]] == 10) | (octets[ends[:-1]] == 13)
    linked[1:] &= ~(linked[:-1] & (sizes[1:-1] < sizes[:-2]))
    return starts[np.concatenate(([True], ~linked))], ends[np.concatenate((~linked, [True]))]


def _has_symbols(octets: Octets, starts: Positions, ends: Positions) -> bool:
    plain = np.concatenate((np.zeros(1, np.int32), np.cumsum(_BASE64_PLAIN[octets], dtype=np.int32)))
    return bool((plain[ends] - plain[starts] < ends - starts).any())


def _promising(
    octets: Octets, starts: Positions, ends: Positions, heads: Callable[[Octets], Octets], bounds: Bounds
) -> Iterator[tuple[int, int]]:
    """The candidates whose first bytes begin like text or like compressed data; shortest first when there are too many."""
    if not len(starts):
        return
    good = _begins_like_text(heads(octets[starts[:, None] + np.arange(_HEAD)]))
    starts, ends = starts[good], ends[good]
    count = bounds.first(len(starts), _MAX_CANDIDATES)
    order = np.sort(np.argsort(ends - starts, kind="stable")[:count])
    yield from zip(starts[order].tolist(), ends[order].tolist(), strict=True)


def _base64_heads(heads: Octets) -> Octets:
    sextets = _SEXTETS[heads].reshape(-1, 4, 4)
    first, second, third, fourth = (sextets[:, :, i] for i in range(4))
    return np.stack((first << 2 | second >> 4, second << 4 | third >> 2, third << 6 | fourth), 2).reshape(len(heads), 12)


def _base32_heads(heads: Octets) -> Octets:
    bits = np.unpackbits(_QUINTETS[heads][:, :, None], axis=2)[:, :, 3:].reshape(len(heads), _HEAD * 5)
    return np.packbits(bits, axis=1)


def _hex_heads(heads: Octets) -> Octets:
    nibbles = _NIBBLES[heads]
    return (nibbles[:, ::2] << 4 | nibbles[:, 1::2]).astype(np.uint8)


def _begins_like_text(heads: Octets) -> NDArray[np.bool_]:
    kinds = _KINDS[heads]
    continues = kinds == 1
    wanted = np.zeros_like(continues)
    wanted[:, 1:] |= (kinds[:, :-1] >= 2) & (kinds[:, :-1] <= 4)
    wanted[:, 2:] |= (kinds[:, :-2] == 3) | (kinds[:, :-2] == 4)
    wanted[:, 3:] |= kinds[:, :-3] == 4
    utf8 = (kinds != _NEVER).all(1) & (continues == wanted).all(1)
    high = heads[:, 1::2]
    low = np.where(high == 0, kinds[:, ::2] == 0, True)
    utf16 = ((high <= _LAST_ALPHABET) & low).all(1)
    utf16 |= (heads[:, 0] == 0xFF) & (heads[:, 1] == 0xFE)
    gzipped = (heads[:, 0] == 0x1F) & (heads[:, 1] == 0x8B)
    deflated = (heads[:, 0] == 0x78) & _ZLIB_LEVELS[heads[:, 1]]
    result: NDArray[np.bool_] = utf8 | utf16 | gzipped | deflated
    return result


def _padding_end(octets: Octets, end: int) -> int:
    last = min(len(octets), end + _MOST_PADDING)
    while end < last and octets[end] == ord("="):
        end += 1
    return end


def _is_token_part(source: Source, span: Span) -> bool:
    """Whether the run is header or claims of a JSON web token (RFC 7519) without a sentence in it."""
    text = source.text
    dotted = text[span.end : span.end + 3] == ".ey" or (
        text[span.start - 1 : span.start] == "." and text[span.end : span.end + 1] == "."
    )
    if not dotted or not text.startswith("ey", span.start):
        return False
    return _WORD_RUN.search(_base64_bytes(text[span.start : span.end].encode()).decode("utf-8", "replace")) is None


def _base64_bytes(blob: bytes) -> bytes:
    body = blob.translate(_URL_SAFE, b" \t\r\n=")
    body = body[: len(body) - 1] if len(body) % 4 == 1 else body
    return binascii.a2b_base64(body + b"=" * (-len(body) % 4))


def _base32_bytes(blob: bytes) -> bytes:
    quintets = _QUINTETS[np.frombuffer(blob.rstrip(b"="), np.uint8)]
    bits = np.unpackbits(quintets[:, None], axis=1)[:, 3:].ravel()
    return np.packbits(bits[: len(bits) // 8 * 8]).tobytes()


def _hex_bytes(blob: bytes) -> bytes:
    return bytes.fromhex(blob[: len(blob) // 2 * 2].decode())


def _pair_bytes(blob: bytes) -> bytes:
    return bytes.fromhex(blob.replace(b"0x", b"").translate(None, b" :,;-\r\n").decode())


def _decoded(
    source: Source, span: Span, decode: Callable[[bytes], bytes], encoding: Encoding, bounds: Bounds
) -> Iterator[Decoded]:
    end = min(span.end, span.start + 4 * bounds.characters)
    bounds.hit |= end < span.end
    data = decode(source.data[span.start : end])
    encodings: tuple[Encoding, ...] = (encoding,)
    if data[:2] == b"\x1f\x8b" or data[:1] == b"\x78":
        unpacked, compression = _decompressed(data, bounds)
        if unpacked is not None:
            data, encodings = unpacked, (encoding, compression)
    text = _text_of_bytes(data)
    if text is None:
        return
    if len(text) > bounds.characters:
        text, bounds.hit = text[: bounds.characters], True
    readable = reads_as_text(text)
    # what is text without being language may hold another layer: base64, ROT13, escapes
    if readable or len(text) >= _SHORTEST:
        yield Decoded(text, Coarse(span), encodings, readable)


def _decompressed(data: bytes, bounds: Bounds) -> tuple[bytes | None, Encoding]:
    gzipped = data[:1] == b"\x1f"
    encoding = Encoding.GZIP if gzipped else Encoding.ZLIB
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16 if gzipped else zlib.MAX_WBITS)
    limit = min(4 * bounds.characters, bounds.inflated_bytes)
    if limit <= 0:
        bounds.hit = True
        return None, encoding
    try:
        unpacked = inflate.decompress(data, limit)
    except zlib.error:
        return None, encoding
    bounds.inflated_bytes -= len(unpacked)
    bounds.hit |= bool(inflate.unconsumed_tail)
    return unpacked, encoding


def _text_of_bytes(data: bytes) -> str | None:
    """UTF-8 or UTF-16LE text; None for anything else. A broken last character (the blob was cut) is forgiven."""
    high = data[1:64:2]
    if data[:2] == b"\xff\xfe" or (len(high) > 4 and max(high) <= _LAST_ALPHABET):
        return data[: len(data) // 2 * 2].decode("utf-16-le", "replace").lstrip("\ufeff")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= max(12, len(data) - 3):
            return data[: error.start].decode("utf-8")
        return None

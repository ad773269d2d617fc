"""Escapes of URLs (RFC 3986), HTML (named and numeric character references) and programming languages (\\u0069, \\x69, \\151).

Found and decoded with numpy, so that two million characters of nothing but escapes take no longer than prose.
"""

from __future__ import annotations

import html.entities
from functools import cache
from typing import Final

import numpy as np

from scangate.domain.taxonomy import Encoding
from scangate.matching import characters as ch
from scangate.matching.characters import CODE_POINTS, character_tables
from scangate.matching.decoded import Bounds, Decoded, Source, digits_at, hexadecimal_at, octet_class, octets_at
from scangate.matching.offsets import Mask, Positions
from scangate.matching.substitution import Edits, substituted

_FEWEST: Final = 3
_NEAR: Final = 32
"""Escapes at most so far apart support each other."""
_PRINTABLE_SHARE: Final = 0.6
_LONGEST_NUMBER: Final = 8

_SEQUENCE_LENGTH: Final = np.zeros(256, np.int64)
"""Of UTF-8, by lead byte (RFC 3629); 0 for bytes that lead nothing."""
_SEQUENCE_LENGTH[:0x80] = 1
_SEQUENCE_LENGTH[0xC2:0xE0] = 2
_SEQUENCE_LENGTH[0xE0:0xF0] = 3
_SEQUENCE_LENGTH[0xF0:0xF5] = 4
_BLANK: Final = octet_class(b" \t\r\n\"'<>")
_WHITE: Final = (9, 10, 13)
_EMPTY: Final = np.zeros(0, np.int64)


def url_escapes(source: Source, bounds: Bounds) -> list[Decoded]:
    """%41 (UTF-8) and %u0041, in words that hold at least three of them; there `+` is a space."""
    if source.data.count(b"%") < _FEWEST:
        return []
    at = np.flatnonzero(source.octets == ord("%"))
    plain = _as_characters(_fixed(source, at, 1, 2), strict=True)
    edits = Edits.merged(plain, _paired(_fixed(source, at[_follows(source, at, 1, b"u")], 2, 4)))
    words = _word_numbers(source, edits.starts)
    # %02 is more often a format than a byte: control characters do not count, though they are undone beside others
    shown = (edits.values >= 32) | np.isin(edits.values, _WHITE)
    dense = np.bincount(words, weights=shown)[words] >= _FEWEST if len(words) else np.zeros(0, np.bool_)
    edits = edits.where(np.flatnonzero(dense))
    if len(edits) and b"+" in source.data:
        plus = np.flatnonzero(source.octets == ord("+"))
        plus = plus[np.isin(_word_numbers(source, plus), np.unique(words[dense]))]
        edits = Edits.merged(edits, Edits(plus, plus + 1, np.full(len(plus), ord(" "))))
    return substituted(source, edits, Encoding.URL, bounds)


def html_references(source: Source, bounds: Bounds) -> list[Decoded]:
    """&#105; &#x69; &eacute; where at least three of those that lie together are letters."""
    if source.data.count(b"&") < _FEWEST:
        return []
    at = np.flatnonzero(source.octets == ord("&"))
    numeric = at[_follows(source, at, 1, b"#")]
    hexadecimal = _follows(source, numeric, 2, b"xX")
    edits = Edits.merged(
        _variable(source, numeric[~hexadecimal], 2, 10),
        _variable(source, numeric[hexadecimal], 3, 16),
        _named(source, at[~_follows(source, at, 1, b"#&")]),
    )
    return substituted(source, _supported(edits), Encoding.HTML, bounds)


def backslash_escapes(source: Source, bounds: Bounds) -> list[Decoded]:
    r"""\u0069 (surrogates joined), \u{69}, \U00000069, \x69 (UTF-8), \151, and U+0069, where three together are letters.

    A run of \x escapes alone counts as hexadecimal.
    """
    if source.data.count(b"\\") + source.data.count(b"U+") < _FEWEST:
        return []
    at = np.flatnonzero(source.octets == ord("\\"))
    after_u = at[_follows(source, at, 1, b"u")]
    braced = _follows(source, after_u, 2, b"{")
    notation = np.flatnonzero((source.octets[:-1] == ord("U")) & (source.octets[1:] == ord("+")))
    octal = _octal(source, at)
    hexadecimal = _supported(_as_characters(_fixed(source, at[_follows(source, at, 1, b"x")], 2, 2), strict=False))
    others = Edits.merged(
        _paired(_fixed(source, after_u[~braced], 2, 4)),
        _variable(source, after_u[braced], 3, 16),
        _fixed(source, at[_follows(source, at, 1, b"U")], 2, 8),
        _variable(source, notation, 2, 16, most=6),
        _as_characters(octal, strict=False),
    )
    if not len(others):
        return substituted(source, hexadecimal, Encoding.HEX, bounds)
    return substituted(source, _supported(Edits.merged(hexadecimal, others)), Encoding.UNICODE_ESCAPE, bounds)


def _follows(source: Source, at: Positions, distance: int, wanted: bytes) -> Mask:
    """Mask: the byte at this distance is one of `wanted`."""
    return octet_class(wanted)[octets_at(source.octets, at + distance)]


def _fixed(source: Source, at: Positions, skip: int, digits: int) -> Edits:
    """Escapes of exactly so many hexadecimal digits after a prefix of `skip` characters."""
    value, valid = hexadecimal_at(source.octets, at + skip, digits)
    valid &= value < CODE_POINTS
    return Edits(at[valid], at[valid] + skip + digits, value[valid])


def _octal(source: Source, at: Positions) -> Edits:
    value = np.zeros(len(at), np.int64)
    valid = np.ones(len(at), np.bool_)
    for place, most in ((1, 3), (2, 7), (3, 7)):
        digit = digits_at(source.octets, at + place)
        valid &= digit <= most
        value = value * 8 + digit
    return Edits(at[valid], at[valid] + 4, value[valid])


def _variable(source: Source, at: Positions, skip: int, base: int, most: int = _LONGEST_NUMBER) -> Edits:
    """Numbers of any length up to `most` digits, and the `;` or `}` that closes them."""
    value, size = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    running = np.ones(len(at), np.bool_)
    for place in range(most):
        digit = digits_at(source.octets, at + skip + place)
        running &= digit < base
        value = np.where(running, value * base + digit, value)
        size += running
    ends = at + skip + size
    ends += octet_class(b";}")[octets_at(source.octets, ends)]
    valid = (size > 0) & (value > 0) & (value < CODE_POINTS) & ((value < 0xD800) | (value > 0xDFFF))
    return Edits(at[valid], ends[valid], value[valid])


@cache
def _entities() -> tuple[Positions, Positions]:
    """Names of references to one character, as packed bytes in order, and the characters."""
    single = ((name[:-1].encode(), ord(text)) for name, text in html.entities.html5.items() if name[-1] == ";" and len(text) == 1)
    packed = sorted((int.from_bytes(name.ljust(8, b"\0"), "big"), point) for name, point in single if len(name) <= 7)
    table = np.array(packed, np.int64)
    return table[:, 0], table[:, 1]


def _named(source: Source, at: Positions) -> Edits:
    """Named references of up to seven letters (all that stand for letters of European alphabets), closed by `;`."""
    key, size = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    running = np.ones(len(at), np.bool_)
    for place in range(8):
        octet = octets_at(source.octets, at + 1 + place)
        running &= (octet != ord(";")) & (octet < 128) & (place < 7)
        key = key << 8 | np.where(running, octet, 0)
        size += running
    names, points = _entities()
    index = np.minimum(np.searchsorted(names, key), len(names) - 1)
    ends = at + 2 + size
    valid = (names[index] == key) & (octets_at(source.octets, ends - 1) == ord(";"))
    return Edits(at[valid], ends[valid], points[index[valid]])


def _paired(edits: Edits) -> Edits:
    """Neighbouring surrogates joined; lone ones left undecoded."""
    high = (edits.values >= 0xD800) & (edits.values < 0xDC00)
    low = (edits.values >= 0xDC00) & (edits.values < 0xE000)
    if not high.any() and not low.any():
        return edits
    joined = np.zeros(len(edits), np.bool_)
    joined[:-1] = high[:-1] & low[1:] & (edits.ends[:-1] == edits.starts[1:])
    following = np.minimum(np.arange(len(edits)) + 1, len(edits) - 1)
    values = np.where(joined, 0x10000 + ((edits.values & 0x3FF) << 10) + (edits.values[following] & 0x3FF), edits.values)
    ends = np.where(joined, edits.ends[following], edits.ends)
    return Edits(edits.starts, ends, values).where(np.flatnonzero(joined | ~(high | low)))


def _as_characters(edits: Edits, *, strict: bool) -> Edits:
    """Edits whose values are bytes, with neighbouring bytes joined as UTF-8.

    High bytes that are not UTF-8 are left out (strict) or read as Latin-1.
    """
    value = edits.values
    if not (value >= 0x80).any():
        return edits
    size = _SEQUENCE_LENGTH[value]
    index = np.arange(len(edits))
    point = np.select([size == 2, size == 3, size == 4], [value & 0x1F, value & 0x0F, value & 0x07], value)
    ends = edits.ends.copy()
    whole = size > 0
    for place in (1, 2, 3):
        wants = whole & (size > place)
        other = np.minimum(index + place, len(edits) - 1)
        good = (index + place < len(edits)) & ((value[other] & 0xC0) == 0x80) & (edits.starts[other] == ends)
        whole &= ~wants | good
        point = np.where(wants, point << 6 | (value[other] & 0x3F), point)
        ends = np.where(wants & good, edits.ends[other], ends)
    whole &= (point < CODE_POINTS) & ((point < 0xD800) | (point > 0xDFFF))
    inner = np.zeros(len(edits), np.bool_)
    for place in (1, 2, 3):
        inner[index[whole & (size > place)] + place] = True
    kept = whole if strict else whole | ~inner
    joined = Edits(edits.starts, np.where(whole, ends, edits.ends), np.where(whole, point, value))
    return joined.where(np.flatnonzero(kept))


def _supported(edits: Edits) -> Edits:
    """Only groups of near edits that are mostly printable and hold at least three letters or digits (or tag characters)."""
    if len(edits) < _FEWEST:
        return edits.where(_EMPTY)
    values = edits.values
    # a single byte that was read as Latin-1 says nothing: binary data is full of them
    printable = (values >= 32) & ((values < 0x7F) | (values > 0xFF) | (edits.ends - edits.starts > 4))
    letters = printable & (
        ((character_tables().flags[values] & ch.LETTER) != 0) | ((values >= 0x30) & (values < 0x3A)) | (values >= 0xE0000)
    )
    opens = np.concatenate(([True], edits.starts[1:] - edits.ends[:-1] > _NEAR))
    group = np.cumsum(opens) - 1
    enough = np.bincount(group, weights=letters) >= _FEWEST
    enough &= np.bincount(group, weights=printable) >= _PRINTABLE_SHARE * np.bincount(group)
    return edits.where(np.flatnonzero(enough[group]))


def _word_numbers(source: Source, at: Positions) -> Positions:
    """For each position the number of its word; words are parted by blanks, quotes and angle brackets."""
    numbers: Positions = np.cumsum(_BLANK[source.octets], dtype=np.int64)[at]
    return numbers

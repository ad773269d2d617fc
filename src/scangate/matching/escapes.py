"""Escapes of URLs (RFC 3986), HTML (named and numeric character references) and programming languages (\\u0069, \\x69, \\151).

Found and decoded with numpy, so that two million characters of nothing but escapes take no longer than prose.
"""

from __future__ import annotations

import html.entities
from functools import cache
from typing import Final

import numpy as np
import re2

from scangate.domain.taxonomy import Encoding
from scangate.matching import characters as ch
from scangate.matching.characters import CODE_POINTS, character_tables
from scangate.matching.decoded import Bounds, Decoded, Positions, Source, octet_class
from scangate.matching.substitution import Edits, substituted

_FEWEST: Final = 3
_NEAR: Final = 32
"""Escapes at most so far apart support each other."""
_MAX_NAMED: Final = 20_000
_NOT_HEX: Final = 99
_LONGEST_NUMBER: Final = 8
_NAMED: Final = re2.compile(rb"&([A-Za-z][A-Za-z0-9]{1,24});")

_HEX: Final = np.full(256, _NOT_HEX, np.int64)
_HEX[ord("0") : ord("9") + 1] = range(10)
_HEX[ord("a") : ord("f") + 1] = _HEX[ord("A") : ord("F") + 1] = range(10, 16)
_BLANK: Final = octet_class(b" \t\r\n\"'<>")
_EMPTY: Final = np.zeros(0, np.int64)


def url_escapes(source: Source, bounds: Bounds) -> list[Decoded]:
    """%41 (UTF-8) and %u0041, in words that hold at least three of them; there `+` is a space."""
    if source.data.count(b"%") < _FEWEST:
        return []
    at = np.flatnonzero(source.octets == ord("%"))
    plain = _as_characters(_fixed(source, at, 1, 2), strict=True)
    edits = Edits.merged(plain, _paired(_fixed(source, at[_follows(source, at, 1, b"u")], 2, 4)))
    words = _word_numbers(source, edits.starts)
    dense = np.bincount(words, minlength=1)[words] >= _FEWEST if len(words) else np.zeros(0, np.bool_)
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
        _named(source, bounds) if b";" in source.data else Edits(_EMPTY, _EMPTY, _EMPTY),
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


def _follows(source: Source, at: Positions, distance: int, wanted: bytes) -> Positions:
    """Mask: the byte at this distance is one of `wanted`."""
    return octet_class(wanted)[_octets_at(source, at + distance)]  # type: ignore[return-value]


def _octets_at(source: Source, at: Positions) -> Positions:
    """The bytes at these positions; 0 past the end."""
    inside = at < len(source.octets)
    return np.where(inside, source.octets[np.minimum(at, len(source.octets) - 1)], 0)


def _fixed(source: Source, at: Positions, skip: int, digits: int) -> Edits:
    """Escapes of exactly so many hexadecimal digits after a prefix of `skip` characters."""
    value = np.zeros(len(at), np.int64)
    valid = np.ones(len(at), np.bool_)
    for place in range(digits):
        digit = _HEX[_octets_at(source, at + skip + place)]
        valid &= digit != _NOT_HEX
        value = value * 16 + digit
    valid &= value < CODE_POINTS
    return Edits(at[valid], at[valid] + skip + digits, value[valid])


def _octal(source: Source, at: Positions) -> Edits:
    value = np.zeros(len(at), np.int64)
    valid = np.ones(len(at), np.bool_)
    for place, most in ((1, 3), (2, 7), (3, 7)):
        digit = _HEX[_octets_at(source, at + place)]
        valid &= digit <= most
        value = value * 8 + digit
    return Edits(at[valid], at[valid] + 4, value[valid])


def _variable(source: Source, at: Positions, skip: int, base: int, most: int = _LONGEST_NUMBER) -> Edits:
    """Numbers of any length up to `most` digits, and the `;` or `}` that closes them."""
    value, size = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    running = np.ones(len(at), np.bool_)
    for place in range(most):
        digit = _HEX[_octets_at(source, at + skip + place)]
        running &= digit < base
        value = np.where(running, value * base + digit, value)
        size += running
    ends = at + skip + size
    ends += octet_class(b";}")[_octets_at(source, ends)]
    valid = (size > 0) & (value > 0) & (value < CODE_POINTS) & ((value < 0xD800) | (value > 0xDFFF))
    return Edits(at[valid], ends[valid], value[valid])


@cache
def _entities() -> dict[bytes, int]:
    """Named references to one character, without the ones that prose and code need (&amp; &lt; &nbsp; …: no letters)."""
    single = ((name.rstrip(";"), text) for name, text in html.entities.html5.items() if name.endswith(";") and len(text) == 1)
    return {name.encode(): ord(text) for name, text in single}


def _named(source: Source, bounds: Bounds) -> Edits:
    found = []
    for count, match in enumerate(_NAMED.finditer(source.data)):
        if count >= _MAX_NAMED:
            bounds.hit = True
            break
        value = _entities().get(match.group(1))
        if value is not None:
            found.append((match.start(), match.end(), value))
    table = np.array(found, np.int64).reshape(-1, 3)
    return Edits(table[:, 0], table[:, 1], table[:, 2])


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
    size = np.select([value < 0x80, (value >= 0xC2) & (value < 0xE0), (value >= 0xE0) & (value < 0xF0), (value >= 0xF0) & (value < 0xF5)], [1, 2, 3, 4], 0)  # fmt: skip
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
    """Only groups of near edits of which at least three are letters."""
    if len(edits) < _FEWEST:
        return edits.where(np.flatnonzero(np.zeros(len(edits), np.bool_)))
    letters = (character_tables().flags[edits.values] & ch.LETTER) != 0
    opens = np.concatenate(([True], edits.starts[1:] - edits.ends[:-1] > _NEAR))
    group = np.cumsum(opens) - 1
    enough = np.bincount(group, weights=letters) >= _FEWEST
    return edits.where(np.flatnonzero(enough[group]))


def _word_numbers(source: Source, at: Positions) -> Positions:
    """For each position the number of its word; words are parted by blanks, quotes and angle brackets."""
    numbers: Positions = np.cumsum(_BLANK[source.octets], dtype=np.int64)[at]
    return numbers

"""Hosts as a browser would resolve them: names in punycode, IP literals in every notation that browsers accept.

Follows the host parser of the WHATWG URL standard as far as look-ups need it: percent-decoding, IDNA mapping (UTS 46), decimal,
octal, hexadecimal and shortened IPv4 numbers, IPv6 with embedded IPv4. What it refuses is no host.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import unquote_to_bytes

import idna

from scangate.matching.public_suffixes import punycode

HOST_MAX: Final = 253
LABEL_MAX: Final = 63
_NAME_CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789-_."
_NO_NAME_CHARACTERS: Final = {ord(character): None for character in _NAME_CHARACTERS}
_HEX_DIGITS: Final = frozenset("0123456789abcdef")


class HostKind(StrEnum):
    NAME = "name"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True)
class Host:
    """`text` is canonical: a lower-case punycode name, a dotted quad, or an IPv6 address without brackets.

    `obscured` says that an IP address was written in a notation that people do not use (decimal, octal, hexadecimal, short,
    IPv4 inside IPv6). `unicode` is the name before punycode, "" when it was ASCII.
    """

    text: str
    kind: HostKind
    obscured: bool = False
    unicode: str = ""

    @property
    def is_ip(self) -> bool:
        return self.kind is not HostKind.NAME

    @property
    def is_routable(self) -> bool:
        """A globally routable IP address (False for names, and for private, loopback and documentation addresses)."""
        return self.is_ip and ipaddress.ip_address(self.text).is_global

    @property
    def is_private(self) -> bool:
        """An address or name that only means something inside a network (RFC 1918, loopback, link-local, `.local`, `.onion`)."""
        if self.is_ip:
            address = ipaddress.ip_address(self.text)
            return address.is_private or address.is_link_local
        return self.text == "localhost" or self.text.rpartition(".")[2] in PRIVATE_TLDS


PRIVATE_TLDS: Final = frozenset({"local", "localhost", "internal", "lan", "home", "corp", "intranet", "onion"})


def parse_host(raw: str) -> Host | None:
    """Canonicalise the host of a URL, brackets of an IPv6 literal included; None for what no browser would open."""
    if not raw or len(raw) > HOST_MAX * 3:
        return None
    if raw[0] == "[":
        return _parse_ipv6(raw)
    if "%" in raw:
        raw = unquote_to_bytes(raw).decode("utf-8", "replace")
    name = raw.lower()
    unicode = ""
    if not name.isascii():
        unicode = unicodedata.normalize("NFKC", name).lower().replace("。", ".")
        name = _to_ascii(unicode)
        if name == unicode:  # only compatibility forms of ASCII, as in full-width text
            unicode = ""
    name = name.rstrip(".")
    if not name or len(name) > HOST_MAX or name[0] == "." or ".." in name or name.translate(_NO_NAME_CHARACTERS):
        return None
    last = name.rpartition(".")[2]
    if last[0].isdigit():
        return _parse_ipv4(name)
    if len(name) > LABEL_MAX and max(map(len, name.split("."))) > LABEL_MAX:
        return None
    return Host(name, HostKind.NAME, unicode=unicode)


def _to_ascii(name: str) -> str:
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        # Browsers are laxer than IDNA 2008 (emoji, mixed scripts): a look-up must see such a name too.
        return punycode(name)


def _parse_ipv6(raw: str) -> Host | None:
    if raw[-1] != "]":
        return None
    try:
        address = ipaddress.IPv6Address(raw[1:-1].partition("%")[0])
    except ValueError:
        return None
    if address.ipv4_mapped is not None:
        return Host(str(address.ipv4_mapped), HostKind.IPV4, obscured=True)
    return Host(str(address), HostKind.IPV6)


def _parse_ipv4(name: str) -> Host | None:
    """WHATWG "IPv4 parser": one to four numbers, the last of which fills the remaining bytes."""
    pieces = name.split(".")
    if len(pieces) > 4:
        return None
    numbers = [_ipv4_number(piece) for piece in pieces]
    value = 0
    for number in numbers[:-1]:
        if number is None or number > 255:
            return None
        value = value << 8 | number
    last = numbers[-1]
    free_bytes = 5 - len(pieces)
    if last is None or last >= 256**free_bytes:
        return None
    text = str(ipaddress.IPv4Address(value << 8 * free_bytes | last))
    return Host(text, HostKind.IPV4, obscured=not _is_plain_quad(pieces))


def _is_plain_quad(pieces: list[str]) -> bool:
    """Four decimal numbers, maybe padded with zeros to three digits, as people do without meaning octal."""
    return len(pieces) == 4 and all(piece.isdigit() and len(piece) <= 3 for piece in pieces)


def _ipv4_number(piece: str) -> int | None:
    digits, base = piece, 10
    if piece.startswith("0x"):
        digits, base = piece[2:] or "0", 16
    elif len(piece) > 1 and piece[0] == "0":
        digits, base = piece[1:], 8
    if len(digits) > 16 or not digits or not _HEX_DIGITS.issuperset(digits):
        return None
    try:
        return int(digits, base)
    except ValueError:
        return None

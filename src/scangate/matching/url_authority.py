"""Reads the part of a URL between the slashes: userinfo, host, port; and cuts off what does not belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from scangate.matching.url_hosts import Host, HostKind, parse_host

_NO_HOST: Final = bytes(byte for byte in range(128) if chr(byte) not in "abcdefghijklmnopqrstuvwxyz0123456789-_.%")
_TO_HOST: Final = bytes.maketrans(_NO_HOST, b" " * len(_NO_HOST))
_PORT_MAX: Final = 65535


@dataclass(frozen=True, slots=True)
class Authority:
    """`length` bytes were read, the userinfo and its `@` being the first `userinfo_length + 1`; the host ends at `host_end`.

    `skipped` bytes of prose stood before all that (bare hosts only).
    """

    host: Host
    port: int | None
    userinfo_length: int
    host_end: int
    length: int
    skipped: int = 0


class AuthorityReader:
    """`tlds` are UTF-8, international ones both in punycode and in their own script."""

    __slots__ = ("tlds",)

    def __init__(self, tlds: frozenset[bytes]) -> None:
        self.tlds = tlds

    def read(self, authority: bytes) -> Authority | None:
        """Of a URL with a scheme: any name with a dot, `localhost`, IP addresses in every notation."""
        userinfo, at, rest = authority.rpartition(b"@")
        before = len(userinfo) + len(at)
        read = self._host_of(rest)
        if read is None:
            return None
        host, length = read
        if host.kind is HostKind.NAME and "." not in host.text and host.text != "localhost":
            return None
        port, port_length = _port(rest[length:])
        if port is not None and port > _PORT_MAX:
            return None
        return Authority(host, port, len(userinfo), before + length, before + length + port_length)

    def read_bare(self, head: bytes) -> Authority | None:
        """Of a name without a scheme: a known top-level domain or a dotted quad, no userinfo (that is an e-mail address)."""
        if b"@" in head:
            return None
        skipped = 0 if head.isascii() else _leading_ideographs(head)
        head = head[skipped:]
        read = self._host_of(head)
        if read is None:
            return None
        host, length = read
        if host.kind is HostKind.NAME:
            if "." not in host.text or host.text.rpartition(".")[2].encode() not in self.tlds:
                return None
        elif host.kind is HostKind.IPV4 and (host.obscured or head[:length].count(b".") != 3):
            return None
        port, port_length = _port(head[length:])
        if port is not None and not 0 < port <= _PORT_MAX:
            return None
        return Authority(host, port, 0, length, length + port_length, skipped)

    def _host_of(self, text: bytes) -> tuple[Host, int] | None:
        """The host at the start of `text` and how many bytes it takes."""
        if text[:1] == b"[":
            length = text.find(b"]") + 1
            host = parse_host(text[:length].decode("utf-8", "replace")) if length else None
            return (host, length) if host else None
        name = text.translate(_TO_HOST).partition(b" ")[0]
        if b"%" in name:
            return self._percent_encoded(name)
        name = name.rstrip(b".-_")
        if not name.isascii():
            name = self._without_prose(name)
        host = parse_host(name.decode("utf-8", "replace")) if name else None
        return (host, len(name)) if host else None

    def _percent_encoded(self, name: bytes) -> tuple[Host, int] | None:
        decoded = unquote_to_bytes(name).lower().translate(_TO_HOST).partition(b" ")[0]
        host = parse_host(decoded.decode("utf-8", "replace")) if b"%" not in decoded else None
        return (host, len(name)) if host else None

    def _without_prose(self, name: bytes) -> bytes:
        """Scripts without spaces run on after a URL: cut back to a known top-level domain that ends where ASCII ends."""
        if name.rpartition(b".")[2] in self.tlds:
            return name
        for end in range(min(len(name), 255) - 1, 2, -1):
            if name[end] >= 0x80 and name[end - 1] < 0x80:
                prefix = name[:end].rstrip(b".-_")
                if b"." in prefix and prefix.rpartition(b".")[2] in self.tlds:
                    return prefix
        return name


def _leading_ideographs(head: bytes) -> int:
    """`看example.com` is a word and a host: how many bytes of Chinese, Japanese or Korean precede the first ASCII character."""
    skipped = 0
    while skipped < len(head) and head[skipped] >= 0xE3:
        skipped += 3 if head[skipped] < 0xF0 else 4
    return skipped if head[skipped : skipped + 1].isalnum() else 0


def _port(rest: bytes) -> tuple[int | None, int]:
    """`:8080…` to (8080, 5); a colon without digits is no port."""
    if rest[:1] != b":":
        return None, 0
    digits = rest[1:7]
    count = len(digits) - len(digits.lstrip(b"0123456789"))
    return (int(digits[:count]), count + 1) if count else (None, 0)

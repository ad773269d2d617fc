"""Forwarding to syslog: RFC 5424 messages over UDP (RFC 5426), or over TCP with octet counting (RFC 6587).

Neither protocol acknowledges. Over UDP a datagram may be lost on its way; over TCP what was on the wire when a connection broke may
be, and is sent again as far as the break is noticed.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from scangate.domain.moments import timestamp
from scangate.domain.taxonomy import Category
from scangate.errors import ConfigurationError
from scangate.records.entry import LogEntry, moment_of
from scangate.records.forwarding.target import DeliveryError, Event

LOCAL0: Final = 16
ERROR, WARNING, NOTICE, INFORMATIONAL = 3, 4, 5, 6
DEFAULT_PORT: Final = 514


def severity_of(entry: LogEntry) -> int:
    """Of RFC 5424: a threat is a warning, a refused request a notice, a scan that failed an error."""
    if entry.category == Category.MALICIOUS:
        return WARNING
    if entry.category in (Category.ERROR, Category.TIMEOUT):
        return ERROR
    return INFORMATIONAL if entry.category == Category.BENIGN else NOTICE


def message(event: Event, host: str, process: int) -> bytes:
    """The text is JSON in ASCII: RFC 5424 wants a byte order mark in front of anything else, which no JSON reader wants."""
    head = f"<{LOCAL0 * 8 + severity_of(event.entry)}>1 {timestamp(moment_of(event.entry.received_us))} {host} scangate {process}"
    text = json.dumps(event.document, separators=(",", ":"))
    return f"{head} {event.document['event']} - {text}".encode("ascii")


class SyslogTarget:
    """`address` is `udp://host:port` or `tcp://host:port`; port 514 where none is given."""

    name = "syslog"

    def __init__(self, address: str, *, timeout_seconds: float) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("udp", "tcp") or not parts.hostname:
            raise ConfigurationError("SCANGATE_FORWARDING__SYSLOG: udp://host:port or tcp://host:port")
        self._is_udp = parts.scheme == "udp"
        self._host, self._port = parts.hostname, parts.port or DEFAULT_PORT
        self._timeout_seconds = timeout_seconds
        self._own_name = "".join(c for c in socket.gethostname() if "!" <= c <= "~")[:255] or "-"
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, events: Sequence[Event]) -> None:
        messages = [message(event, self._own_name, os.getpid()) for event in events]
        try:
            async with asyncio.timeout(self._timeout_seconds):
                if self._is_udp:
                    await asyncio.to_thread(self._send_datagrams, messages)
                else:
                    await self._send_stream(messages)
        except (OSError, TimeoutError) as error:
            await self.close()
            raise DeliveryError(type(error).__name__) from None

    def _send_datagrams(self, messages: Sequence[bytes]) -> None:
        """On a thread: names are looked up, and uvloop sends no datagrams from a bare socket."""
        family, kind, protocol, _, address = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as sender:
            sender.settimeout(self._timeout_seconds)
            for datagram in messages:
                sender.sendto(datagram, address)

    async def _send_stream(self, messages: Sequence[bytes]) -> None:
        if self._connection is not None and self._connection[0].at_eof():
            await self.close()
        if self._connection is None:
            self._connection = await asyncio.open_connection(self._host, self._port)
        _, writer = self._connection
        writer.write(b"".join(b"%d %b" % (len(text), text) for text in messages))
        await writer.drain()

    async def close(self) -> None:
        if self._connection is not None:
            _, writer = self._connection
            self._connection = None
            writer.close()

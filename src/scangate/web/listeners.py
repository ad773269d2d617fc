"""The listeners of one process: https, and plain http beside it where asked for. uvicorn serves; this bounds and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scangate.errors import ConfigurationError
from scangate.web.tls import ServerTls

MAX_HEAD_BYTES = 64 * 1024
_BACKLOG = 1024
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket and what it speaks; `tls` None is plain http."""

    socket: socket.socket
    tls: ServerTls | None


def bind(host: str, port: int) -> socket.socket:
    """
    Raises:
        ConfigurationError: the address is taken or is not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    bound.set_inheritable(True)
    return bound


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with what it leaves out: a bound on the size and on the time of a request's head."""

    head_seconds = 30

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._head_open = False
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_done()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        if not self._head_open:
            self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_done()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        if self._head_open:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_open and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def _expect_head(self) -> None:
        self._head_open, self._head_bytes = True, 0
        self._head_timer = asyncio.get_running_loop().call_later(self.head_seconds, self._head_timed_out)

    def _head_done(self) -> None:
        self._head_open = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_timed_out(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Signals are handled once for all listeners, in `serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: FastAPI, listener: Listener, *, head_seconds: int, drain_seconds: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=type("Protocol", (BoundedProtocol,), {"head_seconds": head_seconds}),
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=drain_seconds,
        ssl_certfile=str(listener.tls.certificate) if listener.tls else None,
        ssl_keyfile=str(listener.tls.key) if listener.tls else None,
    )


async def serve(
    app: FastAPI, listeners: Sequence[Listener], *, head_seconds: int, drain_seconds: int, started: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT, then let requests in flight finish and close the application.

    `started` is called once everything is up and warm.

    Raises:
        ConfigurationError: the TLS certificate or key cannot be used.
    """
    try:
        configs = [_config(app, listener, head_seconds=head_seconds, drain_seconds=drain_seconds) for listener in listeners]
        for config in configs:
            config.load()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ConfigurationError(f"the TLS certificate or key cannot be used: {error}") from None
    servers = [_Server(config) for config in configs]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with app.router.lifespan_context(app), asyncio.TaskGroup() as group:
        for server, listener in zip(servers, listeners, strict=True):
            group.create_task(server.serve(sockets=[listener.socket]))
        started()

"""Connections to the MCP servers behind the relay: each in a task of its own, opened when it is needed, opened again when it broke."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import structlog
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import CONNECTION_CLOSED

from scangate.gateway.mcp_relay.config import UpstreamServer

log = structlog.get_logger(__name__)
CONNECT_SECONDS: Final = 30.0
CALL_SECONDS: Final = 300.0


class UpstreamGoneError(Exception):
    """The server cannot be reached, ended, or did not answer in time."""


Callbacks = dict[str, Any]
"""Callbacks of an MCP client, by their argument's name."""


@dataclass(slots=True)
class Upstream:
    """One server. `use` may be called by many tasks at once."""

    name: str
    settings: UpstreamServer
    callbacks: Callbacks
    _client: Client | None = None
    _task: asyncio.Task[None] | None = None
    _broken: asyncio.Event = field(default_factory=asyncio.Event)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def use(self, ask: Callable[[Client], Awaitable[Any]], seconds: float = CALL_SECONDS) -> Any:
        """`ask(client)` over an open connection.

        Raises:
            UpstreamGoneError: there is none, it broke meanwhile, or there was no answer in time.
            MCPError: the server's own refusal.
        """
        client = await self._connected()
        asked = asyncio.ensure_future(ask(client))
        gone = asyncio.ensure_future(self._broken.wait())
        try:
            done, _ = await asyncio.wait({asked, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if asked not in done:
                raise UpstreamGoneError
            return asked.result()
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                self._broken.set()
                raise UpstreamGoneError from None
            raise
        except (OSError, httpx2.HTTPError, ExceptionGroup, RuntimeError):
            self._broken.set()
            raise UpstreamGoneError from None
        finally:
            for task in (asked, gone):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _connected(self) -> Client:
        async with self._lock:
            if self._client is not None and not self._broken.is_set():
                return self._client
            await self._end()
            self._broken = asyncio.Event()
            ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._hold(ready, self._broken))
            try:
                self._client = await asyncio.wait_for(asyncio.shield(ready), CONNECT_SECONDS)
            except (TimeoutError, UpstreamGoneError):
                await self._end()
                raise UpstreamGoneError from None
            return self._client

    async def _hold(self, ready: asyncio.Future[Client], broken: asyncio.Event) -> None:
        """Opens the connection and keeps it until it is broken or the relay ends: a task must close what it opened."""
        try:
            async with self._open() as client:
                if not ready.done():
                    ready.set_result(client)
                await broken.wait()
        except Exception as error:
            log.warning("relay.upstream_lost", server=self.name, error=type(error).__name__)
        finally:
            broken.set()
            if not ready.done():
                ready.set_exception(UpstreamGoneError())

    def _open(self) -> Client:
        settings = self.settings
        if settings.url is not None:
            http = httpx2.AsyncClient(headers=settings.headers, timeout=httpx2.Timeout(CALL_SECONDS, connect=10.0))
            return Client(streamable_http_client(settings.url, http_client=http), cache=None, **self.callbacks)
        # of the relay's own environment a server sees no more than PATH and the like: the SDK's choice
        parameters = StdioServerParameters(
            command=str(settings.command), args=list(settings.args), env=settings.env or None, cwd=settings.cwd
        )
        return Client(stdio_client(parameters), cache=None, **self.callbacks)

    async def _end(self) -> None:
        self._client = None
        self._broken.set()
        if self._task is not None:
            task, self._task = self._task, None
            done, _ = await asyncio.wait({task}, timeout=5)
            if not done:
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def close(self) -> None:
        """Ends the connection."""
        async with self._lock:
            await self._end()

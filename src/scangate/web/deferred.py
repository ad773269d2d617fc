"""A mounted application that is made on a thread of its own, while what it is mounted in serves already."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from threading import Lock

from starlette.types import ASGIApp, Receive, Scope, Send


class Deferred:
    """Requests that come before the application is made wait for it."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        # FastAPI makes pydantic say this of every query parameter, and hushes it with what is not safe between threads
        warnings.filterwarnings("ignore", message="The 'alias' attribute with value")
        self._make = make
        self._made: ASGIApp | None = None
        self._lock = Lock()

    async def load(self) -> ASGIApp:
        """The application; made by the first who asks. What `make` raises reaches everyone who asks."""
        return self._made if self._made is not None else await asyncio.to_thread(self._load)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = await self.load()
        await app(scope, receive, send)

    def _load(self) -> ASGIApp:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

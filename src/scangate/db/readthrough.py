"""A cache in front of a read: bounded, and one read at a time per key however many wait for it.

With a watch, an entry holds until something is changed; without one, or while it hears nothing, for its time to live.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from scangate.db.changes import ChangeWatch

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ReadThrough(Generic[K, V]):
    """`get` answers from the cache while the entry holds; then the first caller reads anew and the others wait for it.

    Least recently read out first. An exception of the read reaches every waiting caller and is not cached.
    """

    def __init__(
        self, read: Callable[[K], Awaitable[V]], *, ttl_seconds: float, size: int, watch: ChangeWatch | None = None
    ) -> None:
        self._read = read
        self._ttl_seconds = ttl_seconds
        self._size = size
        self._watch = watch
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._reading: dict[K, asyncio.Future[V]] = {}

    async def get(self, key: K) -> V:
        entry = self._entries.get(key)
        if entry is not None and self._holds(entry[0]):
            return entry[1]
        running = self._reading.get(key)
        if running is None:
            running = asyncio.ensure_future(self._refresh(key))
            self._reading[key] = running
            running.add_done_callback(lambda _: self._reading.pop(key, None))
        return await asyncio.shield(running)

    def _holds(self, read_at: float) -> bool:
        if self._watch is not None and self._watch.listens:
            return self._watch.is_unchanged_since(read_at)
        return time.monotonic() < read_at + self._ttl_seconds

    def forget(self, key: K) -> None:
        self._entries.pop(key, None)

    def clear(self) -> None:
        self._entries.clear()

    async def _refresh(self, key: K) -> V:
        began = time.monotonic()
        value = await self._read(key)
        self._entries[key] = (began, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
        return value

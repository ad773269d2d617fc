"""Forwarding to a file: one JSON object a line, on disk before the cursor moves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import orjson

from scangate.records.forwarding.target import DeliveryError, Event


class FileTarget:
    """Opens the file for every batch, so that it may be rotated by renaming it. Mode 0600 when it is new."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, events: Sequence[Event]) -> None:
        lines = b"".join(orjson.dumps(event.document) + b"\n" for event in events)
        try:
            await asyncio.to_thread(self._append, lines)
        except OSError as error:
            raise DeliveryError(type(error).__name__) from None

    def _append(self, lines: bytes) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":  # a crash tore the last line; it comes again whole
                lines = b"\n" + lines
            view = memoryview(lines)
            while view:
                view = view[file.write(view) :]
            os.fsync(descriptor)

    async def close(self) -> None:
        return

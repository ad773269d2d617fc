"""Server-sent events as bytes arrive: https://html.spec.whatwg.org/multipage/server-sent-events.html section 9.2.6"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from scangate.client import JsonObject

EVENT_MOST: Final = 4 * 1024 * 1024
"""Bytes of one event; a stream with more is not one of these APIs."""


class StreamError(Exception):
    """The stream is no stream of events, or one is too large."""


@dataclass(slots=True)
class Event:
    """`document` is the data as JSON, None where it is none (comments, `[DONE]`)."""

    raw: bytes
    name: str | None
    document: JsonObject | None

    def encoded(self) -> bytes:
        """With the document as it is now."""
        if self.document is None:
            return self.raw
        head = f"event: {self.name}\n".encode() if self.name is not None else b""
        return (
            head
            + b"data: "
            + json.dumps(self.document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
            + b"\n\n"
        )


async def events(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """The events of a byte stream; an unfinished last one is dropped, as the standard says.

    Raises:
        StreamError: an event of more than EVENT_MOST bytes.
    """
    kept = b""
    async for chunk in chunks:
        kept += chunk
        if b"\r" in kept:
            tail = kept[-1:] if kept.endswith(b"\r") else b""  # its \n may come with the next chunk
            kept = kept[: len(kept) - len(tail)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + tail
        while (end := kept.find(b"\n\n")) >= 0:
            raw, kept = kept[: end + 2], kept[end + 2 :]
            yield _event(raw)
        if len(kept) > EVENT_MOST:
            raise StreamError


def _event(raw: bytes) -> Event:
    name, data = None, []
    for line in raw.decode("utf-8", "replace").split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
    try:
        document = json.loads("\n".join(data))
    except ValueError:
        document = None
    return Event(raw, name, document if isinstance(document, dict) else None)

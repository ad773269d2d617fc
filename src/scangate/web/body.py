"""Reading a request body: bounded before it is parsed, and in time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac

from starlette.requests import ClientDisconnect, Request

from scangate.errors import MediaTypeError, RequestInvalidError, RequestTimeoutError, RequestTooLargeError

_DRAIN_LIMIT = 16 * 1024 * 1024
"""An oversized body is read and thrown away up to here, so that the client reads the 413 and not a reset connection."""


def require_json(request: Request) -> None:
    """
    Raises:
        MediaTypeError: Content-Type is missing or is not application/json.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise MediaTypeError


async def read_body(request: Request, *, max_bytes: int, seconds: float) -> bytes:
    """
    Args:
        max_bytes: of the whole body, counted as it arrives, whatever Content-Length says.
        seconds: until the last byte is here.

    Raises:
        RequestTooLargeError, RequestTimeoutError, RequestInvalidError (the client went away).
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= max_bytes:
                    chunks.append(chunk)
                elif size > max_bytes + _DRAIN_LIMIT:
                    break
    except TimeoutError:
        raise RequestTimeoutError from None
    except ClientDisconnect:
        raise RequestInvalidError from None
    if size > max_bytes:
        raise RequestTooLargeError
    return b"".join(chunks)


def check_payload_hash(request: Request, body: bytes) -> None:
    """Verify `x-payload-hash` when it was sent: hex HMAC-SHA256 over the raw body, as the official SDKs compute it.

    The key is the whole Authorization header when there is one, else the API key. A request without a body may be hashed as
    `null`, which is what the SDKs do on GET.

    Raises:
        RequestInvalidError: the hash does not match.
    """
    sent = request.headers.get("x-payload-hash")
    if sent is None:
        return
    key = request.headers.get("authorization") or request.headers.get("x-pan-token") or ""
    for message in (body, b"null") if not body else (body,):
        expected = hmac.new(key.encode("latin-1"), message, hashlib.sha256).hexdigest()
        if hmac.compare_digest(expected.encode(), sent.strip().lower().encode("latin-1")):
            return
    raise RequestInvalidError("x-payload-hash does not match the body")

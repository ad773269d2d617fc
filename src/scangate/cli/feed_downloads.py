"""Fetches feeds: https only (http on the loopback interface), bounded in time, size and redirects, asked only for what is new."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from scangate.detectors.malicious_urls.feed_catalogue import check_address, is_loopback
from scangate.errors import RequestInvalidError

STALL_SECONDS: Final = 30.0
TOTAL_SECONDS: Final = 300.0
_REDIRECTS_MAX: Final = 5
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_NOT_MODIFIED: Final = 304
_HEADER_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class Download:
    """`content` is None when the publisher says that nothing has changed. `etag` and `last_modified` are for the next time."""

    content: bytes | None
    etag: str = ""
    last_modified: str = ""


def fetch(url: str, *, max_bytes: int, etag: str = "", last_modified: str = "", total_seconds: float = TOTAL_SECONDS) -> Download:
    """The bytes behind an address, transfer encoding undone.

    Raises:
        RequestInvalidError: with the reason, never with the feed's content, credentials or query; nothing was kept.
    """
    import httpx  # the server, whose start imports this module, needs no HTTP client

    deadline = time.monotonic() + total_seconds
    headers = {"User-Agent": "scangate-feeds", "Accept-Encoding": "gzip, identity"}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    try:
        address = check_address(url)
    except ValueError as error:
        raise RequestInvalidError(str(error)) from None
    try:
        with httpx.Client(timeout=min(STALL_SECONDS, total_seconds), follow_redirects=False) as client:
            for _ in range(_REDIRECTS_MAX + 1):
                with client.stream("GET", address, headers=headers) as answer:
                    if answer.status_code in _REDIRECTS:
                        address = _next(address, answer.headers.get("Location", ""))
                    else:
                        return _received(answer, max_bytes, deadline, total_seconds)
        raise RequestInvalidError(f"more than {_REDIRECTS_MAX} redirects")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RequestInvalidError(f"cannot download the feed: {_in_words(error)}") from None


def _next(address: str, location: str) -> str:
    """Where a redirect leads: https again, and onto this machine only from this machine."""
    if not location:
        raise RequestInvalidError("cannot download the feed: a redirect that leads nowhere")
    try:
        following = check_address(urljoin(address, location))
    except ValueError as error:
        raise RequestInvalidError(f"cannot download the feed: a redirect, and {error}") from None
    if is_loopback(urlsplit(following).hostname) and not is_loopback(urlsplit(address).hostname):
        raise RequestInvalidError("cannot download the feed: a redirect onto the loopback interface")
    return following


def _received(answer: object, max_bytes: int, deadline: float, total_seconds: float) -> Download:
    import httpx

    assert isinstance(answer, httpx.Response)
    if answer.status_code == _NOT_MODIFIED:
        return Download(None)
    if answer.status_code != httpx.codes.OK:
        raise RequestInvalidError(f"cannot download the feed: status {answer.status_code}")
    chunks: list[bytes] = []
    size = 0
    for chunk in answer.iter_bytes():
        size += len(chunk)
        if size > max_bytes:
            raise RequestInvalidError(f"the feed is larger than {max_bytes} bytes")
        if time.monotonic() > deadline:
            raise RequestInvalidError(f"the download took longer than {total_seconds:.0f} seconds")
        chunks.append(chunk)
    found = [answer.headers.get(name, "") for name in ("ETag", "Last-Modified")]
    return Download(b"".join(chunks), *(value if len(value) <= _HEADER_MAX and value.isprintable() else "" for value in found))


def _in_words(error: Exception) -> str:
    """The kind of failure: its message may quote an address with a key in it."""
    import httpx

    kinds: dict[type[Exception], str] = {
        httpx.TimeoutException: "no answer in time",
        httpx.ConnectError: "no connection",
        httpx.RemoteProtocolError: "the answer was cut short or malformed",
        httpx.DecodingError: "its compression is damaged",
    }
    return next((words for kind, words in kinds.items() if isinstance(error, kind)), type(error).__name__)

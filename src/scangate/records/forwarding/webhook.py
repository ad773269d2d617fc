"""Forwarding to a webhook: batches as JSON, signed with HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from scangate.errors import ConfigurationError
from scangate.records.forwarding.target import DeliveryError, Event

if TYPE_CHECKING:
    import httpx


def signature(secret: str, sent_at: str, body: bytes) -> str:
    """Over the time and the body, so that neither can be changed and an old request cannot be sent again much later."""
    return "sha256=" + hmac.new(secret.encode(), sent_at.encode() + b"." + body, hashlib.sha256).hexdigest()


class WebhookTarget:
    """`{"events": […]}` by POST; any status of 200 to 299 acknowledges the batch. Redirects are not followed."""

    name = "webhook"

    def __init__(self, url: str, secret: str, *, timeout_seconds: float) -> None:
        if not url.startswith(("https://", "http://")):
            raise ConfigurationError("SCANGATE_FORWARDING__WEBHOOK: an http or https address")
        self._url = url
        self._secret = secret
        self._timeout_seconds = timeout_seconds
        self._client: httpx.AsyncClient | None = None

    async def send(self, events: Sequence[Event]) -> None:
        import httpx  # here: a server that forwards nowhere starts without an HTTP client

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout_seconds, follow_redirects=False)
        body = orjson.dumps({"events": [event.document for event in events]})
        sent_at = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "user-agent": "scangate",
            "x-scangate-delivery": f"{events[0].entry.log_id}-{events[-1].entry.log_id}",
            "x-scangate-timestamp": sent_at,
            "x-scangate-signature": signature(self._secret, sent_at, body),
        }
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryError(type(error).__name__) from None
        if not answer.is_success:
            raise DeliveryError(f"status {answer.status_code}")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

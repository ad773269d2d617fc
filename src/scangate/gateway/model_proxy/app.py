"""The proxy's ASGI application: requests of the three known APIs are scanned both ways; the rest passes or is refused by rule."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from scangate.client import JsonObject
from scangate.errors import RequestInvalidError
from scangate.gateway.model_proxy.anthropic_messages import AnthropicMessages
from scangate.gateway.model_proxy.events import StreamError, events
from scangate.gateway.model_proxy.openai_chat import OpenAIChat
from scangate.gateway.model_proxy.openai_responses import OpenAIResponses
from scangate.gateway.model_proxy.texts import Fragment, Place, Shape
from scangate.gateway.model_proxy.window import RefusedError, Window
from scangate.gateway.verdicts import Gate, Ruling

log = structlog.get_logger(__name__)

SHAPES: Final[tuple[Shape, ...]] = (OpenAIChat(), OpenAIResponses(), AnthropicMessages())
BODY_MOST: Final = 10 * 1024 * 1024
PLACES_MOST: Final = 64
"""Texts of one request that are new since the model's last turn."""
HISTORY: Final = 20
"""Earlier texts that a scan is told of."""
HISTORY_CHARACTERS: Final = 20_000
PAUSE_SECONDS: Final = 0.8
CONNECTIONS: Final = 1000
_HOP_BY_HOP: Final = frozenset(
    ["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding", "upgrade", "host",
     "content-length", "accept-encoding", "content-encoding", "expect"]
)  # fmt: skip
_SESSION_HEADER: Final = "x-session-id"
SCAN_HEADER: Final = "x-scangate-scan-id"


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """`upstream` is the address that the API's paths are appended to; `passed` are further paths that go through unscanned."""

    upstream: str
    passed: tuple[str, ...] = ()
    upstream_seconds: float = 600.0


def create_proxy(settings: ProxySettings, gate: Gate) -> Starlette:
    """The application. It owns its connections to the upstream, and not the gate."""
    timeout = httpx.Timeout(settings.upstream_seconds, connect=10.0)
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    proxy = _Proxy(settings, gate, httpx.AsyncClient(base_url=settings.upstream, timeout=timeout, limits=limits, trust_env=False))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await proxy.http.aclose()

    everything = Route("/{path:path}", proxy.pass_on, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    return Starlette(routes=[Route("/health", _health), everything], lifespan=lifespan)


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


@dataclass(frozen=True, slots=True)
class _Proxy:
    settings: ProxySettings
    gate: Gate
    http: httpx.AsyncClient

    async def pass_on(self, request: Request) -> Response:
        """Requests of the known APIs are scanned. Reading (lists of models, files) passes; what could reach a model unscanned does
        not, unless the operator allows the path."""
        path = request.url.path.rstrip("/")
        shape = next((shape for shape in SHAPES if path.endswith(shape.path)), None)
        if shape is not None and request.method == "POST":
            return await self.scanned(shape, request)
        if request.method not in ("GET", "HEAD") and not any(path.startswith(prefix) for prefix in self.settings.passed):
            known = ", ".join(shape.path for shape in SHAPES)
            message = f"this proxy scans {known}; {request.method} to other paths is not passed on (--pass allows one)"
            return JSONResponse(SHAPES[0].error(message, kind="invalid"), 403)
        # an answer that was asked for in the background is fetched later, and judged then
        stored = next((shape for shape in SHAPES if f"{shape.path}/" in path), None)
        answered = _Answered(stored, self.gate, (), {}) if stored is not None else None
        try:
            return await self._forward(request, await _body(request), stored or SHAPES[0], answered)
        except _TooLargeError:
            return _refused(SHAPES[0], f"the request has more than {BODY_MOST} bytes", "too_large", 413)

    async def scanned(self, shape: Shape, request: Request) -> Response:
        try:
            body = json.loads(await _body(request))
            if not isinstance(body, dict):
                raise RequestInvalidError("an object is needed")
            conversation = shape.conversation(body)
        except _TooLargeError:
            return _refused(shape, f"the request has more than {BODY_MOST} bytes", "too_large", 413)
        except RecursionError:
            return _refused(shape, "the request is nested too deeply", "invalid", 400)
        except ValueError:
            return _refused(shape, "the request is no JSON in UTF-8", "invalid", 400)
        except RequestInvalidError as error:
            return _refused(shape, error.message, "invalid", 400)
        if len(conversation.newest) > PLACES_MOST:
            return _refused(shape, f"more than {PLACES_MOST} new texts in one request", "too_large", 400)
        about = _about(request, body)
        earlier = _history(conversation.earlier, shape)
        rulings = await asyncio.gather(
            *(self.gate.rule([*earlier, place.content(shape.ecosystem)], about) for place in conversation.newest)
        )
        for place, ruling in zip(conversation.newest, rulings, strict=True):
            if not ruling.allowed:
                return _refused(shape, f"The request was {ruling.reason}.", "refused", 400, ruling)
            if ruling.masked is not None:
                place.put(ruling.masked)
        asked = [*earlier, *(place.content(shape.ecosystem) for place in conversation.newest)][-HISTORY:]
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return await self._forward(request, content, shape, _Answered(shape, self.gate, asked, about))

    async def _forward(self, request: Request, content: bytes, shape: Shape, answered: _Answered | None = None) -> Response:
        """Sends the request on. Its answer is judged by `answered`; without one, and where it is an error, it passes as it is."""
        headers = [
            (name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP and name != _SESSION_HEADER
        ]
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        sent = self.http.build_request(
            request.method, target, headers=[*headers, ("accept-encoding", "identity")], content=content
        )
        try:
            answer = await self.http.send(sent, stream=True)
        except httpx.HTTPError as error:
            return _refused(shape, f"the upstream cannot be reached: {type(error).__name__}", "upstream", 502)
        kept = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
        if answered is None or not answer.is_success:
            return StreamingResponse(_through(answer), answer.status_code, kept)
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return StreamingResponse(answered.stream(answer), answer.status_code, kept)
        return await answered.whole(answer, kept)


@dataclass(frozen=True, slots=True)
class _Answered:
    """What comes back from the model on one request."""

    shape: Shape
    gate: Gate
    asked: Sequence[JsonObject]
    about: JsonObject

    async def whole(self, answer: httpx.Response, headers: dict[str, str]) -> Response:
        try:
            async with aclosing(answer):
                body = json.loads(await answer.aread())
        except (httpx.HTTPError, ValueError, RecursionError):
            return _refused(self.shape, "the upstream's answer is incomplete or no JSON", "upstream", 502)
        places = self.shape.answer(body) if isinstance(body, dict) else []
        rulings = await asyncio.gather(*(self._rule(place) for place in places))
        for place, ruling in zip(places, rulings, strict=True):
            if not ruling.allowed:
                return _refused(self.shape, f"The answer was {ruling.reason}.", "refused", 400, ruling)
            if ruling.masked is not None:
                place.put(ruling.masked)
        return Response(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"), answer.status_code, headers)

    async def stream(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        """Events as they become safe to pass. A refusal, or an upstream that stops, ends the stream with an error event."""
        window = Window(self.shape, self._rule_fragment)
        coming = events(answer.aiter_bytes())
        pending: asyncio.Task[Any] | None = None
        try:
            while True:
                pending = pending or asyncio.ensure_future(anext(coming, None))
                done, _ = await asyncio.wait({pending}, timeout=PAUSE_SECONDS)
                if not done:
                    for piece in await window.pause():
                        yield piece
                    continue
                event, pending = pending.result(), None
                if event is None:
                    break
                for piece in await window.push(event):
                    yield piece
            for piece in await window.finish():
                yield piece
        except RefusedError as refused:
            yield self.shape.error_event(f"The answer was {refused.reason}.", kind="refused")
        except (httpx.HTTPError, StreamError) as error:
            log.warning("gateway.stream_broken", error=type(error).__name__)
            with suppress(RefusedError):
                for piece in await window.finish():
                    yield piece
            yield self.shape.error_event("the upstream ended the stream before it was complete", kind="upstream")
        finally:
            if pending is not None:
                pending.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await pending
            await answer.aclose()

    async def _rule(self, place: Place) -> Ruling:
        return await self.gate.rule([*self.asked, place.content(self.shape.ecosystem)], self.about)

    async def _rule_fragment(self, fragment: Fragment, text: str) -> Ruling:
        role = "call" if fragment.is_call else "response"
        return await self._rule(Place(role, text, _nowhere, fragment.tool))


class _TooLargeError(Exception):
    pass


def _nowhere(_text: str) -> None:
    return None


async def _body(request: Request) -> bytes:
    """
    Raises:
        _TooLargeError: more than BODY_MOST bytes.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MOST:
            raise _TooLargeError
    return bytes(body)


async def _through(answer: httpx.Response) -> AsyncIterator[bytes]:
    async with aclosing(answer):
        async for chunk in answer.aiter_raw():
            yield chunk


def _history(places: Sequence[Place], shape: Shape) -> list[JsonObject]:
    """The latest earlier texts within HISTORY_CHARACTERS, oldest first."""
    kept: list[JsonObject] = []
    left = HISTORY_CHARACTERS
    for place in reversed(places[-HISTORY:]):
        left -= len(place.text)
        if left < 0:
            break
        kept.append(place.content(shape.ecosystem))
    return kept[::-1]


def _about(request: Request, body: JsonObject) -> JsonObject:
    """The session, where the client names one, and the model."""
    metadata = body.get("metadata")
    named = metadata.get("session_id") if isinstance(metadata, dict) else None
    session = request.headers.get(_SESSION_HEADER) or named
    about: JsonObject = {"metadata": {"ai_model": str(body.get("model", ""))[:100]}}
    return {**about, "session_id": str(session)[:100]} if session else about


def _refused(shape: Shape, message: str, kind: str, status: int, ruling: Ruling | None = None) -> Response:
    headers = {SCAN_HEADER: ruling.scan_id} if ruling is not None and ruling.scan_id else None
    return JSONResponse(shape.error(message, kind=kind), status, headers)

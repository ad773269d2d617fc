"""A stand-in for a model's API that replays answers of the recorded shape: `answers` and `calls` say what to which question.

A question of neither is answered with itself; one that starts with `break` stops in the middle of a stream; `a web page` answers what
is no JSON; `overloaded` answers an error. Everything that arrives is kept for the tests.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.live import free_port

PIECE = 7
"""Characters of a streamed piece: words and secrets are cut anywhere."""


@dataclass
class Upstream:
    url: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    calls: dict[str, str] = field(default_factory=dict)
    """Question to the arguments with which the tool `send_mail` is called."""
    delay: float = 0.0
    """Seconds before each event of a stream."""


def _pieces(text: str) -> list[str]:
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def _asked(body: dict[str, Any]) -> str:
    content = body.get("input") if "input" in body else body["messages"][-1].get("content")
    if isinstance(content, list):
        block = content[-1]
        content = block.get("text") or block.get("content") or block.get("output") or ""
    if isinstance(content, list):
        content = content[-1].get("text", "")
    return str(content)


def _data(document: dict[str, Any], name: str | None = None) -> bytes:
    return (f"event: {name}\n" if name else "").encode() + f"data: {json.dumps(document)}\n\n".encode()


class _Broken(Exception):
    pass


def _chat_events(said: str, call: str | None) -> Iterator[bytes]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "replay"}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield chunk({"role": "assistant", "content": ""})
    if call is not None:
        yield chunk(
            {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "send_mail", "arguments": ""}}]}
        )
        for piece in _pieces(call):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield chunk({}, "tool_calls")
    else:
        for piece in _pieces(said):
            yield chunk({"content": piece})
        yield chunk({}, "stop")
    yield b"data: [DONE]\n\n"


def _response_document(said: str, call: str | None, status: str = "completed") -> dict[str, Any]:
    if call is not None:
        output = [
            {
                "type": "function_call",
                "id": "fc_1",
                "call_id": "call_1",
                "name": "send_mail",
                "arguments": call,
                "status": "completed",
            }
        ]
    else:
        text = {"type": "output_text", "text": said, "annotations": []}
        output = [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]}]
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "replay", "output": output,
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    }  # fmt: skip


def _responses_events(said: str, call: str | None) -> Iterator[bytes]:
    whole = _response_document(said, call)
    number = iter(range(10_000))

    def event(kind: str, **values: Any) -> bytes:
        return _data({"type": kind, "sequence_number": next(number), **values}, kind)

    yield event("response.created", response={**whole, "status": "in_progress", "output": []})
    item = whole["output"][0]
    yield event(
        "response.output_item.added",
        output_index=0,
        item={**item, **({"arguments": ""} if call is not None else {"content": []})},
    )
    if call is not None:
        for piece in _pieces(call):
            yield event("response.function_call_arguments.delta", item_id="fc_1", output_index=0, delta=piece)
        yield event("response.function_call_arguments.done", item_id="fc_1", output_index=0, arguments=call, name="send_mail")
    else:
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        part = {"type": "output_text", "text": said, "annotations": []}
        yield event("response.content_part.added", **place, part={**part, "text": ""})
        for piece in _pieces(said):
            yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
        yield event("response.output_text.done", **place, text=said, logprobs=[])
        yield event("response.content_part.done", **place, part=part)
    yield event("response.output_item.done", output_index=0, item=item)
    yield event("response.completed", response=whole)


def _message_events(said: str, call: str | None) -> Iterator[bytes]:
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "replay", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip

    def event(kind: str, **values: Any) -> bytes:
        return _data({"type": kind, **values}, kind)

    yield event("message_start", message=message)
    if call is not None:
        yield event(
            "content_block_start", index=0, content_block={"type": "tool_use", "id": "call_1", "name": "send_mail", "input": {}}
        )
        for piece in _pieces(call):
            yield event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": piece})
    else:
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for piece in _pieces(said):
            yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 1})
    yield event("message_stop")


def _chat_document(said: str, call: str | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said if call is None else None}
    if call is not None:
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": {"name": "send_mail", "arguments": call}}]
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "replay", "choices": [choice]}


def _message_document(said: str, call: str | None) -> dict[str, Any]:
    block = {"type": "text", "text": said}
    if call is not None:
        block = {"type": "tool_use", "id": "call_1", "name": "send_mail", "input": json.loads(call)}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "replay", "content": [block], "stop_reason": "end_turn",
        "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip


_SHAPES = {
    "/v1/chat/completions": (_chat_events, _chat_document),
    "/v1/responses": (_responses_events, _response_document),
    "/v1/messages": (_message_events, _message_document),
}


def _application(upstream: Upstream) -> Starlette:
    async def model(request: Request) -> Response:
        body = await request.json()
        upstream.received.append(body)
        upstream.headers.append(dict(request.headers))
        asked = _asked(body)
        said, call = upstream.answers.get(asked, asked), upstream.calls.get(asked)
        make_events, make_document = _SHAPES[request.url.path]
        if asked == "overloaded":
            return JSONResponse(
                {"error": {"message": "too many requests", "type": "rate_limit", "code": "rate"}}, 429, {"retry-after": "7"}
            )
        if asked == "a web page":
            return Response(b"<html>", media_type="application/json")
        if body.get("stream"):
            breaks = asked.startswith("break")

            async def send() -> AsyncIterator[bytes]:
                for number, piece in enumerate(make_events(said, call)):
                    if breaks and number == 6:
                        raise _Broken
                    if upstream.delay:
                        await asyncio.sleep(upstream.delay)
                    yield piece

            return StreamingResponse(send(), media_type="text/event-stream")
        return JSONResponse(make_document(said, call))

    async def stored(request: Request) -> Response:
        return JSONResponse(_response_document(str(request.query_params.get("said")), None))

    async def anything(request: Request) -> Response:
        upstream.paths.append(f"{request.method} {request.url.path}")
        return JSONResponse({"object": "list", "data": [{"id": "replay", "object": "model", "created": 1, "owned_by": "tests"}]})

    routes = [Route(path, model, methods=["POST"]) for path in _SHAPES]
    return Starlette(
        routes=[*routes, Route("/v1/responses/{id}", stored), Route("/{path:path}", anything, methods=["GET", "POST"])]
    )


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    """The stand-in on a port of its own, in a thread."""
    upstream = Upstream()
    port = free_port()
    config = uvicorn.Config(_application(upstream), host="127.0.0.1", port=port, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.02)
    upstream.url = f"http://127.0.0.1:{port}"
    yield upstream
    server.should_exit = True
    thread.join(10)

"""Anthropic's messages: https://docs.anthropic.com/en/api/messages"""

from __future__ import annotations

import json
from collections.abc import Callable

from scangate.client import JsonObject
from scangate.gateway.model_proxy.texts import (
    Conversation,
    Fragment,
    Place,
    an_object,
    messages_of,
    objects,
    place_of,
    split_at_last,
    texts_of,
)

_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
_TYPES = {
    "refused": "invalid_request_error",
    "invalid": "invalid_request_error",
    "too_large": "request_too_large",
    "upstream": "api_error",
}


class AnthropicMessages:
    path = "/messages"
    ecosystem = "anthropic"

    def conversation(self, body: JsonObject) -> Conversation:
        names: dict[str, str] = {}
        return split_at_last([(message.get("role") == "assistant", _places(message, names)) for message in messages_of(body)])

    def answer(self, body: JsonObject) -> list[Place]:
        return _places({"role": "assistant", "content": body.get("content")}, {})

    def fragment(self, event: JsonObject) -> tuple[Fragment, Callable[[str], None]] | None:
        delta = an_object(event.get("delta"))
        key = _DELTAS.get(str(delta.get("type")))
        if event.get("type") != "content_block_delta" or key is None or not isinstance(delta.get(key), str):
            return None
        return Fragment(str(event.get("index", 0)), delta[key], key == "partial_json"), place_of(delta, key, "response").put

    def ends(self, event: JsonObject) -> tuple[str, ...] | None:
        if event.get("type") == "content_block_stop":
            return (str(event.get("index", 0)),)
        return () if event.get("type") in ("message_delta", "message_stop") else None

    def error(self, message: str, *, kind: str) -> JsonObject:
        return {"type": "error", "error": {"type": _TYPES[kind], "message": message}}

    def error_event(self, message: str, *, kind: str) -> bytes:
        return b"event: error\ndata: " + json.dumps(self.error(message, kind=kind)).encode() + b"\n\n"


def _places(message: JsonObject, names: dict[str, str]) -> list[Place]:
    """Texts of a message, one string or blocks."""
    role = "response" if message.get("role") == "assistant" else "prompt"
    if isinstance(message.get("content"), str):
        return texts_of(message, "content", role)
    places: list[Place] = []
    for block in objects(message.get("content")):
        kind = block.get("type")
        if kind in ("text", "thinking"):
            places += texts_of(block, str(kind), role)
        elif kind == "tool_use":
            names[str(block.get("id"))] = str(block.get("name") or "")
            places.append(_call(block))
        elif kind == "tool_result":
            places += texts_of(block, "content", "result", names.get(str(block.get("tool_use_id")), ""))
        elif kind == "document":
            places += texts_of(
                an_object(block.get("source")),
                "data" if an_object(block.get("source")).get("type") == "text" else "content",
                "result",
            )
    return places


def _call(block: JsonObject) -> Place:
    """A tool's arguments, an object here, as JSON text."""

    def put(text: str) -> None:
        block["input"] = json.loads(text)

    return Place("call", json.dumps(block.get("input") or {}, ensure_ascii=False), put, str(block.get("name") or ""))

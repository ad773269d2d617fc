"""OpenAI's chat completions, which many servers speak: https://platform.openai.com/docs/api-reference/chat"""

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

ERRORS = {
    "refused": ("invalid_request_error", "content_filter"),
    "invalid": ("invalid_request_error", "invalid_request"),
    "too_large": ("invalid_request_error", "request_too_large"),
    "upstream": ("api_error", "upstream_error"),
}
_ROLES = {"user": "prompt", "assistant": "response", "tool": "result", "function": "result"}


class OpenAIChat:
    path = "/chat/completions"
    ecosystem = "openai"

    def conversation(self, body: JsonObject) -> Conversation:
        names: dict[str, str] = {}
        return split_at_last([_turn(message, names) for message in messages_of(body)])

    def answer(self, body: JsonObject) -> list[Place]:
        return [
            place
            for choice in objects(body.get("choices"))
            for place in _turn(
                {"role": "assistant", **an_object(choice.get("message"))}, {}, holder=an_object(choice.get("message"))
            )[1]
        ]

    def fragment(self, event: JsonObject) -> tuple[Fragment, Callable[[str], None]] | None:
        """One choice and one kind of text an event: so all known servers write them."""
        for choice in objects(event.get("choices")):
            index, delta = choice.get("index", 0), an_object(choice.get("delta"))
            for name in ("content", "refusal", "reasoning_content"):
                if isinstance(delta.get(name), str) and delta[name]:
                    return Fragment(f"{index}:{name}", delta[name]), place_of(delta, name, "response").put
            for call in objects(delta.get("tool_calls")):
                function = an_object(call.get("function"))
                if isinstance(function.get("arguments"), str):
                    fragment = Fragment(
                        f"{index}:call:{call.get('index', 0)}", function["arguments"], True, str(function.get("name") or "")
                    )
                    return fragment, place_of(function, "arguments", "call").put
        return None

    def ends(self, event: JsonObject) -> tuple[str, ...] | None:
        return () if any(choice.get("finish_reason") for choice in objects(event.get("choices"))) else None

    def error(self, message: str, *, kind: str) -> JsonObject:
        return openai_error(message, kind)

    def error_event(self, message: str, *, kind: str) -> bytes:
        return b"data: " + json.dumps(self.error(message, kind=kind)).encode() + b"\n\n"


def openai_error(message: str, kind: str) -> JsonObject:
    """`content_filter` is the code that OpenAI's clients and frameworks know for refused content."""
    type_, code = ERRORS[kind]
    return {"error": {"message": message, "type": type_, "param": None, "code": code}}


def _turn(message: JsonObject, names: dict[str, str], holder: JsonObject | None = None) -> tuple[bool, list[Place]]:
    """Places of a message; `holder` is the object to write to where it is not the message itself. Instructions of the application
    (`system`, `developer`) are its own and not scanned."""
    target = message if holder is None else holder
    role = _ROLES.get(str(message.get("role")))
    places: list[Place] = []
    if role is not None:
        tool = names.get(str(message.get("tool_call_id")), str(message.get("name") or "")) if role == "result" else ""
        places += texts_of(target, "content", role, tool)
    for call in objects(message.get("tool_calls")):
        function = an_object(call.get("function"))
        names[str(call.get("id"))] = str(function.get("name") or "")
        if isinstance(function.get("arguments"), str) and function["arguments"]:
            places.append(place_of(function, "arguments", "call", str(function.get("name") or "")))
    return message.get("role") == "assistant", places

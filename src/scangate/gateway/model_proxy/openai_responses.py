"""OpenAI's responses: https://platform.openai.com/docs/api-reference/responses"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from scangate.client import JsonObject
from scangate.errors import RequestInvalidError
from scangate.gateway.model_proxy.openai_chat import openai_error
from scangate.gateway.model_proxy.texts import (
    Conversation,
    Fragment,
    Place,
    an_object,
    objects,
    place_of,
    split_at_last,
    texts_of,
)

_TEXT: Final = (
    "response.output_text.delta",
    "response.refusal.delta",
    "response.reasoning_text.delta",
    "response.reasoning_summary_text.delta",
)
_CALL: Final = (
    "response.function_call_arguments.delta",
    "response.mcp_call_arguments.delta",
    "response.custom_tool_call_input.delta",
)
_ENDS: Final = ("response.completed", "response.incomplete", "response.failed")


class OpenAIResponses:
    path = "/responses"
    ecosystem = "openai"

    def conversation(self, body: JsonObject) -> Conversation:
        asked = body.get("input")
        if isinstance(asked, str):
            return Conversation((place_of(body, "input", "prompt"),) if asked else (), ())
        if not isinstance(asked, list):
            raise RequestInvalidError("input: a text or a list is needed")
        names: dict[str, str] = {}
        return split_at_last([_item(item, names) for item in objects(asked)])

    def answer(self, body: JsonObject) -> list[Place]:
        return [place for item in objects(body.get("output")) for place in _item(item, {})[1]]

    def fragment(self, event: JsonObject) -> tuple[Fragment, Callable[[str], None]] | None:
        kind = event.get("type")
        if not isinstance(event.get("delta"), str) or kind not in (*_TEXT, *_CALL):
            return None
        channel = f"{event.get('item_id')}:{event.get('content_index', 0)}:{event.get('summary_index', 0)}"
        return Fragment(channel, event["delta"], kind in _CALL), place_of(event, "delta", "response").put

    def ends(self, event: JsonObject) -> tuple[str, ...] | None:
        """The events that repeat a finished text are held until it was judged."""
        kind = str(event.get("type"))
        return () if kind in _ENDS or kind.endswith(".done") else None

    def error(self, message: str, *, kind: str) -> JsonObject:
        return openai_error(message, kind)

    def error_event(self, message: str, *, kind: str) -> bytes:
        """As the reference writes it, and with the object `error` beside it, at which OpenAI's own clients raise."""
        error = self.error(message, kind=kind)["error"]
        event = {"type": "error", "code": error["code"], "message": message, "param": None, "sequence_number": 0, "error": error}
        return b"event: error\ndata: " + json.dumps(event).encode() + b"\n\n"


def _item(item: JsonObject, names: dict[str, str]) -> tuple[bool, list[Place]]:
    """Whether an item is the model's, and its places. Messages of the application (`system`, `developer`) are its own."""
    kind = item.get("type", "message")
    if kind == "message":
        role = {"user": "prompt", "assistant": "response"}.get(str(item.get("role")))
        return role == "response", texts_of(item, "content", role) if role else []
    name = str(item.get("name") or "")
    if kind in ("function_call", "custom_tool_call", "mcp_call"):
        names[str(item.get("call_id"))] = name
        key = "input" if kind == "custom_tool_call" else "arguments"
        places = [place_of(item, key, "call", name)] if isinstance(item.get(key), str) and item[key] else []
        if isinstance(item.get("output"), str) and item["output"]:
            places.append(place_of(item, "output", "result", name))
        return True, places
    if kind in ("function_call_output", "custom_tool_call_output"):
        return False, texts_of(item, "output", "result", names.get(str(item.get("call_id")), ""))
    if kind == "reasoning":
        return True, [place for part in ("summary", "content") for place in texts_of(item, part, "response")]
    return bool(an_object(item.get("action"))), []

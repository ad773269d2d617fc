"""Places of text in requests and answers: what is scanned, and where the masked text goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scangate.client import JsonObject
from scangate.errors import RequestInvalidError
from scangate.gateway.verdicts import tool_content


@dataclass(frozen=True, slots=True)
class Place:
    """A text in a document. `role` is `prompt`, `response`, `call` or `result`; `tool` names the tool of the last two."""

    role: str
    text: str
    put: Callable[[str], None]
    tool: str = ""

    def content(self, ecosystem: str) -> JsonObject:
        """As an element of the scan API's `contents`."""
        if self.role == "call":
            return tool_content(self.tool, call=self.text, ecosystem=ecosystem, server="", method="tools/call")
        if self.role == "result":
            return tool_content(self.tool, result=self.text, ecosystem=ecosystem, server="", method="tools/call")
        return {self.role: self.text}


@dataclass(frozen=True, slots=True)
class Conversation:
    """Texts of a request: those that came since the model's last turn, and those before, oldest first."""

    newest: tuple[Place, ...]
    earlier: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of streamed text. `channel` names the text that it continues; `is_call`: arguments of a tool, judged when they are whole."""

    channel: str
    text: str
    is_call: bool = False
    tool: str = ""


class Shape(Protocol):
    """How one API writes conversations, answers, streams and errors."""

    path: str
    """The end of the paths that this API is asked at."""
    ecosystem: str

    def conversation(self, body: JsonObject) -> Conversation:
        """Raises RequestInvalidError where the body is not of this API."""
        ...

    def answer(self, body: JsonObject) -> list[Place]: ...

    def fragment(self, event: JsonObject) -> tuple[Fragment, Callable[[str], None]] | None:
        """The text that an event of a stream carries, and how to replace it; None for events without text."""
        ...

    def ends(self, event: JsonObject) -> tuple[str, ...] | None:
        """Channels that this event says are complete: all of them for an empty tuple; None where it says nothing."""
        ...

    def error(self, message: str, *, kind: str) -> JsonObject:
        """An error in the API's own shape; `kind` is `refused`, `invalid`, `too_large` or `upstream`."""
        ...

    def error_event(self, message: str, *, kind: str) -> bytes:
        """The same as the last event of a stream."""
        ...


def place_of(holder: Any, key: Any, role: str, tool: str = "") -> Place:
    """The text at `holder[key]`."""

    def put(text: str) -> None:
        holder[key] = text

    return Place(role, holder[key], put, tool)


def split_at_last(turns: Sequence[tuple[bool, list[Place]]]) -> Conversation:
    """From turns (is the model's, its places), in order."""
    last = max((index for index, (is_model, _) in enumerate(turns) if is_model), default=-1)
    newest = [place for _, places in turns[last + 1 :] for place in places]
    earlier = [place for _, places in turns[: last + 1] for place in places]
    return Conversation(tuple(newest), tuple(earlier))


def texts_of(holder: JsonObject, key: str, role: str, tool: str = "") -> list[Place]:
    """The text at a key, which is one string or a list of blocks with `text`."""
    content = holder.get(key)
    if isinstance(content, str):
        return [place_of(holder, key, role, tool)] if content else []
    return [
        place_of(block, "text", role, tool) for block in objects(content) if isinstance(block.get("text"), str) and block["text"]
    ]


def objects(value: Any) -> list[JsonObject]:
    """The objects of a list; nothing where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def an_object(value: Any) -> JsonObject:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def messages_of(body: JsonObject) -> list[JsonObject]:
    """The messages of a request that has them under this name.

    Raises:
        RequestInvalidError: it has none.
    """
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise RequestInvalidError("messages: a list is needed")
    return objects(messages)

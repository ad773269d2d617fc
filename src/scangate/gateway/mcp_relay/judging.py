"""Rulings on what passes the relay: declarations one by one, arguments of calls, results."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from mcp import types
from mcp.shared.exceptions import MCPError

from scangate.client import JsonObject
from scangate.gateway.mcp_relay.pins import Pins, fingerprint
from scangate.gateway.verdicts import Gate, OnFailure, Ruling, tool_content

log = structlog.get_logger(__name__)
ECOSYSTEM: Final = "mcp"
RUG_PULL: Final = "rug pull"
TOOL_SHADOWING: Final = "tool shadowing"
REFUSED: Final = -32010
"""JSON-RPC error code of what the relay refuses, from the range for servers' own errors."""
RESULT_MOST: Final = 1_900_000
"""Bytes of a result as JSON: a scan request may have two mebibytes in all."""
AT_ONCE: Final = 8
_BINARY: Final = ("data", "blob")
_ENVELOPE: Final = frozenset(["_meta", "resultType", "isError", "ttlMs", "cacheScope", "nextCursor"])
"""What the protocol says about a result and no model reads."""


@dataclass(slots=True)
class Judge:
    """Scans under one profile and one session. Rulings on declarations are kept by fingerprint."""

    gate: Gate
    pins: Pins
    session_id: str
    on_failure: OnFailure
    declared: dict[str, Ruling] = field(default_factory=dict)

    async def declarations(self, server: str, method: str, items: Sequence[JsonObject]) -> list[bool]:
        """Which of a list's items may be shown. What changed since it was accepted, or is refused by the profile, may not."""
        prints = [fingerprint(item) for item in items]
        limit = asyncio.Semaphore(AT_ONCE)

        async def rule(item: JsonObject, value: str) -> Ruling:
            known = self.declared.get(value)
            if known is None:
                async with limit:
                    known = await self.gate.rule(
                        [self._content(server, method, str(item.get("name", "")), result=item)], self._about
                    )
                if not known.failed:
                    self.declared[value] = known
            return known

        rulings = await asyncio.gather(*(rule(item, value) for item, value in zip(items, prints, strict=True)))
        shown, accepted = [], {}
        for item, value, ruling in zip(items, prints, rulings, strict=True):
            name = f"{method}:{item.get('name') or item.get('uri') or item.get('uriTemplate') or ''}"
            changed = self.pins.is_changed(server, name, value)
            if changed or not ruling.allowed:
                threats = [RUG_PULL] if changed else list(ruling.threats or ruling.detected)
                log.warning("relay.declaration_hidden", server=server, method=method, threats=threats, scan_id=ruling.scan_id)
            else:
                accepted[name] = value
            shown.append(ruling.allowed and not changed)
        self.pins.accept(server, accepted)
        return shown

    async def call(self, server: str, name: str, arguments: JsonObject) -> JsonObject:
        """The arguments as they may be passed on.

        Raises:
            MCPError: they are refused.
        """
        ruling = await self.gate.rule([self._content(server, "tools/call", name, call=arguments)], self._about)
        self._check(ruling, "The tool call")
        if ruling.masked is None:
            return arguments
        masked: JsonObject = json.loads(ruling.masked)
        return masked

    async def result(self, server: str, method: str, name: str, result: JsonObject) -> JsonObject:
        """The result as it may be passed on; pictures and other binary content are left as they are.

        Raises:
            MCPError: it is refused, or too large to be scanned.
        """
        envelope = {key: value for key, value in result.items() if key in _ENVELOPE}
        readable, binary = _without_binary({key: value for key, value in result.items() if key not in _ENVELOPE}, ())
        if len(json.dumps(readable, ensure_ascii=False).encode("utf-8", "surrogatepass")) > RESULT_MOST:
            if self.on_failure is OnFailure.ALLOW:
                return result
            raise MCPError(REFUSED, f"The result has more than {RESULT_MOST} bytes and cannot be scanned.")
        ruling = await self.gate.rule([self._content(server, method, name, result=readable)], self._about)
        self._check(ruling, "The result")
        if ruling.masked is None:
            return result
        masked: JsonObject = json.loads(ruling.masked)
        for path, value in binary:
            holder: Any = masked
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = value
        return {**masked, **envelope}

    def _check(self, ruling: Ruling, what: str) -> None:
        if not ruling.allowed:
            raise MCPError(REFUSED, f"{what} was {ruling.reason}.", {"scan_id": ruling.scan_id} if ruling.scan_id else None)

    @property
    def _about(self) -> JsonObject:
        return {"session_id": self.session_id}

    def _content(self, server: str, method: str, name: str, *, call: Any = None, result: Any = None) -> JsonObject:
        texts = [None if value is None else json.dumps(value, ensure_ascii=False) for value in (call, result)]
        return tool_content(name, call=texts[0], result=texts[1], ecosystem=ECOSYSTEM, server=server, method=method)


Path = tuple[str | int, ...]


def _without_binary(value: Any, path: Path) -> tuple[Any, list[tuple[Path, str]]]:
    """A copy without base64 content of pictures, sound and files, and where it was."""
    if isinstance(value, dict):
        made: JsonObject = {}
        found: list[tuple[Path, str]] = []
        is_binary = "mimeType" in value and "text" not in value
        for key, inner in value.items():
            if is_binary and key in _BINARY and isinstance(inner, str):
                made[key] = ""
                found.append(((*path, key), inner))
            else:
                made[key], more = _without_binary(inner, (*path, key))
                found += more
        return made, found
    if isinstance(value, list):
        pairs = [_without_binary(inner, (*path, index)) for index, inner in enumerate(value)]
        return [made for made, _ in pairs], [one for _, found in pairs for one in found]
    return value, []


def plain(model: types.Result | types.Tool | types.Prompt | types.Resource | types.ResourceTemplate) -> JsonObject:
    """A message of the protocol as JSON."""
    document: JsonObject = model.model_dump(by_alias=True, mode="json", exclude_none=True)
    return document

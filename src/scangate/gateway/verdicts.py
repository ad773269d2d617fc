"""What a gateway does with a piece of traffic: pass it, pass it masked, or refuse it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import structlog

from scangate.client import JsonObject, ScanClient
from scangate.errors import ScanFailedError

log = structlog.get_logger(__name__)
_SIDES: Final = ("prompt", "response")


class OnFailure(StrEnum):
    """What becomes of content that could not be scanned, or not within the profile's time where that says so."""

    BLOCK = "block"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Ruling:
    """`masked` is the text to pass on in place of the scanned one, None where it stays as it is."""

    allowed: bool
    category: str = ""
    scan_id: str = ""
    masked: str | None = None
    detected: tuple[str, ...] = ()
    threats: tuple[str, ...] = ()
    failed: bool = False

    @property
    def reason(self) -> str:
        """For the client: what was found and where to read more, never content."""
        if self.failed:
            return "the content could not be scanned"
        found = ", ".join((*self.detected, *self.threats)) or self.category
        return f"blocked by the security profile ({found}); scan {self.scan_id}"


class Gate:
    """Scans pieces of traffic under one profile. Safe for use by many tasks of one event loop."""

    def __init__(self, client: ScanClient, on_failure: OnFailure = OnFailure.BLOCK, app_name: str = "") -> None:
        self._client = client
        self._on_failure = on_failure
        self._metadata = {"metadata": {"app_name": app_name}} if app_name else {}

    async def rule(self, contents: Sequence[JsonObject], about: Mapping[str, Any] | None = None) -> Ruling:
        """The ruling on the last element of `contents`. Never raises for a scan that failed."""
        try:
            answer = await self._client.scan(contents, {**self._metadata, **(about or {})})
        except ScanFailedError as error:
            log.warning("gateway.scan_failed", reason=error.message, action=self._on_failure.value)
            return Ruling(self._on_failure is OnFailure.ALLOW, failed=True)
        return ruling_of(answer, contents[-1])

    async def ready(self) -> None:
        """
        Raises:
            ScanFailedError: the server does not answer, or is not ready.
        """
        await self._client.ready()


def ruling_of(answer: JsonObject, content: JsonObject) -> Ruling:
    """A scan response in the gateway's terms. What is no clear "allow" is refused."""
    tool = answer.get("tool_detected") or {}
    flags: dict[str, bool] = {}
    for found in (answer.get("prompt_detected"), answer.get("response_detected"), (tool.get("summary") or {}).get("detections")):
        flags.update({name: True for name, value in (found or {}).items() if value is True})
    return Ruling(
        allowed=answer.get("action") == "allow",
        category=str(answer.get("category", "")),
        scan_id=str(answer.get("scan_id", "")),
        masked=_masked(answer, content),
        detected=tuple(sorted(flags)),
        threats=tuple((tool.get("summary") or {}).get("threats") or ()),
    )


def _masked(answer: JsonObject, content: JsonObject) -> str | None:
    """The masked form of the one text that `content` has."""
    for side in _SIDES:
        if side in content:
            return (answer.get(f"{side}_masked_data") or {}).get("data")
    for side in ("input", "output"):
        entries = ((answer.get("tool_detected") or {}).get(f"{side}_detected") or {}).get("detection_entries") or []
        for entry in entries:
            data = (entry.get("masked_data") or {}).get("data")
            if data is not None and side in (content.get("tool_event") or {}):
                return str(data)
    return None


def tool_content(
    name: str, *, call: str | None = None, result: str | None = None, ecosystem: str, server: str, method: str
) -> JsonObject:
    """An element of `contents` with a tool's call or result; texts that are no JSON become JSON strings."""
    event: JsonObject = {"metadata": {"ecosystem": ecosystem, "method": method, "server_name": server, "tool_invoked": name}}
    for side, text in (("input", call), ("output", result)):
        if text is not None:
            event[side] = text if _is_json(text) else json.dumps(text, ensure_ascii=False)
    return {"tool_event": event}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True

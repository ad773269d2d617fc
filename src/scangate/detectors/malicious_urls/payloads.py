"""URIs that carry their payload themselves, and image addresses that carry data out."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import unquote

import re2

from scangate.domain.content import Span
from scangate.matching.urls import UrlMatch

_URIS_MAX: Final = 20
_URI_LENGTH_MAX: Final = 2048
_LINKED_SCORE: Final = 0.8
_QUOTED_SCORE: Final = 0.5
_BEFORE: Final = 200
_LINK_LENGTH: Final = 20
_DATA_LENGTH: Final = 24
_PLACEHOLDERS: Final = "{<[$%"


@dataclass(frozen=True, slots=True)
class ScriptUri:
    """A `javascript:` or `data:` URI that steals what the page knows, or runs a script; `score` as in `form`."""

    span: Span
    score: float


class PayloadReader:
    """Immutable; safe to share between threads."""

    def __init__(self) -> None:
        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = False
        self._uri = re2.compile(r"javascript:|data:(?:text/html|image/svg\+xml|application/xhtml\+xml)[;,]", options)
        self._steals = re2.compile(r"document\.cookie|localstorage|sessionstorage|indexeddb", options)
        self._sends = re2.compile(
            r"fetch\(|sendbeacon|xmlhttprequest|\.src\s*=|location\s*=|location\.href|new image|window\.open", options
        )
        self._runs = re2.compile(r"<script|\bon(?:load|error|begin)\s*=|javascript:", options)
        self._linked = re2.compile(r"(?:\]\(|(?:href|src|action|data)\s*=\s*[\"']?)\s*$", options)

    def script_uris(self, text: str) -> list[ScriptUri]:
        """The first twenty; harmless ones (`javascript:void(0)`) are left out."""
        lowered = text.lower()
        if "script:" not in lowered and "data:" not in lowered:
            return []
        text = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is one character before and after
        found: list[ScriptUri] = []
        for hit in islice(self._uri.finditer(text), _URIS_MAX):
            start = hit.start()
            body = text[start : start + _URI_LENGTH_MAX].partition("\n")[0]
            if self._is_harmful(body):
                linked = self._linked.search(text[max(0, start - _LINK_LENGTH) : start])
                found.append(ScriptUri(Span(start, start + len(body)), _LINKED_SCORE if linked else _QUOTED_SCORE))
        return found

    def _is_harmful(self, body: str) -> bool:
        if body[:4].lower() != "data":
            return bool(self._steals.search(body) and self._sends.search(body))
        head, _, payload = body.partition(",")
        if head.lower().endswith(";base64"):
            payload = _unpacked(payload)
        return bool(self._runs.search(unquote(payload)))

    def carries_data_out(self, text: str, match: UrlMatch) -> bool:
        """Whether a Markdown or HTML image sends more than a picture's parameters: text, packed data, a placeholder for them."""
        before = text[max(0, match.start - _BEFORE) : match.start]
        if not (before.endswith("](") and "![" in before) and "<img" not in before[-60:].lower():
            return False
        query = match.path.partition("?")[2]
        if not query:
            return False
        if query.endswith("=") and text[match.end : match.end + 1] in tuple(_PLACEHOLDERS):
            return True
        values = (unquote(pair.partition("=")[2].replace("+", " ")) for pair in query.split("&"))
        return any(len(value) >= _DATA_LENGTH and (" " in value or value.isalnum()) for value in values)


def _unpacked(payload: str) -> str:
    packed = payload.encode("ascii", "ignore").translate(None, b" \"')>")
    try:
        return base64.b64decode(packed[: len(packed) // 4 * 4]).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""

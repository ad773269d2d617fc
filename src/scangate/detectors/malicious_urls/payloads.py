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
_CARRIED_SCORE: Final = 0.8
_DATA_LENGTH: Final = 24
_TEXT_LENGTH: Final = 12
_WORDS: Final = 4
_PAIRS_MAX: Final = 20
_GAP: Final = 80
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
        self._known_to_assistants = re2.compile(
            r"secret|passw|credential|conversation|chat.?history|system.?prompt|api.?key|private.?key", options
        )
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

    def carries_data_out(self, text: str, match: UrlMatch) -> float:
        """How sure it is that a Markdown or HTML image sends more than a picture's parameters; `score` as in `form`, 0 for not at all.

        Sure: packed text, an e-mail address among words, or a gap that is to be filled with what an assistant knows. Less sure: prose, or
        any other gap, which pages that describe themselves have too.
        """
        before = text[max(0, match.start - _BEFORE) : match.start]
        if not (before.endswith("](") and "![" in before) and "<img" not in before[-60:].lower():
            return 0.0
        query = match.path.partition("?")[2]
        if not query:
            return 0.0
        after = text[match.end : match.end + _GAP]
        if query.endswith("=") and after[:1] in _PLACEHOLDERS:
            return self._gap(after)
        return max((self._value(pair.partition("=")[2]) for pair in query.split("&")[:_PAIRS_MAX]), default=0.0)

    def _gap(self, written: str) -> float:
        return _CARRIED_SCORE if self._known_to_assistants.search(written) else _QUOTED_SCORE

    def _value(self, raw: str) -> float:
        value = unquote(raw.replace("+", " "))
        if value[:1] and value[0] in _PLACEHOLDERS:
            return self._gap(value[:_GAP])
        if len(value) < _DATA_LENGTH:
            return 0.0
        if " " not in value:
            return _CARRIED_SCORE if _is_packed_text(value) else 0.0
        words = value.split()
        with_address = any("@" in word and "." in word.rpartition("@")[2] for word in words)
        return _CARRIED_SCORE if with_address else _QUOTED_SCORE if len(words) >= _WORDS else 0.0


def _is_packed_text(value: str) -> bool:
    """Base64 or hex of words, as opposed to a signature or an identifier."""
    packed = value.replace("-", "+").replace("_", "/").rstrip("=")
    if not packed.isascii() or len(packed) > _URI_LENGTH_MAX:
        return False
    try:
        data = bytes.fromhex(value) if len(value) % 2 == 0 and value.isalnum() else b""
    except ValueError:
        data = b""
    if not data:
        try:
            data = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
        except (binascii.Error, ValueError):
            return False
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(text) >= _TEXT_LENGTH and text.isprintable() and any(mark in text for mark in " :=@,")


def _unpacked(payload: str) -> str:
    packed = payload.encode("ascii", "ignore").translate(None, b" \"')>")
    try:
        return base64.b64decode(packed[: len(packed) // 4 * 4]).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""

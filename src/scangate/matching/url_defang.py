"""Undoes the spellings that keep a URL from being clickable, without moving a single byte.

Every replacement has the length of what it replaces, padded with FILLER, so that offsets into the prepared bytes are offsets into
the text's UTF-8; whoever reads a token drops the fillers. All of it is constant replacement: linear, whatever the text.
"""

from __future__ import annotations

from typing import Final

import re2

FILLER: Final = b"\x01"
"""Stands for nothing. Control characters of the text itself become spaces first."""


def _padded(marker: bytes, meaning: bytes) -> tuple[bytes, bytes]:
    return marker, meaning + FILLER * (len(marker) - len(meaning))


def _by_lead(replacements: list[tuple[bytes, bytes]]) -> tuple[tuple[bytes, tuple[tuple[bytes, bytes], ...]], ...]:
    leads = dict.fromkeys(marker[:-1] for marker, _ in replacements)
    return tuple((lead, tuple(pair for pair in replacements if pair[0][:-1] == lead)) for lead in leads)


_SEPARATORS: Final = (b"[://]", b"(://)", b"%253a%252f%252f")
_SCHEMES: Final = ((b"hxxp", b"http"), (b"hxtp", b"http"), (b"htxp", b"http"), (b"h**p", b"http"), (b"fxp:", b"ftp:"))
_COLONS: Final = (b"[:]", b"(:)", b"\\u003a", b"%3a")
_SLASHES: Final = (b"\\/", b"[/]", b"[//]", b"\\u002f", b"\\x2f", b"%2f")
_DOTS: Final = (b" [.] ", b" [.]", b"[.] ", b"[.]", b" (.) ", b"(.)", b"{.}", b"<.>", b"[.", b"\\.", b"%2e", b"\\u002e", b"&#46;")
_SPELLED_DOTS: Final = (b" [dot] ", b"[dot]", b" (dot) ", b"(dot)", b"{dot}", b"<dot>", b" dot ")
_OTHER: Final = ((b"%3f", b"?"), (b"%3d", b"="))
_INVISIBLE: Final = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad")
_WIDE_DOTS: Final = ("\u3002", "\uff0e", "\uff61")
_WIDE_BREAKS: Final = "\u00a0\u2028\u2029\u3000，、；：！？（）「」『』《》〈〉【】［］“”‘’„‚…—–«»‹›"

_PLAIN: Final = tuple(
    [_padded(marker, b"://") for marker in _SEPARATORS]
    + list(_SCHEMES)
    + [_padded(marker, b":") for marker in _COLONS]
    + [_padded(marker, b"//" if b"//" in marker else b"/") for marker in _SLASHES]
    + [_padded(marker, b".") for marker in (*_DOTS, *_SPELLED_DOTS)]
    + [_padded(marker, meaning) for marker, meaning in _OTHER]
)
_WIDE_DOT_FORMS: Final = tuple(_padded(character.encode(), b".") for character in _WIDE_DOTS)
_WIDE_STOPS: Final = tuple((character.encode(), b" " * len(character.encode())) for character in _WIDE_DOTS)
_WIDE: Final = _by_lead(
    [(character.encode(), FILLER * len(character.encode())) for character in _INVISIBLE]
    + [(character.encode(), b" " * len(character.encode())) for character in _WIDE_BREAKS]
)
"""Lead bytes with the replacements that start with them, so that a text without the lead skips them at one go."""
_JOINTS: Final = tuple(
    (b":" + FILLER * after_colon + b"/" + FILLER * between + b"/", b"://" + FILLER * (after_colon + between))
    for after_colon in (0, 2, 3, 5)
    for between in (0, 1, 2, 3, 5)
    if after_colon or between
)
"""`:` and `/` that were spelled one by one, pulled together: readers look for `://`."""
_DEFANGING: Final = (b"hxxp", b"hxtp", b"htxp", b"h**p", b"fxp:", b"[", b"(", b"{", b"<", b" dot ")


class Refanger:
    """Immutable; safe to share between threads."""

    __slots__ = ("_marked", "_wide_dotted")

    def __init__(self) -> None:
        options = re2.Options()
        options.log_errors = False
        self._marked = re2.compile(b"|".join(re2.escape(marker) for marker, _ in _PLAIN), options)
        wide_dots = b"|".join(character.encode() for character in _WIDE_DOTS)
        self._wide_dotted = re2.compile(b"[a-z0-9](?:" + wide_dots + b")[a-z0-9]", options)

    def refang(self, lowered: bytes) -> bytes:
        """The lower-cased UTF-8 of a text with defanged, escaped and split URLs made plain; same length, fillers in the gaps."""
        if FILLER in lowered:
            lowered = lowered.replace(FILLER, b" ")
        if self._marked.search(lowered):
            for marker, meaning in _PLAIN:
                lowered = lowered.replace(marker, meaning)
        if not lowered.isascii():
            # Between ASCII letters browsers read a wide dot as a dot; elsewhere it ends a sentence.
            dots = _WIDE_DOT_FORMS if self._wide_dotted.search(lowered) else _WIDE_STOPS
            for marker, meaning in dots:
                lowered = lowered.replace(marker, meaning)
            for lead, replacements in _WIDE:
                if lead in lowered:
                    for marker, meaning in replacements:
                        lowered = lowered.replace(marker, meaning)
        if b":" + FILLER in lowered or b"/" + FILLER in lowered:
            for spelled, meaning in _JOINTS:
                lowered = lowered.replace(spelled, meaning)
        return lowered


def is_defanged(written: bytes) -> bool:
    """Whether the scheme and host of a URL, lower-cased as written, were made harmless on purpose (escapes are no such thing)."""
    return any(mark in written for mark in _DEFANGING)

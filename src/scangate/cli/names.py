"""Texts that a command was given, held to what the API takes."""

from __future__ import annotations

from scangate.errors import RequestInvalidError
from scangate.identity.schemas import TEXT_MAX


def checked_name(text: str, what: str, *, least: int = 1, most: int = TEXT_MAX) -> str:
    """
    Raises:
        RequestInvalidError: too short, too long, or with control characters.
    """
    text = text.strip()
    if not least <= len(text) <= most or not text.isprintable():
        raise RequestInvalidError(f"{what}: {least} to {most} printable characters")
    return text

"""Texts that operators write: names, descriptions, examples. Their limits are in bytes of UTF-8, as on the hosted service."""

from __future__ import annotations

import unicodedata


def checked_text(value: object, max_bytes: int, *, single_line: bool = False) -> str:
    """
    Args:
        single_line: refuse every control character; else line breaks and tabs may stand in it.

    Raises:
        ValueError: with the reason, and nothing of the text.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"a text of 1 to {max_bytes} bytes in UTF-8 is required")
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise ValueError("not a text in Unicode") from None
    if size > max_bytes:
        raise ValueError(f"at most {max_bytes} bytes in UTF-8, not {size}")
    permitted = "" if single_line else "\n\r\t"
    if any(unicodedata.category(character) == "Cc" and character not in permitted for character in value):
        raise ValueError("control characters have no place here")
    return value

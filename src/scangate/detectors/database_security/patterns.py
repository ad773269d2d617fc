"""Compiled patterns over bytes, shared by the finders: google-re2, ignoring case, one byte one character."""

from __future__ import annotations

from functools import cache
from typing import Final

import re2

from scangate.errors import ConfigurationError

_MEMORY_BYTES: Final = 16 << 20

REACH_BYTES: Final = 4096
"""No statement is read further than this from where it begins."""
BLOCK_COMMENT: Final = rb"/\*(?:[^*]|\*+[^*/])*\*+/"
GAP: Final = rb"(?:(?:[\s+]|\\[nrt]|" + BLOCK_COMMENT + rb"|#[^\n]*\n|--[^\n]*\n|/\*!\d*|\*/|%20|%0[ad9])+)"
"""What may stand between two words of a statement: spaces, comments, the escapes of host strings and of URLs."""


@cache
def pattern(expression: bytes) -> re2._Regexp:
    """A pattern over bytes that ignores case.

    Raises:
        ConfigurationError: not valid re2 syntax.
    """
    try:
        return re2.compile(expression, options=bytes_options(_MEMORY_BYTES))
    except re2.error as error:
        raise ConfigurationError(f"database pattern {expression!r} is not valid re2 syntax: {error}") from None


def bytes_options(memory_bytes: int) -> re2.Options:
    """Options for patterns over bytes that ignore case."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = memory_bytes
    return options

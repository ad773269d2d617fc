"""Files of rows that commands read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import cast

from scangate.errors import RequestInvalidError


@contextmanager
def opened(file: Path) -> Iterator[BufferedReader]:
    """A file, or standard input for `-`.

    Raises:
        RequestInvalidError: it cannot be read.
    """
    if str(file) == "-":
        yield BufferedReader(cast("RawIOBase", sys.stdin.buffer))
        return
    try:
        with file.open("rb") as stream:
            yield stream
    except OSError as error:
        raise RequestInvalidError(f"cannot read {str(file)!r}: {error.strerror}") from None

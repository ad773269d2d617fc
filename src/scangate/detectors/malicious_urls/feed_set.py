"""The imported feeds of a data directory, noticed without a restart."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Final

from scangate.detectors.malicious_urls.feeds import FEED_SUFFIX
from scangate.errors import ConfigurationError
from scangate.matching.host_index import HostIndex

_INTERVAL_SECONDS: Final = 1.0
_Signature = tuple[int, int, int]


class FeedSet:
    """All `*.idx` of one directory, memory-mapped. Safe to share between threads; a missing directory is an empty set.

    Looking at the directory is the one piece of IO on the scan path: some ten microseconds, once a second. A file that turns bad
    keeps its last good content and stands in `problems`.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._lock = Lock()
        self._next_look = 0.0
        self._open: dict[str, tuple[_Signature, HostIndex | None]] = {}
        self._current: tuple[HostIndex, ...] = ()
        self._problems: dict[str, str] = {}
        self.refresh()

    @property
    def problems(self) -> Mapping[str, str]:
        """Feeds that cannot be read: file name to reason."""
        return MappingProxyType(self._problems)

    def indexes(self) -> tuple[HostIndex, ...]:
        """The feeds, at most a second old."""
        if self._directory is not None and time.monotonic() >= self._next_look:
            self.refresh()
        return self._current

    def refresh(self) -> None:
        """Look at the directory now; a caller that finds another one looking does not wait for it."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._next_look = time.monotonic() + _INTERVAL_SECONDS
            self._reopen_changed()
        finally:
            self._lock.release()

    def _reopen_changed(self) -> None:
        signatures = self._signatures()
        if signatures == {name: signature for name, (signature, _) in self._open.items()}:
            return
        reopened: dict[str, tuple[_Signature, HostIndex | None]] = {}
        problems: dict[str, str] = {}
        for name, signature in sorted(signatures.items()):
            old_signature, index = self._open.get(name, (None, None))
            if signature == old_signature:
                if name in self._problems:
                    problems[name] = self._problems[name]
            else:
                try:
                    index = HostIndex.open(self._path(name))
                except ConfigurationError as error:
                    problems[name] = error.message
                except OSError as error:
                    problems[name] = error.strerror or "cannot be read"
            reopened[name] = (signature, index)
        self._open = reopened
        self._problems = problems
        self._current = tuple(index for _, index in reopened.values() if index is not None)

    def _path(self, name: str) -> Path:
        return (self._directory or Path()) / name

    def _signatures(self) -> dict[str, _Signature]:
        """Files by name with what changes when they are replaced."""
        found: dict[str, _Signature] = {}
        if self._directory is None or not self._directory.is_dir():
            return found
        for path in self._directory.iterdir():
            if path.suffix == FEED_SUFFIX and not path.name.startswith("."):
                try:
                    status = path.stat()
                except OSError:  # removed since it was listed
                    continue
                found[path.name] = (status.st_mtime_ns, status.st_size, status.st_ino)
        return found

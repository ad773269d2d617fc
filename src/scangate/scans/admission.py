"""How many synchronous scans of a tenant, and of all of them, may be in progress. No database: it is asked before every scan.

Several processes of one server tell each other through a file that all of them map: each writes its own row, and adds up the cells of
the others. Nobody waits for a lock, so two processes that let the last scan in at the same instant both do: a tenant may go over by at
most one scan for each other process. The row of a process that dies is taken over, and emptied, by the one that replaces it. Servers on
several machines know nothing of each other: each has the limit for itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from typing import Final

from scangate.errors import LimitExceededError

COUNTS_FILE: Final = "scans-in-progress"
"""In the data directory; a start begins with a new one."""
_CELL: Final = Struct("<QQ")
"""Who (eight bytes of a hash) and how many; (0, 0) for a cell that was never used."""
_CELLS: Final = 1024
_ROW: Final = _CELL.size * _CELLS


class SharedCounts:
    """Counts by name that the processes on one file see of each other. Names that share a cell are told apart, and who comes second
    counts unseen."""

    def __init__(self, file: Path, processes: int) -> None:
        """
        Args:
            processes: that take part; more of them count unseen.

        Raises:
            OSError: the file cannot be made or mapped.
        """
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._rows = range(processes)
        if os.fstat(self._descriptor).st_size < _ROW * processes:
            os.ftruncate(self._descriptor, _ROW * processes)
        self._map = mmap.mmap(self._descriptor, _ROW * processes)
        self._row = self._claimed()
        if self._row is not None:
            self._map[self._row * _ROW : (self._row + 1) * _ROW] = bytes(_ROW)

    def close(self) -> None:
        if self._row is not None:
            self._map[self._row * _ROW : (self._row + 1) * _ROW] = bytes(_ROW)
        self._map.close()
        os.close(self._descriptor)

    def _claimed(self) -> int | None:
        """A row is whose lock on its first byte holds; the kernel takes the lock away when the process ends, however it ends."""
        for row in self._rows:
            with contextlib.suppress(OSError):
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row * _ROW)
                return row
        return None

    def tell(self, name: str, count: int) -> None:
        """How many there are in this process."""
        if self._row is None:
            return
        tag, cell = _place(name)
        place = self._row * _ROW + cell
        owner, other = _CELL.unpack_from(self._map, place)
        if owner == tag or not other:
            _CELL.pack_into(self._map, place, tag, count)

    def elsewhere(self, name: str) -> int:
        """How many the other processes told of."""
        tag, cell = _place(name)
        found = 0
        for row in self._rows:
            owner, count = _CELL.unpack_from(self._map, row * _ROW + cell)
            if owner == tag and row != self._row:
                found += count
        return found


def _place(name: str) -> tuple[int, int]:
    tag = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") or 1
    return tag, tag % _CELLS * _CELL.size


class Admission:
    """One per process. `shared`: what this server's other processes tell; None where there are none."""

    def __init__(self, *, per_tenant: int, per_process: int, shared: SharedCounts | None = None) -> None:
        self._per_tenant = per_tenant
        self._per_process = per_process
        self._shared = shared
        self._total = 0
        self._by_tenant: Counter[str] = Counter()

    @contextmanager
    def scan(self, tsg_id: str) -> Iterator[None]:
        """A place for the time of the block.

        Raises:
            LimitExceededError: there is none.
        """
        own = self._by_tenant[tsg_id]
        elsewhere = self._shared.elsewhere(tsg_id) if self._shared is not None else 0
        if self._total >= self._per_process or own + elsewhere >= self._per_tenant:
            if not own:
                del self._by_tenant[tsg_id]
            raise LimitExceededError(retry_after_seconds=1)
        self._moved(tsg_id, 1)
        try:
            yield
        finally:
            self._moved(tsg_id, -1)

    def _moved(self, tsg_id: str, by: int) -> None:
        self._total += by
        self._by_tenant[tsg_id] += by
        count = self._by_tenant[tsg_id]
        if not count:
            del self._by_tenant[tsg_id]
        if self._shared is not None:
            self._shared.tell(tsg_id, count)

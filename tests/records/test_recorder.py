from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from scangate.errors import StorageUnavailableError
from scangate.records.recorder import Recorder


class Storage:
    """Takes batches, or fails while `full`."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.full = False

    async def write(self, batch: Sequence[int]) -> None:
        await asyncio.sleep(0)
        if self.full:
            raise StorageUnavailableError
        self.batches.append(list(batch))

    @property
    def rows(self) -> list[int]:
        return [row for batch in self.batches for row in batch]


def recorder(storage: Storage, *, rows: int = 10_000, required: bool = True) -> Recorder[int]:
    return Recorder(storage.write, flush_ms=1, queue_rows=rows, required=required)


def test_records_are_written_in_order_and_in_batches() -> None:
    async def work() -> None:
        storage = Storage()
        records = recorder(storage)
        running = asyncio.ensure_future(records.run())
        for number in range(1200):
            records.put_nowait(number)
        await records.close()
        await running
        assert storage.rows == list(range(1200))
        assert max(len(batch) for batch in storage.batches) == 500

    asyncio.run(work())


def test_failed_batch_is_kept_refuses_more_and_is_written_once_it_works_again() -> None:
    async def work() -> None:
        storage = Storage()
        storage.full = True
        records = recorder(storage)
        records.put_nowait(1)
        with pytest.raises(StorageUnavailableError):
            await records.flush()
        with pytest.raises(StorageUnavailableError):
            records.put_nowait(2)
        storage.full = False
        await records.flush()
        records.put_nowait(3)
        await records.flush()
        assert storage.rows == [1, 3]

    asyncio.run(work())


def test_without_required_what_exceeds_the_bound_is_dropped_not_refused() -> None:
    async def work() -> None:
        storage = Storage()
        storage.full = True
        records = recorder(storage, rows=2, required=False)
        for number in range(5):
            records.put_nowait(number)
        storage.full = False
        await records.flush()
        assert storage.rows == [0, 1]

    asyncio.run(work())


def test_concurrent_flushes_write_each_record_once() -> None:
    async def work() -> None:
        storage = Storage()
        records = recorder(storage)
        for number in range(100):
            records.put_nowait(number)
        await asyncio.gather(*(records.flush() for _ in range(10)))
        assert storage.rows == list(range(100))

    asyncio.run(work())

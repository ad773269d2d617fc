"""The queries of the scan log, the same on SQLite and on PostgreSQL; pages against a count in Python."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from scangate.db.engine import Database
from scangate.db.schema import migrate
from scangate.records import repository
from scangate.records.entry import LogEntry, microseconds
from scangate.records.repository import Position
from scangate.records.verdict_bits import SERVICES, SEVERITIES, SEVERITY_BIT
from scangate.records.windows import DAY, Window, window_of

NOW = microseconds(datetime(2026, 5, 20, 12, tzinfo=UTC))
SPANS = [window_of(DAY, NOW), window_of(30 * DAY, NOW)]


def entries(tsg_id: str, seed: int, count: int = 300) -> list[LogEntry]:
    """Random, with equal times among them, and some outside every window."""
    rnd = random.Random(seed)
    found = []
    for number in range(count):
        category = rnd.choice(["benign", "benign", "malicious", "error", "timeout", "rejected"])
        at = NOW - rnd.choice([rnd.randrange(DAY), rnd.randrange(40 * DAY), 100]) * 1_000_000
        mask = 0
        if category == "malicious":
            for service in rnd.sample(SERVICES, rnd.randint(1, 3)):
                mask |= SEVERITY_BIT[rnd.choice(SEVERITIES), service]
        found.append(
            LogEntry(
                tsg_id=tsg_id, source="x", application_id=f"a{rnd.randrange(2)}", api_key_id="k", app_name=f"n{rnd.randrange(2)}",
                received_us=at, completed_us=at, category=category, action="allow", is_sync=True,
                scan_id="" if category == "rejected" else f"{tsg_id}-{number}",
                session_id="" if category == "rejected" else f"s{rnd.randrange(9)}", severities=mask,
                tokens=rnd.randrange(9), text_records=rnd.randrange(3), profile_name=rnd.choice(["p", "q"]),
                content=b"{}" if category != "rejected" and number % 2 else None,
            )
        )  # fmt: skip
    return found


LOG = {"t1": entries("t1", 1), "t2": entries("t2", 2)}


def on(url: str, work: Callable[[Database], Awaitable[None]]) -> None:
    migrate(url)

    async def run() -> None:
        database = Database(url)
        try:
            async with database.write() as connection:
                await repository.insert_entries(connection, LOG["t1"])
                await repository.insert_entries(connection, LOG["t2"])
                await repository.insert_entries(connection, [])
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


def inside(span: Window, *, rejected: bool = False) -> list[LogEntry]:
    return [e for e in LOG["t1"] if span.since_us <= e.received_us < span.until_us and (rejected or e.category != "rejected")]


@pytest.mark.parametrize("category", [None, "malicious", "rejected"])
def test_pages_are_the_whole_log_newest_first(database_url: str, category: str | None) -> None:
    async def work(database: Database) -> None:
        span = SPANS[1]
        expected = [e for e in inside(span, rejected=True) if category in (None, e.category)]
        found: list[LogEntry] = []
        after = None
        async with database.read() as connection:
            while page := await repository.list_entries(
                connection, "t1", span.since_us, span.until_us, category=category, after=after, limit=17
            ):
                found += page
                after = Position(page[-1].received_us, page[-1].log_id)
            skipped = await repository.list_entries(
                connection, "t1", span.since_us, span.until_us, category=category, offset=20, limit=5
            )
            totals = await repository.count_by_category(connection, "t1", span.since_us, span.until_us)
        keys = [(e.received_us, e.log_id) for e in found]
        assert keys == sorted(keys, reverse=True) and len(set(keys)) == len(keys)
        stripped = sorted((e._replace(log_id=0) for e in found), key=str)
        assert stripped == sorted((e._replace(content=None) for e in expected), key=str) and len(stripped) > 25
        assert skipped == found[20:25]
        if category is None:
            counted: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
            for e in expected:
                counted[e.category] = counted[e.category][0] + 1, counted[e.category][1] + e.text_records
            assert totals == counted

    on(database_url, work)


def test_content_items_and_the_end_of_them(database_url: str) -> None:
    async def work(database: Database) -> None:
        one = next(e for e in LOG["t1"] if e.content is not None)
        async with database.write() as connection:
            assert await repository.find_content(connection, "t1", one.scan_id, 0) == b"{}"
            assert await repository.find_content(connection, "t2", one.scan_id, 0) is None
            assert await repository.find_item(connection, "t2", one.scan_id, 0) is None
            assert await repository.list_tenants(connection) == ["t1", "t2"]
            before = NOW - 10 * DAY * 1_000_000
            old = [e for e in LOG["t1"] if e.received_us < before]
            assert await repository.delete_entries(connection, "t1", before, limit=3) == 3
            assert await repository.delete_entries(connection, "t1", before, limit=1000) == len(old) - 3
            assert await repository.delete_contents(connection, "t1", before, limit=1000) == sum(
                e.content is not None for e in old
            )
            assert await repository.delete_entries(connection, "t1", before, limit=1000) == 0
            left = await repository.list_entries(connection, "t2", 0, NOW, limit=1000)
        assert len(left) == len(LOG["t2"])

    on(database_url, work)


def test_a_cursor_is_held_by_one_and_moves_forward(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with database.write() as connection:
            await repository.create_cursor(connection, "webhook", 0)
            assert await repository.cursor_exists(connection, "webhook") and not await repository.cursor_exists(
                connection, "file"
            )
            assert await repository.lease_cursor(connection, "webhook", "one", 100, 200) == 0
            assert await repository.lease_cursor(connection, "webhook", "two", 150, 250) is None
            assert await repository.lease_cursor(connection, "webhook", "one", 150, 250) == 0
            batch = await repository.entries_behind(connection, 0, limit=10)
            assert [e.log_id for e in batch] == sorted(e.log_id for e in batch) and len(batch) == 10
            assert await repository.move_cursor(connection, "webhook", "one", batch[-1].log_id, 300)
            assert not await repository.move_cursor(connection, "webhook", "two", 0, 300)
            assert await repository.lease_cursor(connection, "webhook", "two", 301, 400) == batch[-1].log_id
            await repository.release_cursors(connection)
            assert await repository.lease_cursor(connection, "webhook", "three", 302, 400) == batch[-1].log_id
            assert await repository.find_cursor(connection, "webhook") == batch[-1].log_id

    on(database_url, work)

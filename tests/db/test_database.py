from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DatabaseError

import scangate.db.schema as schema
import scangate.identity.tables
import scangate.jobs.tables
import scangate.profiles.data_profile_tables
import scangate.profiles.tables
import scangate.records.rollup_tables
import scangate.records.tables
import scangate.scans.tables  # noqa: F401 - fills the metadata
from scangate.db.base import Base
from scangate.db.changes import ChangeWatch
from scangate.db.engine import Database
from scangate.db.readthrough import ReadThrough
from scangate.errors import ConfigurationError, StorageUnavailableError
from scangate.jobs import queue as jobs


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'scangate.db'}"


def on_database(address: str, work: Callable[[Database], Awaitable[None]]) -> None:
    schema.migrate(address)

    async def run() -> None:
        database = Database(address)
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


def test_migrations_make_exactly_the_tables_of_the_code_and_take_them_away_again(database_url: str) -> None:
    schema.migrate(database_url)
    engine = create_engine(database_url.replace("+aiosqlite", ""))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert [d for d in differences if d[0] not in ("add_constraint", "remove_constraint")] == []
    command.downgrade(schema.alembic_config(database_url), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    schema.migrate(database_url)
    assert "scans" in inspect(engine).get_table_names()
    engine.dispose()


def test_rows_survive_a_migration_down_and_up(database_url: str) -> None:
    schema.migrate(database_url)
    engine = create_engine(database_url.replace("+aiosqlite", ""))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO tenants (tsg_id, name, created_at) VALUES ('1', 'one', '2026-01-01 00:00:00')"))
    command.downgrade(schema.alembic_config(database_url), "0001")
    schema.migrate(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM tenants")).scalar_one() == "one"
    engine.dispose()


def test_the_audit_log_is_append_only(database_url: str) -> None:
    schema.migrate(database_url)
    engine = create_engine(database_url.replace("+aiosqlite", ""))
    values = "'1', '2026-01-01 00:00:00', 'me', '', 'create', 'x', 'y'"
    with engine.begin() as connection:
        connection.execute(
            text(f"INSERT INTO audit_log (tsg_id, at, actor, remote, action, entity, entity_id) VALUES ({values})")
        )
    for change in ("UPDATE audit_log SET actor = 'you'", "DELETE FROM audit_log"):
        with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
            connection.execute(text(change))
    engine.dispose()


def test_a_write_is_alone_on_either_database(database_url: str) -> None:
    async def work(database: Database) -> None:
        other = Database(database_url)
        counted: list[int] = []

        async def enqueue(which: Database) -> None:
            async with which.write() as connection:
                before = int(await connection.scalar(text("SELECT count(*) FROM jobs")) or 0)
                await asyncio.sleep(0.002)
                await jobs.enqueue(connection, "scan", [{"n": before}])
                counted.append(before)

        await asyncio.gather(*(enqueue(which) for which in (database, other) * 8))
        assert sorted(counted) == list(range(16))
        await other.close()

    on_database(database_url, work)


def test_schema_revision_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.SCHEMA_REVISION


def test_write_rolls_back_on_an_exception(database_url: str) -> None:
    async def work(database: Database) -> None:
        with pytest.raises(RuntimeError):
            async with database.write() as connection:
                await jobs.enqueue(connection, "scan", [{"scan_id": "x"}])
                raise RuntimeError
        async with database.read() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM jobs")) == 0

    on_database(database_url, work)


def test_locked_database_is_unavailable_without_quoting_parameters(tmp_path: Path) -> None:
    schema.migrate(url(tmp_path))

    async def work() -> None:
        database = Database(url(tmp_path), busy_seconds=1)
        with closing(sqlite3.connect(tmp_path / "scangate.db")) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StorageUnavailableError) as raised:
                async with database.write() as connection:
                    await jobs.enqueue(connection, "scan", [{"scan_id": "secret"}])
            assert "secret" not in str(raised.value) and raised.value.__cause__ is None
        await database.close()

    asyncio.run(work())


def test_other_backends_are_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="SCANGATE_DATABASE__URL"):
        Database("mysql+aiomysql://localhost/x")


def test_job_is_taken_once_and_again_after_its_lease(database_url: str) -> None:
    async def work(database: Database) -> None:
        quick, slow = jobs.Queue(database, lease_seconds=0), jobs.Queue(database, lease_seconds=60)
        async with database.write() as connection:
            await jobs.enqueue(connection, "scan", [{"scan_id": "a"}, {"scan_id": "b"}])
        first = await quick.take()
        second = await slow.take()
        assert first is not None and second is not None
        again = await slow.take()
        assert {first.payload["scan_id"], second.payload["scan_id"]} == {"a", "b"} or second.job_id == first.job_id
        assert again is not None or second.job_id != first.job_id
        async with database.write() as connection:
            assert not await jobs.complete(connection, first), "the lease has gone to another worker"
            assert await jobs.complete(connection, second)

    on_database(database_url, work)


def test_given_back_job_waits_and_release_all_frees_every_lease(database_url: str) -> None:
    async def work(database: Database) -> None:
        queue = jobs.Queue(database, lease_seconds=60)
        async with database.write() as connection:
            await jobs.enqueue(connection, "scan", [{"scan_id": "a"}])
        job = await queue.take()
        assert job is not None and await queue.take() is None
        await queue.give_back(job, after_seconds=3600)
        assert await queue.take() is None
        await queue.give_back(job, after_seconds=0)
        assert await queue.depth() == 1
        await queue.release_all()
        assert await queue.depth() == 1

    on_database(database_url, work)


def test_many_workers_take_each_job_exactly_once(database_url: str) -> None:
    async def work(database: Database) -> None:
        queue = jobs.Queue(database, lease_seconds=60)
        async with database.write() as connection:
            await jobs.enqueue(connection, "scan", [{"scan_id": str(number)} for number in range(40)])
        taken: list[str] = []

        async def worker() -> None:
            while (job := await queue.take()) is not None:
                taken.append(job.payload["scan_id"])
                async with database.write() as connection:
                    assert await jobs.complete(connection, job)

        await asyncio.gather(*(worker() for _ in range(5)))
        assert sorted(taken, key=int) == [str(number) for number in range(40)]

    on_database(database_url, work)


def test_read_through_reads_once_for_all_that_wait_and_again_after_its_time() -> None:
    reads: list[str] = []

    async def read(key: str) -> str:
        reads.append(key)
        await asyncio.sleep(0.01)
        return key.upper()

    async def work() -> None:
        cache = ReadThrough(read, ttl_seconds=0.05, size=2)
        assert await asyncio.gather(*(cache.get("a") for _ in range(50))) == ["A"] * 50
        assert reads == ["a"]
        await asyncio.sleep(0.06)
        await cache.get("a")
        assert reads == ["a", "a"]
        for key in ("b", "c", "a"):
            await cache.get(key)
        assert reads == ["a", "a", "b", "c", "a"], "the least recently read was dropped"

    asyncio.run(work())


def test_read_through_does_not_cache_a_failure() -> None:
    outcomes = [StorageUnavailableError(), None]

    async def read(_key: str) -> datetime:
        error = outcomes.pop(0)
        if error:
            raise error
        return datetime.now(UTC)

    async def work() -> None:
        cache = ReadThrough(read, ttl_seconds=60, size=2)
        with pytest.raises(StorageUnavailableError):
            await cache.get("a")
        assert await cache.get("a")

    asyncio.run(work())


def test_a_watched_cache_reads_again_when_something_was_changed_and_else_not_at_all() -> None:
    reads: list[str] = []
    newest = 1

    async def read(key: str) -> int:
        reads.append(key)
        return len(reads)

    async def state() -> int:
        if newest < 0:
            raise StorageUnavailableError
        return newest

    async def run() -> None:
        nonlocal newest
        watch = ChangeWatch(state)
        cache: ReadThrough[str, int] = ReadThrough(read, ttl_seconds=0.0, size=10, watch=watch)
        await watch.ask()
        assert [await cache.get("a") for _ in range(3)] == [1, 1, 1]
        await watch.ask()
        assert await cache.get("a") == 1
        newest = 2
        await watch.ask()
        assert [await cache.get("a") for _ in range(2)] == [2, 2]
        newest = -1
        with pytest.raises(StorageUnavailableError):
            await watch.ask()
        watch._asked_at -= 10  # as if that had lasted
        assert [await cache.get("a") for _ in range(2)] == [3, 4], "nothing is vouched for, and the time to live is none"

    asyncio.run(run())

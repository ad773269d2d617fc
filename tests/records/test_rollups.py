"""Dashboards' figures are those that counting row by row gives, whatever came in which order, was summed up when, or was deleted."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from scangate.db.engine import Database
from scangate.db.schema import migrate
from scangate.identity.repository import insert_tenant
from scangate.records import figures, repository, rollups
from scangate.records.entry import ContentStorage, LogEntry, microseconds
from scangate.records.repository import TenantSettings
from scangate.records.rollup_tables import FINE_GRAIN, HOUR_GRAIN
from scangate.records.service import ScanLog
from scangate.records.verdict_bits import SERVICES, SEVERITIES, SEVERITY_BIT
from scangate.records.windows import DAY, HOUR, Span
from scangate.scans.repository import delete_finished

NOW = microseconds(datetime(2026, 5, 20, 12, 17, 3, tzinfo=UTC))
LENGTHS = [HOUR, DAY, 7 * DAY, 30 * DAY, 60 * DAY]
REACH = [100, HOUR, 3 * HOUR, DAY, 3 * DAY, 35 * DAY, 65 * DAY]
Key = tuple[str, str, str]


def entries(rnd: random.Random, tsg_id: str, count: int) -> list[LogEntry]:
    """In no order of time, with equal times, edges of slots, few sessions that go on for long, and many short ones."""
    found = []
    for _ in range(count):
        category = rnd.choice(["benign", "benign", "benign", "malicious", "error", "timeout", "rejected"])
        at = NOW - rnd.randrange(rnd.choice(REACH)) * 1_000_000
        at = rnd.choice([at, at, at // 3_600_000_000 * 3_600_000_000, at // 300_000_000 * 300_000_000 - 1])
        mask = 0
        if category == "malicious":
            for service in rnd.sample(SERVICES, rnd.randint(0, 2)):
                mask |= SEVERITY_BIT[rnd.choice(SEVERITIES), service]
        found.append(
            LogEntry(
                tsg_id=tsg_id, source="x", application_id=f"a{rnd.randrange(2)}", api_key_id="k", app_name=f"n{rnd.randrange(2)}",
                received_us=at, completed_us=at, category=category, action="allow", is_sync=True,
                session_id="" if category == "rejected" else rnd.choice(["s1", "s2", f"s{rnd.randrange(30)}", f"x{rnd.random()}"]),
                severities=mask, tokens=rnd.randrange(9), profile_name=rnd.choice(["p", "q", ""]),
            )
        )  # fmt: skip
    return found


def key(entry: LogEntry) -> Key:
    return entry.application_id, entry.app_name, entry.session_id


def counted(log: list[LogEntry], span: Span, floor_us: int) -> dict[str, Any]:
    """Every figure by reading the rows one by one."""
    rows = [e for e in log if max(span.since_us, floor_us) <= e.received_us < span.until_us and e.category != "rejected"]
    bad = [e for e in rows if e.category == "malicious"]

    def bucket(entry: LogEntry) -> int:
        return (entry.received_us - span.since_us) // span.bucket_us

    chart: dict[int, tuple[set[Key], set[Key]]] = defaultdict(lambda: (set(), set()))
    by_app: dict[tuple[str, str], dict[int, tuple[set[Key], set[Key]]]] = {}
    newest: dict[Key, tuple[int, int]] = {}
    for number, e in enumerate(rows):
        newest[key(e)] = max(newest.get(key(e), (0, 0)), (e.received_us, number))
        for sets in (chart[bucket(e)], by_app.setdefault(key(e)[:2], {}).setdefault(bucket(e), (set(), set()))):
            sets[0].add(key(e))
            if e.category == "malicious":
                sets[1].add(key(e))
    apps = sorted({key(e)[:2] for e in rows}, key=lambda app: (app[1], app[0]))
    return {
        "apps": [
            (
                app,
                max(e.received_us for e in rows if key(e)[:2] == app),
                len({key(e) for e in rows if key(e)[:2] == app}),
                len({key(e) for e in bad if key(e)[:2] == app}),
            )
            for app in apps
        ],
        "names": apps,
        "chart": {n: (len(a), len(b)) for n, (a, b) in chart.items()},
        "by_app": {app: {n: (len(a), len(b)) for n, (a, b) in buckets.items()} for app, buckets in by_app.items()},
        "severities": Counter(e.severities for e in bad),
        "severities_by_app": Counter((key(e)[:2], e.severities) for e in bad),
        "severities_by_bucket": Counter((bucket(e), e.severities) for e in bad),
        "tokens": {app: sum(e.tokens for e in rows if key(e)[:2] == app) for app in apps},
        "profiles": {app: sorted({e.profile_name for e in rows if key(e)[:2] == app} - {""}) for app in apps},
        "sessions": len(newest),
        "newest": [one for one, _ in sorted(newest.items(), key=lambda found: found[1], reverse=True)],
        "of_sessions": Counter((*key(e), e.severities) for e in bad),
        "session": {
            one: (
                sum(key(e) == one for e in rows),
                any(key(e) == one for e in bad),
                min(e.received_us for e in rows if key(e) == one),
                newest[one][0],
            )
            for one in sorted(newest, key=newest.__getitem__, reverse=True)[:5]
        },
    }  # fmt: skip


async def summed(database: Database, tsg_id: str, seconds: int) -> tuple[Span, dict[str, Any]]:
    """The same figures as the dashboards read them."""
    async with database.read(one_state=True) as connection:
        span = await figures.span_at(connection, tsg_id, seconds, NOW)
        asked = connection, tsg_id, span
        apps = await figures.applications(*asked)
        for one in apps:
            assert await figures.applications(*asked, one.app) == [one]
        newest = await figures.newest_sessions(*asked, offset=0, limit=10_000)
        assert await figures.newest_sessions(*asked, offset=3, limit=4) == newest[3:7]
        by_app = await figures.severities_by_app(*asked)
        for one in apps:
            expected = Counter({mask: items for app, mask, items in by_app if app == one.app})
            assert Counter(dict(await figures.severities(*asked, one.app))) == expected
        names = [one.app for one in apps]
        assert await figures.sessions_by_bucket(*asked) == await figures.sessions_by_bucket(*asked, names)
        return span, {
            "apps": [(a.app, await figures.last_activity(*asked, a.app), a.sessions, a.violating) for a in apps],
            "names": names,
            "chart": await figures.sessions_chart(*asked),
            "by_app": await figures.sessions_by_bucket(*asked, names),
            "severities": Counter(dict(await figures.severities(*asked))),
            "severities_by_app": Counter({(app, mask): items for app, mask, items in by_app}),
            "severities_by_bucket": Counter({(n, m): items for n, m, items in await figures.severities_by_bucket(*asked)}),
            "tokens": {app: await figures.token_sum(*asked, app) for app in names},
            "profiles": {app: await figures.profiles_used(*asked, app) for app in names},
            "sessions": await figures.count_sessions(*asked),
            "newest": [(*s.app, s.session_id) for s in newest],
            "of_sessions": Counter(
                {(*app, session, mask): n for app, session, mask, n in await figures.severities_of_sessions(*asked, newest)}
            ),
            "session": {(*s.app, s.session_id): await figures.session(*asked, s.app, s.session_id) for s in newest[:5]},
        }


def on(url: str, work: Callable[[Database], Awaitable[None]]) -> None:
    migrate(url)

    async def run() -> None:
        database = Database(url)
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


async def both_ways(database: Database, log: list[LogEntry], tsg_id: str, floor_us: int) -> tuple[dict[int, Any], dict[int, Any]]:
    """Figures of every window by its seconds: as they are summed up, and as counting the log gives them."""
    found, expected = {}, {}
    for seconds in LENGTHS:
        span, found[seconds] = await summed(database, tsg_id, seconds)
        expected[seconds] = counted(log, span, floor_us)
    return found, expected


async def add(database: Database, log: list[LogEntry]) -> None:
    async with database.write() as connection:
        await repository.insert_entries(connection, log)


async def sum_up(database: Database, rows: int) -> None:
    while True:
        async with database.read() as connection:
            if await rollups.progress(connection) == await repository.last_log_id(connection):
                return
        async with database.write() as connection:
            await rollups.advance(connection, rows=rows)


async def keep(database: Database, log: list[LogEntry], tsg_id: str, floor_us: int, rnd: random.Random) -> list[LogEntry]:
    """Delete what is older, as the retention does, but stop in the middle at times; returns what is left of the log."""
    async with database.write() as connection:
        await rollups.raise_floor(connection, tsg_id, floor_us)
    async with database.write() as connection:
        for grain, before in ((HOUR_GRAIN, floor_us), (FINE_GRAIN, max(floor_us, NOW - 3 * HOUR * 1_000_000))):
            await rollups.delete_slots(connection, tsg_id, grain, before, limit=rnd.choice([3, 10_000]))
        await rollups.delete_heads(connection, tsg_id, floor_us, limit=rnd.choice([3, 10_000]))
        if rnd.random() < 0.7:
            await repository.delete_entries(connection, tsg_id, floor_us, limit=10_000)
            return [e for e in log if e.received_us >= floor_us]
    return log


@pytest.mark.parametrize("seed", range(8))
def test_figures_are_what_counting_gives(database_url: str, seed: int) -> None:
    async def work(database: Database) -> None:
        rnd = random.Random(seed)
        log: dict[str, list[LogEntry]] = {"t1": [], "t2": []}
        floors = {"t1": 0, "t2": 0}
        for _ in range(rnd.randint(2, 6)):
            for tsg_id in log:
                new = entries(rnd, tsg_id, rnd.choice([1, 20, 90]))
                await add(database, new)
                log[tsg_id] += new
            if rnd.random() < 0.8:
                await sum_up(database, rnd.choice([7, 50, 10_000]))
            if rnd.random() < 0.4:
                await sum_up(database, 10_000)
                floor_us = (NOW // 3_600_000_000 - rnd.choice([0, 5, 30, 300, 1000])) * 3_600_000_000
                floors["t1"] = max(floors["t1"], floor_us)
                log["t1"] = await keep(database, log["t1"], "t1", floors["t1"], rnd)
        await sum_up(database, 10_000)
        for tsg_id, mine in log.items():
            found, expected = await both_ways(database, mine, tsg_id, floors[tsg_id])
            assert found == expected

    on(database_url, work)


def test_two_processes_may_sum_up_at_once_while_scans_come_in(database_url: str) -> None:
    async def work(database: Database) -> None:
        rnd = random.Random(99)
        other = Database(database_url)
        log: list[LogEntry] = []

        async def scanning() -> None:
            for _ in range(12):
                new = entries(rnd, "t1", 15)
                await add(database, new)
                log.extend(new)

        await asyncio.gather(scanning(), sum_up(other, 9), ScanLog(database, delete_finished).sum_up(), sum_up(database, 4))
        await ScanLog(other, delete_finished).sum_up()
        await other.close()
        found, expected = await both_ways(database, log, "t1", 0)
        assert found == expected

    on(database_url, work)


SUM_UP_SLOWLY = """
import asyncio, sys
from scangate.db.engine import Database
from scangate.records import rollups

async def run():
    database = Database(sys.argv[1])
    while True:
        async with database.write() as connection:
            await rollups.advance(connection, rows=3)
        print("another", flush=True)

asyncio.run(run())
"""


def kill_while_it_sums_up(url: str, stretches: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", SUM_UP_SLOWLY, url], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(stretches):
        assert process.stdout.readline() == b"another\n"
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_kill_in_the_middle_counts_nothing_twice_and_loses_nothing(database_url: str) -> None:
    async def work(database: Database) -> None:
        log = entries(random.Random(7), "t1", 300)
        await add(database, log)
        for stretches in (3, 1, 5):
            await asyncio.to_thread(kill_while_it_sums_up, database_url, stretches)
        async with database.read() as connection:
            assert 27 <= await rollups.progress(connection) < 300
        await sum_up(database, 10_000)
        found, expected = await both_ways(database, log, "t1", 0)
        assert found == expected

    on(database_url, work)


def test_a_server_forgets_what_a_tenant_no_longer_keeps(database_url: str) -> None:
    """The service's own retention: dashboards never show a part of an hour that is being deleted."""

    async def work(database: Database) -> None:
        now = datetime.now(UTC)
        shift = microseconds(now) - NOW
        log = [e._replace(received_us=e.received_us + shift) for e in entries(random.Random(3), "t1", 200)]
        await add(database, log)
        service = ScanLog(database, delete_finished)
        await service.sum_up()
        async with database.write() as connection:
            await insert_tenant(connection, tsg_id="t1", name="t1", created_at=now)
            await repository.put_settings(connection, TenantSettings("t1", ContentStorage.NONE, 2), "test", now)
        deleted = await service.apply_retention()
        async with database.read() as connection:
            floor_us = await rollups.floor_of(connection, "t1")
            span = await figures.span_at(connection, "t1", 30 * DAY, microseconds(datetime.now(UTC)))
            kept = [e for e in log if e.received_us >= floor_us]
            expected = counted(kept, span, floor_us)
            assert await figures.count_sessions(connection, "t1", span) == expected["sessions"]
            chart = await figures.sessions_chart(connection, "t1", span)
        assert chart == expected["chart"]
        assert 0 < deleted == len(log) - len(kept) and kept
        assert 0 <= microseconds(now) - 2 * DAY * 1_000_000 - floor_us < 3_600_000_000

    on(database_url, work)

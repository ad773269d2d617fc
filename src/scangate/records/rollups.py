"""Sums the scan log up into `rollup_tables`, in the order of its numbers, a stretch at a time; and takes from them what is too old.

A stretch is added and the progress moved in one transaction: whatever is killed, each row is counted once. That is done behind the
log and not with every batch of it: a few statements for thousands of rows instead of as many for twenty, and none beside a scan.
Dashboards catch up before they read. The statements below are the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, func, insert, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.records.rollup_tables import (
    GAP_MAX,
    GRAINS,
    LAST,
    LAST_VIOLATING,
    SESSIONS,
    VIOLATING,
    RollupFloorRow,
    RollupProgressRow,
    ScanSlotRow,
    SessionHeadRow,
    SessionSlotRow,
    ThreatSlotRow,
)
from scangate.records.tables import ScanLogRow

SECOND_US: Final = 1_000_000
FINE_SECONDS: Final = 3 * 3600
"""Short slots are kept for so long: nothing but the window of one hour reads them."""
LONGEST_SECONDS: Final = 61 * 24 * 3600
"""No window reaches further back."""

_SCANNED: Final = "category <> 'rejected'"
_THREATS: Final = "category = 'malicious'"
_STRETCH: Final = "log_id > :after AND log_id <= :upto"
_KEY: Final = "tsg_id, application_id, app_name, session_id"


def _slots(grain: int) -> str:
    return f"""
        INSERT INTO scan_slots (tsg_id, grain, slot, application_id, app_name, profile_name, tokens, last_us)
        SELECT tsg_id, {grain}, received_us / {grain * SECOND_US}, application_id, app_name, profile_name,
               sum(tokens), max(received_us)
        FROM scan_log WHERE {_STRETCH} AND {_SCANNED} GROUP BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (tsg_id, grain, slot, application_id, app_name, profile_name) DO UPDATE SET
            tokens = scan_slots.tokens + excluded.tokens,
            last_us = CASE WHEN excluded.last_us > scan_slots.last_us THEN excluded.last_us ELSE scan_slots.last_us END
    """  # noqa: S608 - numbers and words of our own


def _threats(grain: int) -> str:
    return f"""
        INSERT INTO threat_slots (tsg_id, grain, slot, application_id, app_name, severities, items)
        SELECT tsg_id, {grain}, received_us / {grain * SECOND_US}, application_id, app_name, severities, count(*)
        FROM scan_log WHERE {_STRETCH} AND {_THREATS} GROUP BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (tsg_id, grain, slot, application_id, app_name, severities) DO UPDATE SET
            items = threat_slots.items + excluded.items
    """  # noqa: S608


def _of_session(which: str, bound: str) -> str:
    """Other rows of the session of `f`, up to a number of the log."""
    return (
        "o.tsg_id = f.tsg_id AND o.application_id = f.application_id AND o.app_name = f.app_name AND o.session_id = f.session_id"
        f" AND o.{which} AND o.log_id <= {bound}"
    )


def _sessions(grain: int, which: str, active: int, last: int) -> str:
    """Every session's slots that were not there before, each with the slots before and behind it, old and new.

    A row that comes late may lie before a slot that is there: then that slot's gap is another one now.
    """
    width = grain * SECOND_US

    def neighbour(bound: str, side: str, order: str) -> str:
        return (
            f"(SELECT o.received_us / {width} FROM scan_log o WHERE {_of_session(which, bound)} AND o.received_us {side}"  # noqa: S608
            f" ORDER BY o.received_us {order} LIMIT 1)"
        )

    def gap(wide: str) -> str:
        return f"CASE WHEN {wide} < {GAP_MAX[grain]} THEN {wide} ELSE {GAP_MAX[grain]} END"

    app = "tsg_id, application_id, app_name"
    return f"""
        WITH fresh AS MATERIALIZED (
            SELECT DISTINCT {_KEY}, received_us / {width} AS slot FROM scan_log WHERE {_STRETCH} AND {which}
        ), added AS MATERIALIZED (
            SELECT f.*,
                {neighbour(":upto", f"< f.slot * {width}", "DESC")} AS prev_new,
                {neighbour(":after", f"< f.slot * {width}", "DESC")} AS prev_old,
                {neighbour(":after", f">= (f.slot + 1) * {width}", "ASC")} AS next_old
            FROM fresh f WHERE NOT EXISTS (
                SELECT 1 FROM scan_log o WHERE {_of_session(which, ":after")}
                AND o.received_us >= f.slot * {width} AND o.received_us < (f.slot + 1) * {width}
            )
        ), moved AS MATERIALIZED (
            SELECT {_KEY}, next_old, max(slot) AS slot, max(prev_old) AS prev_old FROM added GROUP BY {_KEY}, next_old
        ), changes AS (
            SELECT {app}, {active} AS kind, slot, {gap("slot - prev_new")} AS gap, 1 AS n FROM added
            UNION ALL
            SELECT {app}, {active}, next_old, {gap("next_old - prev_old")}, -1 FROM moved WHERE next_old IS NOT NULL
            UNION ALL
            SELECT {app}, {active}, next_old, {gap("next_old - slot")}, 1 FROM moved WHERE next_old IS NOT NULL
            UNION ALL
            SELECT {app}, {last}, slot, 0, 1 FROM moved WHERE next_old IS NULL
            UNION ALL
            SELECT {app}, {last}, prev_old, 0, -1 FROM moved WHERE next_old IS NULL AND prev_old IS NOT NULL
        )
        INSERT INTO session_slots (tsg_id, application_id, app_name, grain, kind, slot, gap, sessions)
        SELECT {app}, {grain}, kind, slot, gap, sum(n) FROM changes GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0
        ON CONFLICT (tsg_id, grain, kind, slot, application_id, app_name, gap) DO UPDATE SET
            sessions = session_slots.sessions + excluded.sessions
    """  # noqa: S608


_NEWEST: Final = f"""
    WITH f AS MATERIALIZED (
        SELECT {_KEY}, log_id, received_us FROM (
            SELECT {_KEY}, log_id, received_us,
                row_number() OVER (PARTITION BY {_KEY} ORDER BY received_us DESC, log_id DESC) AS place
            FROM scan_log WHERE {_STRETCH} AND {_SCANNED}
        ) AS ranked WHERE place = 1
    )
"""  # noqa: S608
_OLD_HEADS: Final = f"""
    {_NEWEST} DELETE FROM session_heads WHERE log_id IN (
        SELECT (
            SELECT CASE WHEN o.received_us <= f.received_us THEN o.log_id END FROM scan_log o
            WHERE {_of_session(_SCANNED, ":after")} ORDER BY o.received_us DESC, o.log_id DESC LIMIT 1
        ) FROM f
    )
"""  # noqa: S608
_NEW_HEADS: Final = f"""
    {_NEWEST} INSERT INTO session_heads (log_id, tsg_id, last_us)
    SELECT f.log_id, f.tsg_id, f.received_us FROM f WHERE NOT EXISTS (
        SELECT 1 FROM scan_log o WHERE {_of_session(_SCANNED, ":after")} AND o.received_us > f.received_us
    )
"""  # noqa: S608

_STATEMENTS: Final = [
    text(statement)
    for grain in GRAINS
    for statement in (
        _slots(grain),
        _threats(grain),
        _sessions(grain, _SCANNED, SESSIONS, LAST),
        _sessions(grain, _THREATS, VIOLATING, LAST_VIOLATING),
    )
] + [text(_OLD_HEADS), text(_NEW_HEADS)]


async def progress(connection: AsyncConnection) -> int:
    """The number of the last row that is summed up."""
    return int(await connection.scalar(select(RollupProgressRow.log_id)) or 0)


async def advance(connection: AsyncConnection, *, rows: int) -> int:
    """Sum up so many more rows of the log, and return the progress. For a write transaction: nobody else may be at it."""
    after = await progress(connection)
    row = ScanLogRow
    stretch = select(row.log_id).where(row.log_id > after).order_by(row.log_id).limit(rows).subquery()
    upto = await connection.scalar(select(func.max(stretch.c.log_id)))
    if upto is None:
        return after
    for statement in _STATEMENTS:
        await connection.execute(statement, {"after": after, "upto": upto})
    await connection.execute(update(RollupProgressRow).values(log_id=upto))
    return int(upto)


async def floor_of(connection: AsyncConnection, tsg_id: str) -> int:
    row = RollupFloorRow
    return int(await connection.scalar(select(row.since_us).where(row.tsg_id == tsg_id)) or 0)


async def raise_floor(connection: AsyncConnection, tsg_id: str, since_us: int) -> None:
    """Count nothing older from now on, whether it is deleted already or not. A floor never comes down: what is gone stays gone."""
    row = RollupFloorRow
    before = await connection.scalar(select(row.since_us).where(row.tsg_id == tsg_id))
    if before is None:
        await connection.execute(insert(row).values(tsg_id=tsg_id, since_us=since_us))
    elif before < since_us:
        await connection.execute(update(row).where(row.tsg_id == tsg_id).values(since_us=since_us))


async def newest_slot(connection: AsyncConnection, tsg_id: str, grain: int) -> int:
    """0 where the tenant has scanned nothing."""
    row = ScanSlotRow
    return int(await connection.scalar(select(func.max(row.slot)).where(row.tsg_id == tsg_id, row.grain == grain)) or 0)


async def delete_slots(connection: AsyncConnection, tsg_id: str, grain: int, before_us: int, *, limit: int) -> int:
    """What was summed up of the time before that moment, `limit` rows of each table at most; returns the most of any table."""
    end = before_us // (grain * SECOND_US)
    deleted = 0
    for row in (ScanSlotRow, ThreatSlotRow, SessionSlotRow):
        key = [*row.__table__.primary_key]
        chosen = select(*key).where(row.tsg_id == tsg_id, row.grain == grain, row.slot < end).limit(limit)
        found = await connection.execute(delete(row).where(tuple_(*key).in_(chosen)))
        deleted = max(deleted, found.rowcount)
    return deleted


async def delete_heads(connection: AsyncConnection, tsg_id: str, before_us: int, *, limit: int) -> int:
    """Sessions whose last activity was before that moment, `limit` at most; returns how many."""
    row = SessionHeadRow
    chosen = (
        select(row.log_id).where(row.tsg_id == tsg_id, row.last_us < before_us).order_by(row.last_us, row.log_id).limit(limit)
    )
    return (await connection.execute(delete(row).where(row.log_id.in_(chosen)))).rowcount

"""A scan log of any size, made by the database itself in one statement; and many profiles, topics and keys.

A tenth of the rows is malicious, some are refused or failed. Half are sessions of one scan, as of clients that send no session id; most of
the others come twenty at a time, and a few sessions go on through the whole of the thirty days. Twenty applications, three profiles.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from scangate.db.engine import Database
from scangate.domain.ids import new_id
from scangate.domain.taxonomy import Service, Severity
from scangate.identity.principal import hash_secret
from scangate.records.service import ScanLog
from scangate.records.verdict_bits import SEVERITY_BIT
from scangate.scans.repository import delete_finished

DAYS: Final = 30
_MASKS: Final = [
    SEVERITY_BIT[Severity.HIGH, Service.PI],
    SEVERITY_BIT[Severity.CRITICAL, Service.PI] | SEVERITY_BIT[Severity.LOW, Service.DLP],
    SEVERITY_BIT[Severity.MEDIUM, Service.DLP],
    SEVERITY_BIT[Severity.HIGH, Service.UF],
    SEVERITY_BIT[Severity.LOW, Service.TC] | SEVERITY_BIT[Severity.HIGH, Service.AGENT_SECURITY],
]
_SERIES: Final = {
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < :rows - 1)",
    "postgresql": "WITH s(n) AS (SELECT generate_series(0, :rows - 1)::bigint)",
}
_SESSION: Final = (
    """CASE WHEN n % 100 = 7 THEN 'long-' || (n / 100 % 40) WHEN n % 2 = 0 THEN 'pan_' || n ELSE 'chat-' || (n / 40) END"""
)
_APP: Final = """CASE WHEN n % 100 = 7 THEN n / 100 % 40 % 20 WHEN n % 2 = 0 THEN n / 2 % 20 ELSE n / 40 % 20 END"""
_MASK: Final = " ".join(f"WHEN {number} THEN {mask}" for number, mask in enumerate(_MASKS))
_COLUMNS: Final = {
    "tsg_id": ":tsg_id",
    "scan_id": "'scan-' || n",
    "transaction_id": "'transaction-' || n",
    "session_id": f"CASE WHEN refused THEN '' ELSE {_SESSION} END",
    "application_id": ":application_id",
    "api_key_id": "'key'",
    "app_name": f"'program ' || ({_APP})",
    "profile_id": "'profile'",
    "profile_name": "'profile ' || (n / 7 % 3)",
    "category": "category",
    "action": "CASE WHEN category = 'malicious' THEN 'block' ELSE 'allow' END",
    "received_us": "at",
    "completed_us": "at + 20000",
    "latency_us": "10000",
    "severities": f"CASE WHEN category = 'malicious' THEN CASE n / 10 % {len(_MASKS)} {_MASK} END ELSE 0 END",
    "sides": "1",
    "tokens": "n % 400",
    "text_records": "1 + n % 3",
    "is_sync": "true",
} | dict.fromkeys(("source", "app_user", "ai_model", "user_ip", "agent_id", "agent_version", "agent_arn", "agent_framework", "reason"), "''") | dict.fromkeys(("item", "req_id", "profile_revision", "enabled", "detected", "blocked"), "0") | dict.fromkeys(("timed_out", "errored", "content_masked"), "false")  # fmt: skip


async def fill(url: str, tsg_id: str, application_id: str, rows: int) -> float:
    """Write the log and sum it up. Returns the seconds that summing up took."""
    dialect = make_url(url).get_backend_name()
    until_us = int(time.time() * 1_000_000) - 1_000_000
    step_us = DAYS * 24 * 3_600_000_000 // rows
    category = (
        "CASE WHEN n % 10 = 3 THEN 'malicious' WHEN n % 50 = 4 THEN 'rejected' WHEN n % 200 = 5 THEN 'error' ELSE 'benign' END"
    )
    statement = f"""
        INSERT INTO scan_log ({", ".join(_COLUMNS)})
        {_SERIES[dialect]}
        SELECT {", ".join(_COLUMNS.values())} FROM (
            SELECT n, {category} AS category, n % 50 = 4 AS refused, :until_us - (:rows - n) * :step_us AS at FROM s
        ) AS made
    """
    asked = {"rows": rows, "until_us": until_us, "step_us": step_us, "tsg_id": tsg_id, "application_id": application_id}
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text(statement), asked)
    if dialect == "postgresql":  # what its autovacuum does within minutes
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM (ANALYZE) scan_log"))
    await engine.dispose()
    database = Database(url)
    began = time.perf_counter()
    await ScanLog(database, delete_finished).sum_up()
    took = time.perf_counter() - began
    await database.close()
    return took


async def many(url: str, tsg_id: str, application_id: str, count: int, policy: dict[str, Any]) -> None:
    """So many profiles, topics and keys of the application."""
    now = "2026-01-01 00:00:00.000000+00:00"
    at = f"CAST('{now}' AS timestamptz)" if make_url(url).get_backend_name() == "postgresql" else f"'{now[:26]}'"
    engine = create_async_engine(url)
    numbers = range(count)
    async with engine.begin() as connection:
        await _rows(
            connection,
            "security_profiles (profile_id, tsg_id, profile_name, revision, active, policy, created_by, updated_by, last_modified_at)",
            f"(:id, :tsg_id, :name, 1, true, :policy, 'load', 'load', {at})",
            [{"id": new_id(), "tsg_id": tsg_id, "name": f"many {n:06}", "policy": json.dumps(policy)} for n in numbers],
        )
        await _rows(
            connection,
            "custom_topics (topic_id, tsg_id, topic_name, revision, active, description, examples, created_by, updated_by,"
            " created_at, last_modified_at)",
            f"(:id, :tsg_id, :name, 1, true, 'of the load test', '[\"one\"]', 'load', 'load', {at}, {at})",
            [{"id": new_id(), "tsg_id": tsg_id, "name": f"many {n:06}"} for n in numbers],
        )
        await _rows(
            connection,
            "api_keys (api_key_id, tsg_id, application_id, name, key_hash, last8, created_by, updated_by, created_at)",
            f"(:id, :tsg_id, :app, :name, :hash, '00000000', 'load', 'load', {at})",
            [
                {
                    "id": new_id(),
                    "tsg_id": tsg_id,
                    "app": application_id,
                    "name": f"many {n:06}",
                    "hash": hash_secret(f"many {n}"),
                }
                for n in numbers
            ],
        )
    await engine.dispose()


async def _rows(connection: AsyncConnection, into: str, values: str, rows: Sequence[dict[str, Any]]) -> None:
    await connection.execute(text(f"INSERT INTO {into} VALUES {values}"), rows)


def run_fill(url: str, tsg_id: str, application_id: str, rows: int) -> float:
    return asyncio.run(fill(url, tsg_id, application_id, rows))

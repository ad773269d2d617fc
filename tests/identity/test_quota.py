"""Monthly tokens of a deployment profile: shared by its applications, refused past the end, right after a crash."""

from __future__ import annotations

import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.live import ASYNC, SYNC, LiveServer, running, start

from scangate.identity.usage import month_of, tokens_of

OFF = {"ai_profile": {"profile_name": "monitor"}}


def set_quota(server: LiveServer, tokens: int | None) -> None:
    with closing(sqlite3.connect(server.data_dir / "scangate.db", timeout=20)) as database, database:
        database.execute("UPDATE deployment_profiles SET monthly_tokens = ?", (tokens,))


def used(data_dir: Path) -> int:
    with closing(sqlite3.connect(data_dir / "scangate.db", timeout=20)) as database:
        return int(database.execute("SELECT coalesce(sum(tokens), 0) FROM token_usage").fetchone()[0])


def finished(data_dir: Path) -> int:
    with closing(sqlite3.connect(data_dir / "scangate.db", timeout=20)) as database:
        return int(database.execute("SELECT count(*) FROM scans WHERE req_id = 0").fetchone()[0])


def body(characters: int) -> dict[str, Any]:
    return OFF | {"contents": [{"prompt": "w" * characters}]}


def test_a_token_is_four_characters_rounded_up_and_a_month_is_utc() -> None:
    assert [tokens_of(characters) for characters in (0, 1, 4, 5, 8)] == [0, 1, 1, 2, 2]
    assert month_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == "2026-12"


def test_past_the_quota_scans_are_refused_and_nothing_is_counted(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server, server.client() as client:
        set_quota(server, 30)
        assert client.post(SYNC, json=body(80)).status_code == 200
        refused = client.post(SYNC, json=body(44))
        assert refused.status_code == 429
        assert refused.json()["error"]["message"].startswith("Request exceeds limit")
        assert int(refused.headers["retry-after"]) > 0
        batch = [{"req_id": number, "scan_req": body(16)} for number in (1, 2, 3)]
        assert client.post(ASYNC, json=batch).status_code == 429
        assert client.post(ASYNC, json=batch[:2]).status_code == 200
        assert client.post(SYNC, json=body(8)).status_code == 200
        assert client.post(SYNC, json=body(1)).status_code == 429
        server.terminate()
        assert used(tmp_path / "data") == 30


def test_counters_are_right_under_concurrency_and_after_a_crash(tmp_path: Path) -> None:
    server = start(tmp_path / "data")
    with server.client() as client, ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: client.post(SYNC, json=body(40)).status_code, range(120)))
    assert statuses == [200] * 120
    server.terminate(signal.SIGKILL)
    assert server.process.stdout is not None
    server.process.stdout.close()
    assert used(tmp_path / "data") == 10 * finished(tmp_path / "data") > 0

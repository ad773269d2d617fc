"""Nothing that was acknowledged is lost: kill -9 at any moment, SIGTERM with work in hand, a disk without space."""

from __future__ import annotations

import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import httpx
from tests.live import ASYNC, RESULTS, SYNC, LiveServer, running, start

ROUNDS = 8
MANY_QUERIES = {"SCANGATE_LIMITS__QUERIES_PER_MINUTE": "100000"}


def batch(size: int) -> list[dict[str, object]]:
    text = "The delivery is late; please call the supplier."
    return [{"req_id": number, "scan_req": {"contents": [{"prompt": text}]}} for number in range(size)]


def accept_until_killed(server: LiveServer, accepted: list[str]) -> None:
    with server.client() as client:
        while True:
            try:
                answer = client.post(ASYNC, json=batch(5))
            except httpx.HTTPError:
                return
            if answer.status_code == 200:
                accepted.append(answer.json()["scan_id"])


def wait_for_another(accepted: list[str], seconds: float = 30) -> None:
    """Until one more batch is accepted, however slow the machine is."""
    count, until = len(accepted), time.monotonic() + seconds
    while len(accepted) == count and time.monotonic() < until:
        time.sleep(0.01)


def test_acknowledged_batches_survive_kill_9_each_item_exactly_once(tmp_path: Path) -> None:
    moments = random.Random(7)
    accepted: list[str] = []
    for _ in range(ROUNDS):
        server = start(tmp_path / "data", env=MANY_QUERIES)
        poster = threading.Thread(target=accept_until_killed, args=(server, accepted))
        poster.start()
        wait_for_another(accepted)
        time.sleep(moments.uniform(0.0, 0.5))
        server.terminate(signal.SIGKILL)
        poster.join()
        assert server.process.stdout is not None
        server.process.stdout.close()
    assert len(accepted) >= ROUNDS
    with running(tmp_path / "data", env=MANY_QUERIES) as server:
        for scan_id in accepted:
            rows = server.wait_for_results(scan_id, seconds=120)
            assert Counter(row["req_id"] for row in rows) == Counter(range(5))
    with closing(sqlite3.connect(tmp_path / "data" / "scangate.db")) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM scans WHERE request IS NOT NULL").fetchone() == (0,)


def test_sigterm_finishes_requests_in_flight_and_leaves_queued_scans_queued(tmp_path: Path) -> None:
    text = "The delivery is late; please call the supplier. " * 20_000
    answers: list[httpx.Response] = []
    server = start(tmp_path / "data", env=MANY_QUERIES)

    def ask() -> None:
        with server.client() as client:
            answers.append(client.post(SYNC, json={"contents": [{"prompt": text}]}))

    with server.client() as client:
        scan_id = client.post(ASYNC, json=[{"req_id": n, "scan_req": {"contents": [{"prompt": text}]}} for n in range(4)]).json()[
            "scan_id"
        ]
    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.4)
    assert server.terminate() == 0
    asking.join()
    assert [answer.status_code for answer in answers] == [200]
    assert server.process.stdout is not None
    server.process.stdout.close()
    with running(tmp_path / "data", env=MANY_QUERIES) as again:
        rows = again.wait_for_results(scan_id, seconds=60)
        assert sorted(row["req_id"] for row in rows) == [0, 1, 2, 3]


def test_full_disk_is_503_with_nothing_half_written_and_heals(tmp_path: Path) -> None:
    """SQLite's own page limit stands in for the disk: writes fail with the same SQLITE_FULL."""
    data_dir = tmp_path / "data"
    with running(data_dir):
        pass
    with running(data_dir, env=MANY_QUERIES | {"SCANGATE_DATABASE__MAX_PAGES": "1"}) as full, full.client() as client:
        answer = client.post(ASYNC, json=batch(20))
        assert answer.status_code == 503
        assert answer.json()["error"]["message"] == "Storage is unavailable; nothing was written"
        statuses = [
            client.post(SYNC, json={"contents": [{"prompt": "Hello" * 2000}]}).status_code
            for _ in range(40)
            if not time.sleep(0.05)
        ]
        assert statuses[-1] == 503, "a scan that cannot be recorded is not answered as if it were"
        assert client.get("/ready").status_code == 503
        assert client.get("/health").status_code == 200
    with closing(sqlite3.connect(data_dir / "scangate.db")) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM scans WHERE completed_at IS NULL").fetchone() == (0,)
    with running(data_dir, env=MANY_QUERIES) as healed, healed.client() as client:
        assert client.post(SYNC, json={"contents": [{"prompt": "Hello"}]}).status_code == 200


def test_profile_that_vanished_gives_an_error_result_that_blocks(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    server = start(data_dir, env=MANY_QUERIES | {"SCANGATE_JOBS__CONCURRENCY": "1"})
    with server.client() as client:
        scan_id = client.post(ASYNC, json=batch(25)).json()["scan_id"]
    server.terminate(signal.SIGKILL)
    assert server.process.stdout is not None
    server.process.stdout.close()
    with closing(sqlite3.connect(data_dir / "scangate.db")) as connection, connection:
        pending = connection.execute("SELECT count(*) FROM scans WHERE completed_at IS NULL").fetchone()[0]
        assert pending > 0
        connection.execute("DELETE FROM security_profiles WHERE profile_name = 'default'")
    with running(data_dir, env=MANY_QUERIES) as again, again.client() as client:
        rows = again.wait_for_results(scan_id)
        failed = [row["result"] for row in rows if row["result"]["error"]]
        assert len(failed) == pending
        assert {(result["category"], result["action"]) for result in failed} == {("error", "block")}
        answer = client.get("/v1/scan/reports", params={"report_ids": f"R{scan_id}"})
        assert answer.status_code == 200
        assert client.get(RESULTS, params={"scan_ids": scan_id}).status_code == 200

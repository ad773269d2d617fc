"""`scangate feeds update` beside a server that is scanning: its verdicts and its metrics follow, and a bad feed changes neither."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from tests.live import SYNC, LiveServer, running
from typer.testing import CliRunner, Result

from scangate.cli import feeds

LISTED = "https://calm-harbour.example.net/notes"
GOOD = b"||calm-harbour.example.net^\n" + b"".join(b"||bad%d.example.com^\n" % number for number in range(99))
BAD = {
    "cut short": (GOOD[:500], len(GOOD)),
    "no text file": (b"\x7fELF" + bytes(3000), 3004),
    "larger than": (GOOD + b"||calm-harbour.example.org^\n" * 50_000, None),
    "no valid entry": (b"||com^\n||google.com^\n@@||calm-harbour.example.net^\n", None),
}


class Publisher(ThreadingHTTPServer):
    """One list on the loopback interface: `body`, said to be `length` bytes long."""

    body = GOOD
    length: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), PublisherHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/list.txt"


class PublisherHandler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Publisher)
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.length or len(self.server.body)))
        self.end_headers()
        try:
            self.wfile.write(self.server.body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return None


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def metric(server: LiveServer, name: str) -> float | None:
    with server.client(key="") as client:
        for line in client.get("/metrics").text.splitlines():
            if line.startswith(f'{name}{{feed="neighbours"}} '):
                return float(line.rpartition(" ")[2])
    return None


def is_flagged(server: LiveServer) -> bool:
    with server.client() as client:
        answer = client.post(SYNC, json={"ai_profile": {"profile_name": "default"}, "contents": [{"prompt": f"Read {LISTED}"}]})
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["prompt_detected"]["url_cats"])


def update(server: LiveServer, catalogue: Path) -> Result:
    options = ["--force", "--catalogue", str(catalogue), "--data-dir", str(server.data_dir)]
    return CliRunner().invoke(feeds.app, ["update", "neighbours", *options])


def test_a_running_server_follows_its_feeds_and_tells_their_age(tmp_path: Path, publisher: Publisher) -> None:
    catalogue = tmp_path / "catalogue.yaml"
    feed = {"name": "neighbours", "url": publisher.url, "category": "malware", "licence": "CC0-1.0", "max_bytes": 100_000}
    catalogue.write_text(yaml.safe_dump([feed]), encoding="utf-8")
    with running(tmp_path / "data") as server:
        assert metric(server, "scangate_feed_entries") is None and not is_flagged(server)
        began = time.time()
        done = update(server, catalogue)
        assert done.exit_code == 0, done.output
        assert metric(server, "scangate_feed_entries") == 100
        fetched = metric(server, "scangate_feed_fetched_timestamp_seconds")
        assert fetched is not None and began - 1 <= fetched <= time.time() + 1
        until = time.monotonic() + 10
        while not is_flagged(server):
            assert time.monotonic() < until, "the server did not notice the feed"
            time.sleep(0.2)
        for reason, (body, length) in BAD.items():
            publisher.body, publisher.length = body, length
            done = update(server, catalogue)
            assert done.exit_code == 1 and reason in done.output, (reason, done.output)
            assert metric(server, "scangate_feed_entries") == 100
            assert metric(server, "scangate_feed_fetched_timestamp_seconds") == fetched
            assert is_flagged(server)

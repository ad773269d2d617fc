"""Forwarding to real sockets: everything arrives at least once, signed where it is signed, and whatever is killed."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.live import running, start
from tests.records.conftest import ATTACK, CARD, MANY, Tenant, new_tenant

SECRET = "a-secret-of-the-webhook"
SYSLOG = re.compile(
    r"<(?P<priority>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?P<host>[!-~]{1,255}) scangate (?P<process>\d+) "
    r"(?P<id>scan|request_rejected) - (?P<text>\{.*\})"
)


def wait_until(condition: Callable[[], bool], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.05)


@dataclass
class Receiver:
    """A webhook that answers with `status`."""

    status: int = 200
    deliveries: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    refused: int = 0
    url: str = ""

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in list(self.deliveries) for event in json.loads(body)["events"]]

    def scan_ids(self) -> set[str]:
        return {event.get("scan_id", "") for event in self.events}


@contextmanager
def webhook(status: int = 200) -> Iterator[Receiver]:
    receiver = Receiver(status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if receiver.status == 200:
                receiver.deliveries.append(({name.lower(): value for name, value in self.headers.items()}, body))
            else:
                receiver.refused += 1
            self.send_response(receiver.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def datagrams() -> Iterator[tuple[int, list[bytes]]]:
    found: list[bytes] = []
    stopped = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.2)

        def receive() -> None:
            while not stopped.is_set():
                try:
                    found.append(listener.recv(65536))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=receive)
        thread.start()
        try:
            yield listener.getsockname()[1], found
        finally:
            stopped.set()
            thread.join()


def forwarding(**settings: str) -> dict[str, str]:
    return MANY | {f"SCANGATE_FORWARDING__{name.upper()}": value for name, value in settings.items()}


def numbers(events: list[dict[str, Any]]) -> list[int]:
    return [int(event["event_id"]) for event in events]


def test_file_udp_syslog_and_webhook_get_everything_and_never_content(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with datagrams() as (port, received), webhook() as hook:
        env = forwarding(file=str(file), syslog=f"udp://127.0.0.1:{port}", webhook=hook.url, webhook_secret=SECRET)
        with running(tmp_path / "data", env=env) as server:
            tenant = new_tenant(server)
            with tenant.operator() as client:
                assert client.put("/scanlogs/settings", json={"content_storage": "full"}).status_code == 200
            scans = [
                tenant.scan("good morning CANARY", metadata={"app_name": "Chat \N{SNOWMAN}"}),
                tenant.scan(f"{ATTACK} CANARY"),
                tenant.scan(f"{CARD} CANARY"),
            ]
            tenant.try_scan("CANARY", profile="missing")
            wait_until(
                lambda: len(received) >= 4 and len(hook.events) >= 4 and file.exists() and file.read_bytes().count(b"\n") >= 4
            )
            with server.client("") as client:
                assert 'scangate_forwarded_total{outcome="sent",target="webhook"} 4.0' in client.get("/metrics").text
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    matches = [SYSLOG.fullmatch(datagram.decode("ascii")) for datagram in received]
    assert all(matches)
    messages = [json.loads(match["text"]) for match in matches if match]
    assert lines == messages == hook.events
    assert [event.get("scan_id") for event in lines] == [*(scan["scan_id"] for scan in scans), None]
    assert [event["event"] for event in lines] == ["scan", "scan", "scan", "request_rejected"]
    assert [int(match["priority"]) - 16 * 8 for match in matches if match] == [6, 4, 4, 5]
    assert (lines[0]["app_name"], lines[0]["api_key_name"], lines[0]["tsg_id"]) == (
        "Chat \N{SNOWMAN}",
        "tenant-key",
        tenant.tsg_id,
    )
    assert (lines[3]["reason"], lines[1]["verdict"], lines[1]["action"]) == ("profile_invalid", "malicious", "block")
    assert not [text for text in ("CANARY", "4111", "Ignore all") if text in json.dumps(lines)]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_delivery_is_signed_over_time_and_body(tmp_path: Path) -> None:
    with webhook() as hook, running(tmp_path / "data", env=forwarding(webhook=hook.url, webhook_secret=SECRET)) as server:
        new_tenant(server).scan()
        wait_until(lambda: bool(hook.deliveries))
        headers, body = hook.deliveries[0]
    assert abs(int(headers["x-scangate-timestamp"]) - time.time()) < 60
    signed = headers["x-scangate-timestamp"].encode() + b"." + body
    assert headers["x-scangate-signature"] == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["content-type"] == "application/json"
    first, last = headers["x-scangate-delivery"].split("-")
    assert [first, last] == [str(number) for number in (numbers(hook.events)[0], numbers(hook.events)[-1])]


def test_kill_9_while_the_webhook_refuses_loses_nothing(tmp_path: Path) -> None:
    with webhook(status=503) as hook:
        env = forwarding(webhook=hook.url, webhook_secret=SECRET, back_off_seconds="1", batch_rows="3")
        server = start(tmp_path / "data", env=env)
        try:
            tenant = new_tenant(server)
            scans = [tenant.scan(f"text {number}")["scan_id"] for number in range(8)]
            tenant.entries()
            wait_until(lambda: hook.refused >= 2)
        finally:
            server.terminate(signal.SIGKILL)
            assert server.process.stdout is not None
            server.process.stdout.close()
        assert hook.deliveries == []
        hook.status = 200
        with running(tmp_path / "data", env=env) as again:
            wait_until(lambda: hook.scan_ids() >= set(scans))
            found = numbers(hook.events)
            assert found == sorted(set(found)), "in the order of the log"
            assert "forwarding.failed" in again.log.read_text() and "503" in again.log.read_text()


def test_a_target_that_is_new_gets_what_comes_from_then_on(tmp_path: Path) -> None:
    with running(tmp_path / "data", env=MANY) as server:
        tenant = new_tenant(server)
        before = tenant.scan()["scan_id"]
        tenant.entries()
    file = tmp_path / "events.jsonl"
    file.write_text('{"torn":')
    with running(tmp_path / "data", env=forwarding(file=str(file))) as server:
        tenant = Tenant(server, *[getattr(tenant, name) for name in list(Tenant.__dataclass_fields__)[1:]])
        after = tenant.scan()["scan_id"]
        wait_until(lambda: file.read_text().count("\n") >= 2)
    torn, *lines = file.read_text().splitlines()
    assert torn == '{"torn":'
    assert [json.loads(line)["scan_id"] for line in lines] == [after] != [before]


@contextmanager
def tcp_listener(port: int = 0) -> Iterator[tuple[int, list[bytes]]]:
    """Reads octet-counted messages of any number of connections."""
    found: list[bytes] = []
    stopped = threading.Event()
    listener = socket.create_server(("127.0.0.1", port))
    listener.settimeout(0.2)

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(0.2)
            data = b""
            with connection:
                while not stopped.is_set():
                    try:
                        part = connection.recv(65536)
                    except TimeoutError:
                        continue
                    if not part:
                        break
                    data += part
                    while (head := re.match(rb"(\d+) ", data)) and len(data) >= head.end() + int(head[1]):
                        found.append(data[head.end() : head.end() + int(head[1])])
                        data = data[head.end() + int(head[1]) :]

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], found
    finally:
        stopped.set()
        thread.join()
        listener.close()


def test_syslog_over_tcp_comes_back_after_its_server_was_away(tmp_path: Path) -> None:
    with tcp_listener() as (port, found):
        env = forwarding(syslog=f"tcp://127.0.0.1:{port}", back_off_seconds="1")
        with running(tmp_path / "data", env=env) as server:
            tenant = new_tenant(server)
            first = tenant.scan()["scan_id"]
            wait_until(lambda: bool(found))
            assert SYSLOG.fullmatch(found[0].decode())
    with running(tmp_path / "data", env=env) as server:
        tenant = Tenant(server, *[getattr(tenant, name) for name in list(Tenant.__dataclass_fields__)[1:]])
        second = tenant.scan()["scan_id"]
        wait_until(lambda: "forwarding.failed" in server.log.read_text())
        with tcp_listener(port) as (_, found):
            wait_until(lambda: bool(found))
    assert first not in found[0].decode() and second in found[0].decode()


@pytest.mark.parametrize(
    "settings",
    [{"webhook": "http://127.0.0.1:1/"}, {"webhook": "ftp://x/", "webhook_secret": SECRET}, {"syslog": "127.0.0.1:514"}],
)
def test_settings_that_cannot_work_stop_the_start(tmp_path: Path, settings: dict[str, str]) -> None:
    with pytest.raises(AssertionError, match="SCANGATE_FORWARDING"):
        start(tmp_path / "data", env=forwarding(**settings))

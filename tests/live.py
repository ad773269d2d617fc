"""A real server in a process of its own, for tests that speak to it as a client would."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

SYNC = "/v1/scan/sync/request"
ASYNC = "/v1/scan/async/request"
RESULTS = "/v1/scan/results"
REPORTS = "/v1/scan/reports"


@dataclass(slots=True)
class LiveServer:
    """`log` is the file that standard error goes to."""

    data_dir: Path
    process: subprocess.Popen[bytes]
    bootstrap: dict[str, Any]
    log: Path
    output: str

    @property
    def url(self) -> str:
        return str(self.bootstrap["url"])

    @property
    def http_url(self) -> str:
        return str(self.bootstrap["http_url"])

    @property
    def key(self) -> str:
        return str(self.bootstrap["api_key"])

    @property
    def http_port(self) -> int:
        return int(self.http_url.rpartition(":")[2])

    def client(self, key: str | None = None) -> httpx.Client:
        """Over the plain listener, with the API key; `key=""` for none."""
        key = self.key if key is None else key
        return httpx.Client(base_url=self.http_url, headers={"x-pan-token": key} if key else {}, timeout=60, trust_env=False)

    def tls_client(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=self.bootstrap["ca_cert"])
        return httpx.Client(base_url=self.url, headers={"x-pan-token": self.key}, timeout=60, verify=context, trust_env=False)

    def wait_for_results(self, scan_id: str, seconds: float = 30) -> list[dict[str, Any]]:
        """Rows of a scan once all of them are complete."""
        until = time.monotonic() + seconds
        with self.client() as client:
            while True:
                answer = client.get(RESULTS, params={"scan_ids": scan_id})
                assert answer.status_code == 200, answer.text
                rows: list[dict[str, Any]] = answer.json()
                if all(row["status"] == "complete" for row in rows):
                    return rows
                assert time.monotonic() < until, "the scan did not complete in time"
                time.sleep(0.05)

    def terminate(self, number: int = signal.SIGTERM) -> int:
        """Signal the server and wait for it; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scangate_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "scangate", *arguments]


def start(data_dir: Path, *arguments: str, env: dict[str, str] | None = None, http: bool = True) -> LiveServer:
    """Start a server and wait until it says that it is ready."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    log = data_dir.parent / f"{data_dir.name}.log"
    options = ["--http-port", str(free_port())] if http else []
    command = scangate_command("serve", "--data-dir", str(data_dir), "--port", "0", *options, *arguments)
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, env=os.environ | (env or {}))
    assert process.stdout is not None
    lines: list[str] = []
    for raw in process.stdout:
        lines.append(raw.decode())
        if lines[-1].startswith("curl "):
            break
    else:
        process.stdout.close()
        raise AssertionError(f"the server ended with {process.wait()}: {log.read_text()}")
    bootstrap = json.loads((data_dir / "bootstrap.json").read_text())
    return LiveServer(data_dir, process, bootstrap, log, "".join(lines))


@contextmanager
def running(data_dir: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[LiveServer]:
    server = start(data_dir, *arguments, env=env)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.terminate()
        if server.process.stdout is not None:
            server.process.stdout.close()

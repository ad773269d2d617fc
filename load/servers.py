"""The servers that the benchmarks compare: Scangate as it ships, and a bare FastAPI endpoint that parses the same body."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil

BARE = """
import uvicorn
from fastapi import FastAPI
from scangate.scans.schemas import ScanRequest
app = FastAPI()
@app.post("/scan")
async def scan(request: ScanRequest) -> dict[str, str]:
    return {"action": "allow"}
uvicorn.run(app, port=int(__import__("sys").argv[1]), log_level="error", access_log=False)
"""

OFF = {
    "profile_name": "everything-off",
    "policy": {"ai-security-profiles": [{"model-configuration": {"latency": {"max-inline-latency": 5}}}]},
}

PATTERNS = {
    "profile_name": "pattern-detectors",
    "policy": {
        "ai-security-profiles": [
            {
                "model-configuration": {
                    "latency": {"max-inline-latency": 5},
                    "app-protection": {"default-url-category": {"member": ["malicious"]}, "url-detected-action": "block"},
                    "data-protection": {
                        "data-leak-detection": {"member": [{"text": "Sensitive Content"}], "action": "block"},
                        "database-security": [
                            {"name": f"database-security-{verb}", "action": "block"}
                            for verb in ("create", "read", "update", "delete")
                        ],
                    },
                }
            }
        ]
    },
}
"""Sensitive data, URLs and database security: on a response all three look."""


@dataclass(frozen=True, slots=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float
    bootstrap: dict[str, Any]
    data_dir: Path

    @property
    def resident_mb(self) -> float:
        """Of the process and its children, in MiB."""
        root = psutil.Process(self.process.pid)
        return sum(process.memory_info().rss for process in [root, *root.children(recursive=True)]) / 2**20


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with exit code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except urllib.error.HTTPError as error:
            if error.code in (404, 405):
                return
            time.sleep(0.02)
        except OSError:
            time.sleep(0.02)
    raise SystemExit("the server did not start")


@contextmanager
def scangate(
    *,
    workers: int = 1,
    profiles: tuple[dict[str, Any], ...] = (OFF, PATTERNS),
    env: dict[str, str] | None = None,
    prepare: Callable[[Path], None] | None = None,
) -> Iterator[Server]:
    """A server with the given profiles beside the seeded ones, on a data directory of its own; its second start is timed.

    `prepare` is given the data directory before the timed start.
    """
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        if env:
            _first_start(data_dir, profiles, env)
        else:
            shutil.copytree(_started_once(json.dumps(profiles)), data_dir)
        if prepare is not None:
            prepare(data_dir)
        with _serving(data_dir, workers, env or {}) as server:
            yield server


@cache
def _started_once(profiles: str) -> Path:
    """A data directory after its first start, as JSON names its profiles: servers that differ in nothing else begin with a copy."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    data_dir = Path(folder.name) / "data"
    _first_start(data_dir, json.loads(profiles), {})
    return data_dir


def _first_start(data_dir: Path, profiles: Sequence[dict[str, Any]], env: dict[str, str]) -> None:
    with _serving(data_dir, 1, env):
        _apply(data_dir, profiles, env)


@contextmanager
def _serving(data_dir: Path, workers: int, env: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "scangate", "serve", "--data-dir", str(data_dir), "--port", "0"]
    command += ["--http-port", str(port), "--workers", str(workers)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_environment(env))
    try:
        _wait(f"http://127.0.0.1:{port}/ready", process)
        seconds = time.perf_counter() - started
        yield Server(process, port, seconds, json.loads((data_dir / "bootstrap.json").read_text()), data_dir)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _environment(env: dict[str, str]) -> dict[str, str]:
    """That of a user, whose first start leaves the bytecode of its modules behind for the second."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | env


def _apply(data_dir: Path, profiles: Sequence[dict[str, Any]], env: dict[str, str]) -> None:
    for document in profiles:
        file = data_dir / f"{document['profile_name']}.json"
        file.write_text(json.dumps(document))
        command = [sys.executable, "-m", "scangate", "profiles", "apply", str(file), "--data-dir", str(data_dir)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=_environment(env))


@contextmanager
def bare() -> Iterator[Server]:
    port = free_port()
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    try:
        _wait(f"http://127.0.0.1:{port}/", process)
        yield Server(process, port, time.perf_counter() - started, {}, Path())
    finally:
        process.terminate()
        process.wait(timeout=30)

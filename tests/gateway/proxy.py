"""A real proxy in a process of its own, between real clients and the stand-in for a model's API."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.live import LiveServer, scangate_command


@contextmanager
def running_proxy(server: LiveServer, upstream: str, *options: str) -> Iterator[str]:
    """The proxy's address."""
    command = scangate_command("proxy", "--upstream", upstream, "--data-dir", str(server.data_dir), "--port", "0", *options)
    log = server.data_dir.parent / "proxy.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, env=os.environ | {"SCANGATE_API_KEY": ""})
    assert process.stdout is not None
    try:
        line = process.stdout.readline().decode()
        assert " at http" in line, log.read_text()
        yield line.rsplit(" at ", 1)[1].strip()
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()

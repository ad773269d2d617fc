"""A load client that costs little: prebuilt requests over keep-alive sockets, run in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send what. `body` is sent as it is."""

    port: int
    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def request(self) -> bytes:
        lines = [f"POST {self.path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode() + self.body


@dataclass(frozen=True, slots=True)
class Outcome:
    """Latencies in seconds, sorted; `errors` counts answers that were not 200."""

    seconds: float
    latencies: tuple[float, ...]
    errors: int

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """Send one request, read the whole answer; returns the status."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(head[9:12])


async def _clients(target: Target, clients: int, requests: int) -> Outcome:
    request = target.request()
    latencies: list[float] = []
    errors = 0
    left = requests

    async def client() -> None:
        nonlocal errors, left
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        while left > 0:
            left -= 1
            started = time.perf_counter()
            status = await exchange(reader, writer, request)
            latencies.append(time.perf_counter() - started)
            errors += status != 200
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Outcome(time.perf_counter() - started, tuple(sorted(latencies)), errors)


def _child(pipe: Connection, target: Target, clients: int, requests: int) -> None:
    pipe.send(asyncio.run(_clients(target, clients, requests)))


def run(target: Target, *, clients: int, requests: int) -> Outcome:
    """`requests` requests from `clients` connections, in a child process."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_child, args=(sender, target, clients, requests))
    process.start()
    sender.close()
    try:
        outcome: Outcome = receiver.recv()
    finally:
        process.join()
    return outcome

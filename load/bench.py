"""`make bench`: the service's speed, each figure a ratio or measured beside a bare FastAPI endpoint in the same run.

python -m load.bench [--quick] [--section scans|management|linear] [--write docs/benchmarks.md]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from load import linear, management, servers, texts
from load.client import Outcome, Target, run
from load.figure import Figure
from load.peer import beside_a_peer

KIB, MIB = 1024, 1024 * 1024
PATH = "/v1/scan/sync/request"
MARKERS = ("<!-- bench:begin -->", "<!-- bench:end -->")


def scan_body(text: str, profile: str, side: str = "response") -> bytes:
    return json.dumps({"ai_profile": {"profile_name": profile}, "contents": [{side: text}]}).encode()


def scan_target(server: servers.Server, text: str, profile: str = "pattern-detectors", side: str = "response") -> Target:
    return Target(server.port, PATH, scan_body(text, profile, side), (("x-pan-token", server.bootstrap["api_key"]),))


def service_overhead(bare: servers.Server, scangate: servers.Server, requests: int) -> list[Figure]:
    body = scan_body(texts.ordinary(KIB), "everything-off")
    bare_target = Target(bare.port, "/scan", body)
    off_target = scan_target(scangate, texts.ordinary(KIB), "everything-off")
    run(bare_target, clients=4, requests=200)
    run(off_target, clients=4, requests=200)
    one_bare, one_off = run(bare_target, clients=1, requests=requests), run(off_target, clients=1, requests=requests)
    many_bare, many_off = run(bare_target, clients=50, requests=requests * 4), run(off_target, clients=50, requests=requests * 4)
    extra_ms = (one_off.percentile(0.5) - one_bare.percentile(0.5)) * 1000
    ratio = many_off.per_second / many_bare.per_second
    return [
        Figure(
            "Service around the detectors, one client: time over a bare endpoint (median)",
            f"{extra_ms:+.2f} ms ({one_off.percentile(0.5) * 1000:.2f} against {one_bare.percentile(0.5) * 1000:.2f} ms)",
            "≤ 2 ms",
            extra_ms <= 2,
        ),
        Figure(
            "Throughput with detectors off, 50 clients, against a bare endpoint",
            f"{ratio:.2f} ({many_off.per_second:.0f} against {many_bare.per_second:.0f} requests/s)",
            "≥ 0.5",
            ratio >= 0.5,
        ),
    ]


def detectors_on(server: servers.Server, requests: int, workers: int) -> list[Figure]:
    processes = f"{workers} process{'es' if workers > 1 else ''}"
    figures = []
    for profile, name in (("pattern-detectors", "Pattern detectors"), ("default", "Default profile")):
        target = scan_target(server, texts.ordinary(KIB), profile, "response" if profile == "pattern-detectors" else "prompt")
        run(target, clients=10, requests=200)
        outcome = run(target, clients=50, requests=requests)
        p99_ms = outcome.percentile(0.99) * 1000
        judged = workers == 2 and profile == "pattern-detectors"
        fast = outcome.per_second >= 300 and not outcome.errors
        which = f"{name}, 1 KB, 50 clients, {processes}"
        figures += [
            Figure(
                f"{which}: throughput",
                f"{outcome.per_second:.0f} requests/s, {outcome.errors} errors",
                "≥ 300/s" if judged else "",
                fast if judged else None,
            ),
            Figure(f"{which}: p99", f"{p99_ms:.0f} ms", "≤ 250 ms" if judged else "", p99_ms <= 250 if judged else None),
        ]
    return figures


def memory_growth(server: servers.Server, requests: int) -> list[Figure]:
    """Resident memory after a tenth of the requests and after all of them; each request has a text of its own."""
    target = scan_target(server, texts.ordinary(KIB))
    run(target, clients=20, requests=requests // 10)
    before = server.resident_mb
    outcome = run(target, clients=20, requests=requests - requests // 10)
    after = server.resident_mb
    growth = after - before
    return [
        Figure(
            f"Memory over {requests:,} requests",
            f"{before:.0f} → {after:.0f} MiB, {outcome.errors} errors",
            "no growth (≤ 10 MiB)",
            growth <= 10 and not outcome.errors,
        )
    ]


def large_bodies(server: servers.Server) -> list[Figure]:
    size = 2 * MIB - 4 * KIB
    figures = [_large(server, "ordinary text", _fitting(texts.ordinary(size), size), 1.5)]
    hard = texts.adversarial(size)
    figures += [_large(server, name, _fitting(text, size), 3.0) for name, text in hard.items()]
    return figures


def _fitting(text: str, size: int) -> str:
    """As much of the text as fits into a body of `size` bytes once it is JSON."""
    while len(json.dumps(text)) > size:
        text = text[: int(len(text) * min(0.95, size / len(json.dumps(text))))]
    return text


def _large(server: servers.Server, name: str, text: str, limit: float) -> Figure:
    """One large scan, with small requests beside it all the while."""
    small = scan_target(server, texts.ordinary(KIB))
    beside: list[Outcome] = []
    finished = threading.Event()

    def keep_asking() -> None:
        while not finished.is_set():
            beside.append(run(small, clients=1, requests=20))

    asking = threading.Thread(target=keep_asking)
    asking.start()
    time.sleep(0.5)
    outcome = run(scan_target(server, text, "default", "prompt"), clients=1, requests=1)
    alone = outcome.percentile(0.5)
    finished.set()
    asking.join()
    worst_ms = max(latency for small_run in beside for latency in small_run.latencies) * 1000
    return Figure(
        f"2 MB, {name} (small requests beside it: worst)",
        f"{alone:.2f} s ({worst_ms:.0f} ms)" + (f", {outcome.errors} error" if outcome.errors else ""),
        f"≤ {limit} s (≤ 100 ms)",
        alone <= limit and worst_ms <= 100 and not outcome.errors,
    )


def start_up(server: servers.Server) -> list[Figure]:
    return [
        Figure("Start to ready", f"{server.start_seconds:.2f} s", "≤ 3 s", server.start_seconds <= 3),
        Figure("Resident memory when ready", f"{server.resident_mb:.0f} MiB", "≤ 300 MB", server.resident_mb <= 300),
    ]


def guard_beside_a_peer() -> list[Figure]:
    figures = []
    for cores in (1, 2):
        scan, peer = beside_a_peer(cores)
        figures.append(
            Figure(
                f"One scan with all three heads, 48 words, {cores} core{'s' * (cores > 1)}, against stackone-defender (one task)",
                f"{scan:.1f} ms against {peer:.1f} ms",
                "≤ the peer's, ≤ 15 ms",
                scan <= peer and scan <= 15,
            )
        )
    return figures


def measure(*, quick: bool) -> list[Figure]:
    requests = 500 if quick else 2000
    figures = _timed("guard beside a peer", guard_beside_a_peer)
    with servers.bare() as bare, servers.scangate() as one:
        figures += start_up(one)
        figures += _timed("service around the detectors", lambda: service_overhead(bare, one, requests))
        figures += _timed("detectors, 1 process", lambda: detectors_on(one, requests, 1))
    with servers.scangate(workers=2) as two:
        figures += _timed("detectors, 2 processes", lambda: detectors_on(two, requests * 2, 2))
    with servers.scangate() as one:
        figures += _timed("2 MB", lambda: large_bodies(one))
    with servers.scangate() as one:
        figures += _timed("memory", lambda: memory_growth(one, 5_000 if quick else 100_000))
    return figures


def _timed(part: str, measured: Callable[[], list[Figure]]) -> list[Figure]:
    """The figures of a part; standard error tells them at once, and how long they took: a whole run takes many minutes."""
    began = time.monotonic()
    figures = measured()
    print(
        f"{part}: {time.monotonic() - began:.0f} s", *(figure.row() for figure in figures), sep="\n", file=sys.stderr, flush=True
    )
    return figures


def measure_management(*, quick: bool) -> list[Figure]:
    return management.measure(rows=50_000, many=1000) if quick else management.measure(rows=1_000_000, many=10_000)


SECTIONS: dict[str, Callable[..., list[Figure]]] = {"scans": measure, "management": measure_management, "linear": linear.measure}


def table(figures: list[Figure]) -> str:
    head = "| what | measured | target | reached |\n|---|---|---|---|\n"
    return head + "\n".join(figure.row() for figure in figures)


def machine() -> str:
    model = next((line.partition(":")[2].strip() for line in _cpu_info() if line.startswith("model name")), platform.machine())
    return f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({model}), Python {platform.python_version()}, Linux"


def _cpu_info() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []


def write_into(file: Path, text: str) -> None:
    """Replace what stands between the markers of the document."""
    document = file.read_text()
    before, _, rest = document.partition(MARKERS[0])
    after = rest.partition(MARKERS[1])[2]
    file.write_text(f"{before}{MARKERS[0]}\n{text}\n{MARKERS[1]}{after}")


def main(progress: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer requests; the memory run is too short to mean much")
    parser.add_argument("--write", type=Path, help="put the table into this document")
    parser.add_argument("--section", choices=SECTIONS, action="append", help="only this one; by default all of them")
    arguments = parser.parse_args()
    sections = arguments.section or list(SECTIONS)
    text = f"{machine()}\n\n{table([figure for name in sections for figure in SECTIONS[name](quick=arguments.quick)])}"
    progress(text)
    if arguments.write:
        write_into(arguments.write, text)


if __name__ == "__main__":
    main()

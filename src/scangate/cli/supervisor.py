"""Several server processes on the same sockets: start them, replace one that dies, stop them together."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from types import FrameType

import structlog

from scangate.errors import ConfigurationError
from scangate.settings import Settings
from scangate.telemetry.exposition import MULTIPROCESS_VARIABLE
from scangate.web.listeners import Listener

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.1
_START_SECONDS = 60.0
_context = multiprocessing.get_context("spawn")


def supervise(settings: Settings, listeners: list[Listener], started: Callable[[], None]) -> None:
    """Run `settings.server.workers` processes until SIGTERM or SIGINT; `started` is called when all of them serve.

    Raises:
        ConfigurationError: a process ended before it served; its own message stands above.
    """
    metrics_dir = settings.data_dir / "metrics"
    shutil.rmtree(metrics_dir, ignore_errors=True)
    metrics_dir.mkdir(mode=0o700)
    os.environ[MULTIPROCESS_VARIABLE] = str(metrics_dir)
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    processes = [_spawn(settings, listeners, first=index == 0) for index in range(settings.server.workers)]
    waiting_until = time.monotonic() + _START_SECONDS
    announced = False
    while not stopping:
        time.sleep(_POLL_SECONDS)
        if not announced:
            if any(not process.is_alive() for process, _ in processes) or time.monotonic() > waiting_until:
                _stop([process for process, _ in processes])
                raise ConfigurationError("a server process did not start")
            if all(event.is_set() for _, event in processes):
                announced = True
                started()
            continue
        for index, (process, _) in enumerate(processes):
            if not process.is_alive():
                log.error("server.process_died", exit_code=process.exitcode)
                processes[index] = _spawn(settings, listeners, first=False)
    _stop([process for process, _ in processes])


def _spawn(settings: Settings, listeners: list[Listener], *, first: bool) -> tuple[BaseProcess, Event]:
    event = _context.Event()
    process = _context.Process(target=_run, args=(settings, listeners, first, event))
    process.start()
    return process, event


def _run(settings: Settings, listeners: list[Listener], first: bool, event: Event) -> None:
    from scangate.cli.serve import run_process
    from scangate.telemetry.logs import configure_logs

    configure_logs(settings.log)
    run_process(settings, listeners, first=first, started=event.set)


def _stop(processes: list[BaseProcess]) -> None:
    for process in processes:
        if process.is_alive():
            process.terminate()
    for process in processes:
        process.join()

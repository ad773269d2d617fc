"""Scans in progress: the limit of each tenant, that of the process, and what several processes know of each other."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from scangate.errors import LimitExceededError
from scangate.scans.admission import Admission, SharedCounts

_context = multiprocessing.get_context("spawn")
PROCESSES = 3


def admitted(admission: Admission, stack: ExitStack, *tenants: str) -> list[bool]:
    """Which scans found a place; it is theirs until the stack is closed."""
    outcome = []
    for tenant in tenants:
        try:
            stack.enter_context(admission.scan(tenant))
        except LimitExceededError:
            outcome.append(False)
        else:
            outcome.append(True)
    return outcome


def test_each_tenant_has_its_own_places_and_the_process_has_some_for_all() -> None:
    admission = Admission(per_tenant=2, per_process=3)
    with ExitStack() as stack:
        assert admitted(admission, stack, "a", "a", "a", "b", "b", "c") == [True, True, False, True, False, False]
    with ExitStack() as stack:
        assert admitted(admission, stack, "a", "a", "a") == [True, True, False], "every place was given back"


def test_a_scan_that_fails_gives_its_place_back() -> None:
    admission = Admission(per_tenant=1, per_process=1)
    for _ in range(3):
        with pytest.raises(ValueError), admission.scan("a"):
            raise ValueError


def serve(file: Path, orders: Connection) -> None:
    """A process that admits and gives back as it is told."""
    admission = Admission(per_tenant=4, per_process=100, shared=SharedCounts(file, PROCESSES))
    stack = ExitStack()
    while (order := orders.recv()) is not None:
        if order == "give back":
            stack.close()
            orders.send(True)
        else:
            orders.send(admitted(admission, stack, order)[0])


class Process:
    def __init__(self, file: Path) -> None:
        self._orders, theirs = _context.Pipe()
        self.process = _context.Process(target=serve, args=(file, theirs), daemon=True)
        self.process.start()

    def ask(self, order: str) -> bool:
        self._orders.send(order)
        assert self._orders.poll(60), "no answer"
        return bool(self._orders.recv())

    def kill(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(30)

    def end(self) -> None:
        if self.process.is_alive():
            self._orders.send(None)
            self.process.join(30)


@contextmanager
def processes(file: Path, count: int) -> Iterator[list[Process]]:
    started = [Process(file) for _ in range(count)]
    try:
        yield started
    finally:
        for process in started:
            process.end()


def test_processes_of_one_server_count_together(tmp_path: Path) -> None:
    with processes(tmp_path / "counts", 2) as (one, two):
        assert [one.ask("a"), two.ask("a"), one.ask("a"), two.ask("a")] == [True] * 4
        assert [one.ask("a"), two.ask("a"), one.ask("b")] == [False, False, True]
        one.ask("give back")
        assert [two.ask("a"), two.ask("a"), two.ask("a")] == [True, True, False]
        two.ask("give back")
        assert [one.ask("a") for _ in range(5)] == [True] * 4 + [False]


def test_what_a_killed_process_held_is_free_once_it_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "counts"
    with processes(file, PROCESSES) as started:
        assert [started[0].ask("a") for _ in range(4)] == [True] * 4 and not started[1].ask("a")
        started[0].kill()
        with processes(file, 1) as (replacement,):
            assert replacement.ask("a") and started[1].ask("a")


def test_tenants_that_share_a_cell_are_told_apart(tmp_path: Path) -> None:
    """Of 5,000 tenants many share one of the cells; none is refused for another's scans."""
    admission = Admission(per_tenant=1, per_process=10_000, shared=SharedCounts(tmp_path / "counts", PROCESSES))
    tenants = [str(number) for number in range(5_000)]
    with ExitStack() as stack:
        assert all(admitted(admission, stack, *tenants))
        assert not any(admitted(admission, stack, *tenants))
    with ExitStack() as stack:
        assert all(admitted(admission, stack, *tenants))

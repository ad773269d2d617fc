"""What a target of forwarding is, and what it gets: rows of the log as JSON objects, never content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scangate.identity.labels import Labels
from scangate.records.entry import REJECTED, LogEntry
from scangate.records.wire import log_document

JsonObject = dict[str, Any]


class DeliveryError(Exception):
    """The target did not take the batch; it will be sent again. The message names the cause by type or status, nothing else."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row on its way: the entry, and the object that targets write."""

    entry: LogEntry
    document: JsonObject


class Target(Protocol):
    """Takes batches in the order of the log. A batch may come again: after a crash, or when only its acknowledgement was lost."""

    @property
    def name(self) -> str:
        """Of the cursor and in metrics; one of a closed set."""
        ...

    async def send(self, events: Sequence[Event]) -> None:
        """
        Raises:
            DeliveryError: not all of it arrived, as far as the target can tell.
        """
        ...

    async def close(self) -> None: ...


def event_of(entry: LogEntry, labels: Labels) -> Event:
    """`event_id` is the row's number: it is the same when an event comes twice. Fields that say nothing are left out."""
    kind = "request_rejected" if entry.category == REJECTED else "scan"
    known = {name: value for name, value in log_document(entry, labels).items() if value != ""}
    return Event(entry, {"event_id": str(entry.log_id), "event": kind, **known})

"""The feeds folder: an index file a feed, and beside it what is known of where it came from. Replaced at one go, never in part."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scangate.detectors.malicious_urls.feeds import FEED_SUFFIX
from scangate.errors import ConfigurationError
from scangate.matching.host_index import HostIndex

RECORD_SUFFIX: Final = ".json"
_RECORD_BYTES_MAX: Final = 64 * 1024


class FeedRecord(BaseModel):
    """Provenance of a feed. Times are UTC, ISO 8601; counts are those of the content that is in use.

    `checked_at` is the last time that the publisher was asked, `failure` why that changed nothing ("" when it went well).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1] = 1
    name: str
    source: str = ""
    category: str = ""
    format: str = ""
    licence: str = ""
    fetched_at: str = ""
    checked_at: str = ""
    failure: str = ""
    etag: str = ""
    last_modified: str = ""
    sha256: str = ""
    size_bytes: int = 0
    lines: int = 0
    entries: int = 0
    exceptions: int = 0
    refused: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """One feed as it lies in the folder; `problem` says why its content cannot be used."""

    record: FeedRecord
    problem: str = ""

    @property
    def fetched_seconds(self) -> float | None:
        """Seconds since 1970 at which the content in use was fetched; None where nobody knows."""
        return seconds_of(self.record.fetched_at)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def seconds_of(moment: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 time; None for none."""
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return None


class FeedStore:
    """One folder. A missing folder is an empty one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, content: bytes, record: FeedRecord) -> None:
        """The index first: whoever looks in between sees the new content with the old record, never half a file.

        Raises:
            OSError: the folder cannot be written.
        """
        self._replace(f"{record.name}{FEED_SUFFIX}", content)
        self.note(record)

    def note(self, record: FeedRecord) -> None:
        """Only what is known of the feed; its content stays."""
        self._replace(f"{record.name}{RECORD_SUFFIX}", record.model_dump_json(indent=1).encode())

    def record(self, name: str) -> FeedRecord | None:
        """None without a record that can be read."""
        path = self._folder / f"{name}{RECORD_SUFFIX}"
        try:
            if path.stat().st_size > _RECORD_BYTES_MAX:
                return None
            return FeedRecord.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None

    def has_content(self, name: str) -> bool:
        return (self._folder / f"{name}{FEED_SUFFIX}").is_file()

    def remove(self, name: str) -> bool:
        """Whether there was such a feed."""
        found = self.has_content(name) or self.record(name) is not None
        (self._folder / f"{name}{FEED_SUFFIX}").unlink(missing_ok=True)
        (self._folder / f"{name}{RECORD_SUFFIX}").unlink(missing_ok=True)
        return found

    def inventory(self) -> list[FeedStatus]:
        """Every feed, by name; those whose first fetch failed too."""
        return [self._status(name) for name in sorted(set(self._names()))]

    def _names(self) -> Iterator[str]:
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.suffix in (FEED_SUFFIX, RECORD_SUFFIX) and not path.name.startswith("."):
                    yield path.stem

    def _status(self, name: str) -> FeedStatus:
        record = self.record(name) or FeedRecord(name=name)
        if not self.has_content(name):
            return FeedStatus(record, record.failure or "never fetched")
        try:
            header = HostIndex.read_header(self._folder / f"{name}{FEED_SUFFIX}")
        except ConfigurationError as error:
            return FeedStatus(record, f"damaged: {error.message}")
        except OSError as error:
            return FeedStatus(record, f"damaged: {error.strerror or 'cannot be read'}")
        counts = {"entries": header.entries, "exceptions": header.exceptions}
        origin = {"source": header.source, "fetched_at": header.imported_at}
        return FeedStatus(record.model_copy(update={**counts, **origin}))

    def _replace(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._folder / f".{name}.{time.time_ns()}.tmp"
        try:
            temporary.write_bytes(content)
            temporary.replace(self._folder / name)
        finally:
            temporary.unlink(missing_ok=True)

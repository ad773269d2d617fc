"""One feed of the catalogue, brought up to date: fetched, checked, built and put in place of the old one, or left as it was."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Final, Literal

from scangate.cli.feed_downloads import fetch
from scangate.detectors.malicious_urls.brands import load_brands
from scangate.detectors.malicious_urls.feed_catalogue import CatalogueFeed
from scangate.detectors.malicious_urls.feed_store import FeedRecord, FeedStore, now, seconds_of
from scangate.detectors.malicious_urls.feeds import FeedInvalidError, FeedReport, FeedSource, build_feed, decode_feed
from scangate.errors import ScangateError
from scangate.matching.public_suffixes import load_public_suffixes

_HOUR_SECONDS: Final = 3600
_MANY_REFUSED: Final = 0.5
_SHRUNK: Final = 0.5
_SMALL: Final = 200
"""Lists of fewer entries may shrink as they like."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`did`: fetched, unchanged (the publisher says so), early (not asked), failed. `entries` of the content in use."""

    name: str
    did: Literal["fetched", "unchanged", "early", "failed"]
    entries: int = 0
    failure: str = ""
    refused: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Updater:
    """`force`: ask before the publisher's rhythm allows it, and accept a list that shrank."""

    def __init__(self, store: FeedStore, *, force: bool = False) -> None:
        self._store = store
        self._force = force

    def update(self, feed: CatalogueFeed) -> Outcome:
        """Whatever goes wrong is in the outcome and in the feed's record; the content in use stays."""
        old = self._store.record(feed.name) or FeedRecord(name=feed.name)
        is_same = old.source == _address(feed) and old.category == feed.category and self._store.has_content(feed.name)
        if is_same and not self._force and _is_early(old, feed):
            return Outcome(feed.name, "early", old.entries)
        try:
            return self._fetched(feed, old, is_same)
        except ScangateError as error:
            self._store.note(old.model_copy(update={"checked_at": now(), "failure": error.message}))
            return Outcome(feed.name, "failed", old.entries, error.message)

    def _fetched(self, feed: CatalogueFeed, old: FeedRecord, is_same: bool) -> Outcome:
        known = old if is_same else FeedRecord(name=feed.name)
        got = fetch(feed.url, max_bytes=feed.max_bytes, etag=known.etag, last_modified=known.last_modified)
        moment = now()
        if got.content is None:
            self._store.note(old.model_copy(update={"checked_at": moment, "failure": ""}))
            return Outcome(feed.name, "unchanged", old.entries)
        source = FeedSource(
            feed.name, feed.category, feed.format, origin=_address(feed), imported_at=moment, trusted=feed.exceptions
        )
        lines = decode_feed(got.content, size_max=feed.max_bytes)
        content, report = build_feed(lines, source, load_public_suffixes(), load_brands())
        self._check(report, old.entries if is_same else 0)
        record = FeedRecord(
            name=feed.name,
            source=_address(feed),
            category=feed.category,
            licence=feed.licence,
            fetched_at=moment,
            checked_at=moment,
            etag=got.etag,
            last_modified=got.last_modified,
            sha256=sha256(got.content).hexdigest(),
            size_bytes=len(got.content),
        )
        self._store.save(content, record.model_copy(update=report.counts()))
        return Outcome(feed.name, "fetched", report.entries, refused=dict(report.refused))

    def _check(self, report: FeedReport, entries_before: int) -> None:
        """A list that is mostly something else, or was cut off, is not what its publisher meant.

        Raises:
            FeedInvalidError: so it is.
        """
        found = report.entries + report.exceptions
        refused = sum(report.refused.values())
        if refused > _MANY_REFUSED * (found + refused):
            reason = report.refused.most_common(1)[0][0]
            raise FeedInvalidError(f"most lines are no entries ({refused} of {found + refused}; most often: {reason})")
        if not self._force and entries_before >= _SMALL and found < _SHRUNK * entries_before:
            raise FeedInvalidError(f"only {found} entries, {entries_before} before; --force accepts it")


def _address(feed: CatalogueFeed) -> str:
    """Without credentials and query, which may be a key."""
    scheme, _, rest = feed.url.partition("?")[0].partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _is_early(record: FeedRecord, feed: CatalogueFeed) -> bool:
    checked = seconds_of(record.checked_at)
    return not record.failure and checked is not None and 0 <= time.time() - checked < feed.every_hours * _HOUR_SECONDS

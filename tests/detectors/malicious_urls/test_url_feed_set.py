from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scangate.detectors.malicious_urls.feed_set import FeedSet
from scangate.matching.host_index import HostEntry, HostIndexBuilder


def write(folder: Path, name: str, *hosts: str) -> None:
    builder = HostIndexBuilder()
    for host in hosts:
        builder.add(HostEntry(host), ("malware",))
    temporary = folder / f".{name}.tmp"
    temporary.write_bytes(builder.to_bytes(name))
    temporary.replace(folder / f"{name}.idx")


def sizes(feeds: FeedSet) -> dict[str, int]:
    feeds.refresh()
    return {index.header.name: len(index) for index in feeds.indexes()}


def test_new_changed_and_removed_feeds_are_noticed(tmp_path: Path) -> None:
    feeds = FeedSet(tmp_path)
    assert sizes(feeds) == {}
    write(tmp_path, "a", "evil.com")
    assert sizes(feeds) == {"a": 1}
    write(tmp_path, "b", "x.com", "y.com")
    write(tmp_path, "a", "evil.com", "worse.com")
    assert sizes(feeds) == {"a": 2, "b": 2}
    (tmp_path / "a.idx").unlink()
    assert sizes(feeds) == {"b": 2}


def test_the_directory_is_looked_at_by_itself_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("scangate.detectors.malicious_urls.feed_set.time.monotonic", lambda: now[0])
    feeds = FeedSet(tmp_path)
    write(tmp_path, "a", "evil.com")
    now[0] += 0.5
    assert feeds.indexes() == ()
    now[0] += 0.6
    assert len(feeds.indexes()) == 1


def test_unchanged_files_stay_open(tmp_path: Path) -> None:
    write(tmp_path, "a", "evil.com")
    feeds = FeedSet(tmp_path)
    before = feeds.indexes()
    feeds.refresh()
    assert feeds.indexes()[0] is before[0]


def test_a_damaged_file_keeps_its_last_good_content_and_is_named(tmp_path: Path) -> None:
    write(tmp_path, "a", "evil.com")
    feeds = FeedSet(tmp_path)
    damaged = tmp_path / ".damaged"
    damaged.write_bytes(b"not an index")
    damaged.replace(tmp_path / "a.idx")
    assert sizes(feeds) == {"a": 1}
    assert list(feeds.problems) == ["a.idx"]
    write(tmp_path, "a", "evil.com", "worse.com")
    assert sizes(feeds) == {"a": 2}
    assert not feeds.problems


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "a", "evil.com")
    (tmp_path / "a.idx").chmod(0)
    feeds = FeedSet(tmp_path)
    assert list(feeds.problems) == ["a.idx"]


@pytest.mark.parametrize("directory", [None, Path("no/such/directory")])
def test_no_directory_is_an_empty_set(directory: Path | None) -> None:
    assert FeedSet(directory).indexes() == ()


def test_many_threads_may_look_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a", "evil.com")
    feeds = FeedSet(tmp_path)

    def look(round_number: int) -> int:
        if round_number % 10 == 0:
            write(tmp_path, f"feed{round_number}", "x.com")
        feeds.refresh()
        return len(feeds.indexes())

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(look, range(100)))
    assert min(counts) >= 1
    assert len(sizes(feeds)) == 11

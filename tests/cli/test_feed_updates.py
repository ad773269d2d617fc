from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from typer.testing import CliRunner, Result

from scangate.cli import feeds
from scangate.cli.feed_downloads import _next, fetch
from scangate.detectors.malicious_urls.feed_catalogue import load_catalogue
from scangate.detectors.malicious_urls.feed_set import FeedSet
from scangate.errors import RequestInvalidError
from scangate.runtime import Runtime
from scangate.settings import Settings

Answer = Callable[[BaseHTTPRequestHandler], None]
LIST = b"".join(b"bad%d.example.com\n" % number for number in range(300))


def answering(body: bytes, status: int = 200, length: int | None = None, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def versioned(handler: BaseHTTPRequestHandler) -> None:
    """As publishers do: nothing but 304 for whoever has this version."""
    if handler.headers.get("If-None-Match") == '"v1"' and handler.headers.get("If-Modified-Since"):
        answering(b"", 304)(handler)
    else:
        answering(LIST, ETag='"v1"', Last_Modified="Fri, 27 Nov 2026 10:00:00 GMT")(handler)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"a.example.com\n")
        handler.wfile.flush()
        time.sleep(0.05)


class Publisher:
    """A publisher on the loopback interface, whose one list is what `answer` says."""

    def __init__(self) -> None:
        self.answer: Answer = answering(LIST)
        self.asked = 0
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked += 1
                try:
                    publisher.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return None

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/list.txt?key=secret"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


class Machine:
    """The command line of a user with a catalogue of one feed."""

    def __init__(self, folder: Path, publisher: Publisher) -> None:
        self.data_dir = folder / "data"
        self.catalogue = folder / "catalogue.yaml"
        self.feed: dict[str, Any] = {"name": "test", "url": publisher.url, "category": "phishing", "licence": "CC0-1.0"}

    def run(self, *arguments: str) -> Result:
        self.catalogue.write_text(yaml.safe_dump([self.feed]), encoding="utf-8")
        return CliRunner().invoke(feeds.app, [*arguments, "--data-dir", str(self.data_dir)])

    def update(self, *options: str) -> tuple[int, dict[str, Any]]:
        done = self.run("update", "test", "--json", "--catalogue", str(self.catalogue), *options)
        assert done.stdout, done.exception
        return done.exit_code, json.loads(done.stdout)[0]

    def listed(self) -> dict[str, Any]:
        feed: dict[str, Any] = json.loads(self.run("list", "--json").stdout)[0]
        return feed

    def entries(self) -> dict[str, int]:
        return {index.header.name: len(index) for index in FeedSet(self.data_dir / "feeds").indexes()}


@pytest.fixture
def machine(tmp_path: Path, publisher: Publisher) -> Machine:
    return Machine(tmp_path, publisher)


def test_a_feed_is_fetched_with_its_provenance(machine: Machine, publisher: Publisher) -> None:
    publisher.answer = versioned
    code, outcome = machine.update()
    assert (code, outcome["did"], outcome["entries"]) == (0, "fetched", 300)
    assert machine.entries() == {"test": 300}
    feed = machine.listed()
    assert feed["usable"] and feed["failure"] == ""
    assert (feed["licence"], feed["category"], feed["entries"], feed["lines"]) == ("CC0-1.0", "phishing", 300, 300)
    assert 0 <= feed["age_seconds"] < 600
    assert len(feed["sha256"]) == 64
    assert "secret" not in json.dumps(feed)


def test_what_has_not_changed_is_not_fetched_again(machine: Machine, publisher: Publisher) -> None:
    publisher.answer = versioned
    machine.update()
    assert machine.update("--force")[1]["did"] == "unchanged"
    assert machine.entries() == {"test": 300}


def test_a_publisher_is_asked_in_its_own_rhythm(machine: Machine, publisher: Publisher) -> None:
    machine.update()
    assert machine.update()[1]["did"] == "early"
    assert publisher.asked == 1


def test_another_address_under_the_same_name_is_fetched_at_once(machine: Machine, publisher: Publisher) -> None:
    publisher.answer = versioned
    machine.update()
    machine.feed["url"] = publisher.url.replace("list.txt", "other.txt")
    assert machine.update()[1]["did"] == "fetched"


HOSTILE = {
    "cut short": (answering(LIST, length=len(LIST) * 2), "cut short"),
    "a gzip file cut short": (answering(gzip.compress(LIST)[:-40]), "damaged"),
    "a damaged gzip file": (answering(b"\x1f\x8b\x08" + bytes(range(200))), "damaged"),
    "damaged compression": (answering(b"nonsense", Content_Encoding="gzip"), "compression is damaged"),
    "a gzip bomb": (answering(gzip.compress(b"a.example.com\n" * 10_000_000)), "larger than 67108864 bytes"),
    "a bomb in transit": (answering(gzip.compress(bytes(100_000_000)), Content_Encoding="gzip"), "larger than 67108864 bytes"),
    "binary": (answering(b"\x7fELF" + bytes(5000)), "no text file"),
    "a web page": (answering(b"<!DOCTYPE html><title>Please log in</title>"), "web page"),
    "an archive": (answering(b"PK\x03\x04" + LIST), "no text file"),
    "prose": (answering(b"this is\nnot a list\nof any\nhosts at all\n"), "no valid entry"),
    "mostly prose": (answering(b"a.example.com\n" + b"words and words\n" * 50), "most lines are no entries"),
    "empty": (answering(b""), "no valid entry"),
    "gone": (answering(b"", 410), "status 410"),
    "a list that shrank": (answering(b"a.example.com\n"), "only 1 entries, 300 before"),
    "a redirect without a place": (answering(b"", 302), "leads nowhere"),
    "a redirect to a file": (answering(b"", 302, Location="file:///etc/passwd"), "https only"),
    "a redirect to plain http": (answering(b"", 302, Location="http://lists.example/x"), "https only"),
    "a redirect in circles": (answering(b"", 302, Location="/list.txt"), "redirects"),
    "every domain": (answering(b"||com^\n||co.uk^\n||net^\n"), "no valid entry"),
    "a whole brand": (answering(b"google.com\npaypal.com\n"), "no valid entry"),
    "an allow list": (answering(b"@@||bad1.example.com^\n@@||bad2.example.com^\n"), "no valid entry"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_feed_that_cannot_be_used_changes_nothing_and_says_why(machine: Machine, publisher: Publisher, name: str) -> None:
    machine.update()
    before = (machine.data_dir / "feeds" / "test.idx").read_bytes()
    machine.feed["every_hours"] = 1e-9
    publisher.answer, reason = HOSTILE[name]
    done = machine.run("update", "test", "--catalogue", str(machine.catalogue))
    assert done.exit_code == 1
    assert done.stdout.startswith("test: unchanged, ") and reason in done.stdout
    assert (machine.data_dir / "feeds" / "test.idx").read_bytes() == before
    assert machine.entries() == {"test": 300}
    feed = machine.listed()
    assert feed["usable"] and reason in feed["failure"]
    assert sorted(path.name for path in (machine.data_dir / "feeds").iterdir()) == ["test.idx", "test.json"]


def test_a_first_fetch_that_fails_leaves_no_feed(machine: Machine, publisher: Publisher) -> None:
    publisher.answer = answering(b"", 500)
    assert machine.update()[0] == 1
    assert machine.entries() == {}
    assert machine.listed()["usable"] is False


def test_hostile_entries_are_dropped_and_the_others_used(machine: Machine, publisher: Publisher) -> None:
    hostile = b"||com^\n||google.com^\n@@||bad1.example.com^\n"
    publisher.answer = answering(hostile + b"||evil.example.com^\n||evil.example.org^\n||evil.example.net^\n||evil.co.uk^\n")
    _, outcome = machine.update()
    assert outcome["entries"] == 4
    assert {"a whole domain ending", "a well-known site as a whole", "an exception, which this feed may not make"} <= set(
        outcome["refused"]
    )


def test_a_download_that_never_ends_is_cut_off(publisher: Publisher) -> None:
    publisher.answer = dripping
    with pytest.raises(RequestInvalidError, match="took longer"):
        fetch(publisher.url, max_bytes=1000, total_seconds=0.2)


def test_a_redirect_from_elsewhere_does_not_lead_onto_this_machine() -> None:
    for inside in ("http://127.0.0.1:8080/x", "https://localhost/x", "http://[::1]/x"):
        with pytest.raises(RequestInvalidError, match="loopback"):
            _next("https://lists.example/x", inside)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("url", "http://lists.example/x", "https only"),
        ("url", "ftp://lists.example/x", "https only"),
        ("url", "file:///etc/passwd", "https only"),
        ("url", "https:///list.txt", "names no host"),
        ("category", "unknown", "unknown URL category"),
        ("name", "../x", "catalogue"),
        ("max_bytes", 10**12, "catalogue"),
        ("colour", "red", "catalogue"),
    ],
)
def test_a_catalogue_that_cannot_be_right_is_refused(machine: Machine, field: str, value: object, message: str) -> None:
    machine.feed[field] = value
    done = machine.run("update", "--catalogue", str(machine.catalogue))
    assert done.exit_code != 0
    assert message in str(done.exception)


@pytest.mark.parametrize("text", ["{", "- 1", "&a [*a, *a]", "name: x"])
def test_a_catalogue_that_is_none_is_refused(machine: Machine, text: str) -> None:
    machine.run("list")
    machine.catalogue.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(feeds.app, ["catalogue", "--catalogue", str(machine.catalogue)])
    assert "catalogue" in str(done.exception)


def test_a_feed_that_the_catalogue_does_not_name_is_refused(machine: Machine) -> None:
    done = machine.run("update", "other", "--catalogue", str(machine.catalogue))
    assert "no feed 'other'" in str(done.exception)


def test_without_names_the_defaults_and_what_was_fetched_before_are_updated(machine: Machine, publisher: Publisher) -> None:
    assert json.loads(machine.run("update", "--json", "--catalogue", str(machine.catalogue)).stdout) == []
    machine.update()
    done = machine.run("update", "--json", "--force", "--catalogue", str(machine.catalogue))
    assert [outcome["did"] for outcome in json.loads(done.stdout)] == ["fetched"]


def test_a_feed_is_removed(machine: Machine) -> None:
    machine.update()
    assert machine.run("remove", "test").exit_code == 0
    assert machine.entries() == {}
    assert "no feed" in str(machine.run("remove", "test").exception)


def test_the_built_in_catalogue_says_where_and_on_which_terms() -> None:
    catalogue = load_catalogue()
    assert len(catalogue) >= 15
    assert sum(feed.default for feed in catalogue) >= 5
    assert all(feed.url.startswith("https://") and feed.licence and feed.title and feed.about for feed in catalogue)
    shown = json.loads(CliRunner().invoke(feeds.app, ["catalogue", "--json"]).stdout)
    assert [feed["name"] for feed in shown] == [feed.name for feed in catalogue]


def test_metrics_tell_of_each_feed_and_of_its_age(tmp_path: Path) -> None:
    source = tmp_path / "counted.txt"
    source.write_text("bad1.example.com\nbad2.example.com\n", encoding="utf-8")
    runner = CliRunner()
    runtime = object.__new__(Runtime)  # of a whole one, only these two are read
    runtime.settings, runtime.feed_names = Settings(data_dir=tmp_path), set()
    assert runner.invoke(feeds.app, ["import", str(source), "--data-dir", str(tmp_path)]).exit_code == 0
    asyncio.run(runtime.count_feeds())
    assert REGISTRY.get_sample_value("scangate_feed_entries", {"feed": "counted"}) == 2
    fetched = REGISTRY.get_sample_value("scangate_feed_fetched_timestamp_seconds", {"feed": "counted"})
    assert fetched is not None and 0 <= time.time() - fetched < 600
    assert runner.invoke(feeds.app, ["remove", "counted", "--data-dir", str(tmp_path)]).exit_code == 0
    asyncio.run(runtime.count_feeds())
    assert REGISTRY.get_sample_value("scangate_feed_entries", {"feed": "counted"}) == 0

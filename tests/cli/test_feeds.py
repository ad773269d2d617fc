from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scangate.cli import feeds
from scangate.detectors.malicious_urls.feed_set import FeedSet


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


class FeedServer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/list.txt")
            self.end_headers()
            return
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hosts")
            self.end_headers()
            return
        body = b"evil.example.com\n" if self.path.startswith("/list.txt") else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return None


@pytest.fixture
def server() -> Iterator[str]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), FeedServer)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()
    thread.join()


def names(data_dir: Path) -> dict[str, int]:
    return {index.header.name: len(index) for index in FeedSet(data_dir / "feeds").indexes()}


def test_a_file_is_imported_and_listed(runner: CliRunner, tmp_path: Path) -> None:
    source = tmp_path / "mine.txt"
    source.write_text("# mine\nevil.example.com\nnot a host/\n10.0.0.0/8\n", encoding="utf-8")
    done = runner.invoke(feeds.app, ["import", str(source), "--category", "phishing", "--data-dir", str(tmp_path / "d")])
    assert done.exit_code == 0, done.output
    assert "mine: 1 entries, 0 exceptions, read as plain" in done.output
    assert "first at line 3, 4" in done.output
    assert names(tmp_path / "d") == {"mine": 1}
    assert sorted(path.name for path in (tmp_path / "d" / "feeds").iterdir()) == ["mine.idx", "mine.json"]
    listed = runner.invoke(feeds.app, ["list", "--data-dir", str(tmp_path / "d")])
    assert "mine.txt" in listed.output


def test_importing_again_replaces_the_feed(runner: CliRunner, tmp_path: Path) -> None:
    for text in ("a.example.com\n", "a.example.com\nb.example.com\n"):
        source = tmp_path / "list.txt"
        source.write_text(text, encoding="utf-8")
        assert runner.invoke(feeds.app, ["import", str(source), "--name", "x", "--data-dir", str(tmp_path)]).exit_code == 0
    assert names(tmp_path) == {"x": 2}


@pytest.mark.parametrize("path", ["/list.txt", "/list.txt?key=secret", "/moved"])
def test_a_url_is_downloaded(runner: CliRunner, tmp_path: Path, server: str, path: str) -> None:
    address = server.replace("//", "//user:secret@") + path
    done = runner.invoke(feeds.app, ["import", address, "--name", "net", "--data-dir", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert names(tmp_path) == {"net": 1}
    assert b"secret" not in (tmp_path / "feeds" / "net.idx").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{server}/missing"], "status 404"),
        (["{server}/elsewhere"], "cannot download"),
        (["http://127.0.0.1:1/x"], "cannot download"),
        (["file:///etc/hosts"], "https URL"),
        (["no-such-file.txt"], "cannot read"),
        (["{server}/list.txt", "--category", "nonsense"], "unknown URL category"),
        (["{server}/list.txt", "--name", "../x"], "name"),
        (["{server}/list.txt", "--name", ".hidden"], "name"),
    ],
)
def test_what_cannot_be_imported_is_refused_clearly(
    runner: CliRunner, tmp_path: Path, server: str, arguments: list[str], message: str
) -> None:
    given = [argument.format(server=server) for argument in arguments]
    done = runner.invoke(feeds.app, ["import", *given, "--data-dir", str(tmp_path)])
    assert done.exit_code != 0
    assert message in str(done.exception)
    assert names(tmp_path) == {}


def test_a_download_beyond_the_bound_is_refused(
    runner: CliRunner, tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MAX_BYTES", 5)
    done = runner.invoke(feeds.app, ["import", f"{server}/list.txt", "--data-dir", str(tmp_path)])
    assert "larger than 5 bytes" in str(done.exception)


def test_a_damaged_feed_is_listed_as_such(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "bad.idx").write_bytes(b"nonsense")
    assert "damaged" in runner.invoke(feeds.app, ["list", "--data-dir", str(tmp_path)]).output


def test_an_empty_directory_lists_nothing(runner: CliRunner, tmp_path: Path) -> None:
    assert runner.invoke(feeds.app, ["list", "--data-dir", str(tmp_path)]).exit_code == 0

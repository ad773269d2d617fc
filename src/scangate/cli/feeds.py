"""`scangate feeds`: block and allow lists for the URL detector; a running server notices them within a second."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table

from scangate.cli.keys import DataDir
from scangate.detectors.malicious_urls.brands import load_brands
from scangate.detectors.malicious_urls.detector import FEEDS_DIRECTORY
from scangate.detectors.malicious_urls.feed_lines import FeedFormat
from scangate.detectors.malicious_urls.feeds import FEED_SUFFIX, FeedReport, FeedSource, build_feed, check_category, decode_feed
from scangate.errors import ConfigurationError, RequestInvalidError
from scangate.matching.host_index import HostIndex
from scangate.matching.public_suffixes import load_public_suffixes
from scangate.settings import load_settings

app = typer.Typer(help="Import and list URL feeds.", no_args_is_help=True)

MAX_BYTES: Final = 256 * 1024 * 1024
_STALL_SECONDS: Final = 30.0
_TOTAL_SECONDS: Final = 300.0
_REDIRECTS_MAX: Final = 5
_NAME_MAX: Final = 64


def _folder(data_dir: Path | None) -> Path:
    return (data_dir or load_settings().data_dir) / FEEDS_DIRECTORY


def _read(source: str) -> bytes:
    """The bytes of a file or of an http(s) URL.

    Raises:
        RequestInvalidError: it cannot be read, or is larger than MAX_BYTES.
    """
    if source.lower().startswith(("http://", "https://")):
        return _download(source)
    if "://" in source:
        raise RequestInvalidError("a feed is a file, or an http or https URL")
    path = Path(source)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RequestInvalidError(f"{source!r} is larger than {MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise RequestInvalidError(f"cannot read {source!r}: {error.strerror}") from None


def _download(url: str) -> bytes:
    """Follows redirects to http and https only; bounded in size, time and redirects."""
    import httpx  # the server, whose start imports this module, needs no HTTP client

    chunks: list[bytes] = []
    size = 0
    deadline = time.monotonic() + _TOTAL_SECONDS
    try:
        with (
            httpx.Client(timeout=_STALL_SECONDS, follow_redirects=True, max_redirects=_REDIRECTS_MAX) as client,
            client.stream("GET", url) as answer,
        ):
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                size += len(chunk)
                if size > MAX_BYTES:
                    raise RequestInvalidError(f"the feed is larger than {MAX_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise RequestInvalidError(f"the download took longer than {_TOTAL_SECONDS:.0f} seconds")
                chunks.append(chunk)
    except httpx.HTTPStatusError as error:
        raise RequestInvalidError(f"cannot download the feed: status {error.response.status_code}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RequestInvalidError(f"cannot download the feed: {type(error).__name__}") from None
    return b"".join(chunks)


def _origin(source: str) -> str:
    """Where the feed came from, for people: without credentials and query, which may be a key."""
    if "://" not in source:
        return Path(source).name
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@app.command("import")
def import_feed(
    source: Annotated[str, typer.Argument(help="A file (gzip or plain), or an http or https URL.")],
    category: Annotated[str, typer.Option(help="Category of entries that name none.")] = "malware",
    format: Annotated[FeedFormat, typer.Option(help="How the feed is written.")] = FeedFormat.AUTO,  # noqa: A002
    name: Annotated[str | None, typer.Option(help="Name of the feed; one of the same name is replaced.")] = None,
    allow: Annotated[bool, typer.Option("--allow", help="Entries are never flagged, whatever other feeds say.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Import a feed: plain lists of hosts or URLs, hosts files, adblock rules, CSV."""
    check_category(category)
    label = name or Path(urlsplit(source).path.rstrip("/")).stem or "feed"
    if not _is_name(label):
        raise RequestInvalidError("a feed's name has letters, digits, dots, dashes and underscores; give one with --name")
    described = FeedSource(label, category, format, allow, _origin(source), datetime.now(UTC).isoformat(timespec="seconds"))
    lines = decode_feed(_read(source), size_max=MAX_BYTES)
    content, report = build_feed(lines, described, load_public_suffixes(), load_brands())
    _store(content, label, _folder(data_dir))
    typer.echo(f"{label}: {report.entries} entries, {report.exceptions} exceptions, read as {report.format}")
    _tell_refused(report)


def _is_name(label: str) -> bool:
    plain = label.replace("-", "").replace("_", "").replace(".", "")
    return len(label) <= _NAME_MAX and label[:1].isalnum() and label.isascii() and plain.isalnum()


def _store(content: bytes, label: str, folder: Path) -> None:
    """Atomically: a server that looks at the wrong moment sees the old feed or the new one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = folder / f".{label}.{time.time_ns()}.tmp"
    try:
        temporary.write_bytes(content)
        temporary.replace(folder / f"{label}{FEED_SUFFIX}")
    finally:
        temporary.unlink(missing_ok=True)


def _tell_refused(report: FeedReport) -> None:
    for reason, count in report.refused.most_common():
        typer.echo(f"  {count} refused: {reason}")
    if report.refused_lines:
        typer.echo(f"  first at line {', '.join(map(str, report.refused_lines))}")


@app.command("list")
def list_feeds(data_dir: DataDir = None) -> None:
    """List the imported feeds."""
    table = Table("name", "entries", "exceptions", "imported", "source")
    folder = _folder(data_dir)
    for path in sorted(folder.glob(f"*{FEED_SUFFIX}")) if folder.is_dir() else []:
        try:
            header = HostIndex.open(path).header
        except (ConfigurationError, OSError):
            table.add_row(path.stem, "-", "-", "-", "damaged: import it again")
            continue
        table.add_row(header.name, str(header.entries), str(header.exceptions), header.imported_at, header.source)
    Console().print(table)

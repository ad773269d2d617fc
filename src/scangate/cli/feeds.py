"""`scangate feeds`: block and allow lists for the URL detector; a running server notices them within a second."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from scangate.cli.keys import DataDir
from scangate.detectors.malicious_urls.brands import load_brands
from scangate.detectors.malicious_urls.detector import FEEDS_DIRECTORY
from scangate.detectors.malicious_urls.feed_lines import FeedFormat
from scangate.detectors.malicious_urls.feeds import FEED_SUFFIX, FeedSource, build_feed, decode_feed
from scangate.errors import ConfigurationError, RequestInvalidError
from scangate.matching.host_index import HostIndex
from scangate.matching.public_suffixes import load_public_suffixes
from scangate.settings import load_settings

app = typer.Typer(help="Import and list URL feeds.", no_args_is_help=True)
MAX_BYTES = 256 * 1024 * 1024
_SECONDS = 60.0


def _folder(data_dir: Path | None) -> Path:
    return (data_dir or load_settings().data_dir) / FEEDS_DIRECTORY


def _read(source: str) -> bytes:
    """
    Raises:
        RequestInvalidError: the file or URL cannot be read, or is larger than MAX_BYTES.
    """
    if source.startswith(("http://", "https://")):
        return _download(source)
    try:
        if Path(source).stat().st_size > MAX_BYTES:
            raise RequestInvalidError(f"{source!r} is larger than {MAX_BYTES} bytes")
        return Path(source).read_bytes()
    except OSError as error:
        raise RequestInvalidError(f"cannot read {source!r}: {error.strerror}") from None


def _download(url: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        with httpx.stream("GET", url, timeout=_SECONDS, follow_redirects=True) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                size += len(chunk)
                if size > MAX_BYTES:
                    raise RequestInvalidError(f"the feed is larger than {MAX_BYTES} bytes")
                chunks.append(chunk)
    except httpx.HTTPError as error:
        raise RequestInvalidError(f"cannot download the feed: {type(error).__name__}") from None
    return b"".join(chunks)


@app.command("import")
def import_feed(
    source: Annotated[str, typer.Argument(help="A file, or an http or https URL.")],
    category: Annotated[str, typer.Option(help="Category of entries that name none.")] = "malware",
    format: Annotated[FeedFormat, typer.Option(help="How the feed is written.")] = FeedFormat.AUTO,  # noqa: A002
    name: Annotated[str | None, typer.Option(help="Name of the feed; one of the same name is replaced.")] = None,
    allow: Annotated[bool, typer.Option("--allow", help="Entries are never flagged, whatever other feeds say.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Import a feed: plain lists of hosts or URLs, hosts files, adblock rules, CSV."""
    data = _read(source)
    label = name or Path(source.rstrip("/").rpartition("/")[2]).stem or "feed"
    if not label.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise RequestInvalidError("a feed's name has letters, digits, dots, dashes and underscores")
    described = FeedSource(label, category, format, allow, source, datetime.now(UTC).isoformat(timespec="seconds"))
    content, report = build_feed(decode_feed(data, size_max=MAX_BYTES), described, load_public_suffixes(), load_brands())
    folder = _folder(data_dir)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = folder / f".{label}.tmp"
    temporary.write_bytes(content)
    temporary.replace(folder / f"{label}{FEED_SUFFIX}")
    typer.echo(f"{label}: {report.entries} entries, {report.exceptions} exceptions, read as {report.format}")
    for reason, count in report.refused.most_common():
        typer.echo(f"  {count} lines refused: {reason}")


@app.command("list")
def list_feeds(data_dir: DataDir = None) -> None:
    """List the imported feeds."""
    table = Table("name", "entries", "exceptions", "imported", "source")
    folder = _folder(data_dir)
    for path in sorted(folder.glob(f"*{FEED_SUFFIX}")) if folder.is_dir() else []:
        with suppress(ConfigurationError):
            header = HostIndex.open(path).header
            table.add_row(header.name, str(header.entries), str(header.exceptions), header.imported_at, header.source)
    Console().print(table)

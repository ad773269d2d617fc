"""`scangate feeds`: block and allow lists for the URL detector; a running server notices them within a second."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table

from scangate.cli.feed_downloads import fetch
from scangate.cli.feed_updates import Outcome, Updater
from scangate.cli.keys import DataDir
from scangate.detectors.malicious_urls.brands import load_brands
from scangate.detectors.malicious_urls.detector import FEEDS_DIRECTORY
from scangate.detectors.malicious_urls.feed_catalogue import CatalogueFeed, load_catalogue, read_catalogue
from scangate.detectors.malicious_urls.feed_lines import FeedFormat
from scangate.detectors.malicious_urls.feed_store import FeedRecord, FeedStatus, FeedStore, now
from scangate.detectors.malicious_urls.feeds import FeedReport, FeedSource, build_feed, check_category, decode_feed
from scangate.errors import RequestInvalidError
from scangate.matching.public_suffixes import load_public_suffixes
from scangate.settings import load_settings

app = typer.Typer(help="Fetch, import and list URL feeds.", no_args_is_help=True)

MAX_BYTES: Final = 256 * 1024 * 1024
_NAME_MAX: Final = 64
_HOUR_SECONDS: Final = 3600

CatalogueFile = Annotated[
    Path | None, typer.Option("--catalogue", help="A catalogue of your own (YAML) in place of the built-in one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _store(data_dir: Path | None) -> FeedStore:
    return FeedStore((data_dir or load_settings().data_dir) / FEEDS_DIRECTORY)


def _catalogue(path: Path | None) -> tuple[CatalogueFeed, ...]:
    return read_catalogue(path) if path else load_catalogue()


def _print(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _read(source: str) -> bytes:
    """The bytes of a file or of a URL.

    Raises:
        RequestInvalidError: it cannot be read, or is larger than MAX_BYTES.
    """
    if source.lower().startswith(("http://", "https://")):
        return fetch(source, max_bytes=MAX_BYTES).content or b""
    if "://" in source:
        raise RequestInvalidError("a feed is a file, or an https URL (http on the loopback interface)")
    path = Path(source)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RequestInvalidError(f"{source!r} is larger than {MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise RequestInvalidError(f"cannot read {source!r}: {error.strerror}") from None


def _origin(source: str) -> str:
    """Where the feed came from, for people: without credentials and query, which may be a key."""
    if "://" not in source:
        return Path(source).name
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@app.command("import")
def import_feed(
    source: Annotated[str, typer.Argument(help="A file (gzip or plain), or an https URL.")],
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
    moment = now()
    described = FeedSource(label, category, format, allow, _origin(source), moment)
    lines = decode_feed(_read(source), size_max=MAX_BYTES)
    content, report = build_feed(lines, described, load_public_suffixes(), load_brands())
    record = FeedRecord(name=label, source=described.origin, category=category, fetched_at=moment, checked_at=moment)
    _store(data_dir).save(content, record.model_copy(update=report.counts()))
    typer.echo(f"{label}: {report.entries} entries, {report.exceptions} exceptions, read as {report.format}")
    _tell_refused(report)


def _is_name(label: str) -> bool:
    plain = label.replace("-", "").replace("_", "").replace(".", "")
    return len(label) <= _NAME_MAX and label[:1].isalnum() and label.isascii() and plain.isalnum()


def _tell_refused(report: FeedReport) -> None:
    for reason, count in report.refused.most_common():
        typer.echo(f"  {count} refused: {reason}")
    if report.refused_lines:
        typer.echo(f"  first at line {', '.join(map(str, report.refused_lines))}")


@app.command("update")
def update_feeds(
    names: Annotated[
        list[str] | None, typer.Argument(help="Feeds of the catalogue; without any, its defaults and those fetched before.")
    ] = None,
    catalogue: CatalogueFile = None,
    force: Annotated[
        bool, typer.Option("--force", help="Ask though it is too early, and accept a list that shrank to less than half.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Fetch feeds of the catalogue. A feed that cannot be used changes nothing, and the command ends with exit code 1."""
    store = _store(data_dir)
    chosen = _chosen(names or [], _catalogue(catalogue), store)
    updater = Updater(store, force=force)
    outcomes = []
    for feed in chosen:
        outcome = updater.update(feed)
        outcomes.append(outcome)
        if not as_json:
            typer.echo(_told(outcome))
    if as_json:
        _print([outcome.as_json() for outcome in outcomes])
    if any(outcome.failure for outcome in outcomes):
        raise typer.Exit(1)


def _chosen(names: list[str], catalogue: tuple[CatalogueFeed, ...], store: FeedStore) -> list[CatalogueFeed]:
    if not names:
        return [feed for feed in catalogue if feed.default or store.record(feed.name) is not None]
    known = {feed.name: feed for feed in catalogue}
    for name in names:
        if name not in known:
            raise RequestInvalidError(f"the catalogue has no feed {name[:64]!r}; `scangate feeds catalogue` lists them")
    return [known[name] for name in dict.fromkeys(names)]


def _told(outcome: Outcome) -> str:
    if outcome.failure:
        return f"{outcome.name}: unchanged, {outcome.failure}"
    refused = f", {sum(outcome.refused.values())} lines refused" if outcome.refused else ""
    return f"{outcome.name}: {outcome.did}, {outcome.entries} entries{refused}"


@app.command("catalogue")
def show_catalogue(catalogue: CatalogueFile = None, as_json: AsJson = False) -> None:
    """List the public feeds that `update` can fetch, with their terms."""
    feeds = _catalogue(catalogue)
    if as_json:
        _print([feed.model_dump(mode="json") for feed in feeds])
        return
    table = Table("name", "default", "category", "licence", "title")
    for feed in feeds:
        table.add_row(feed.name, "yes" if feed.default else "", feed.category, feed.licence, feed.title)
    Console().print(table)


@app.command("list")
def list_feeds(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the feeds on this machine, with where they came from, their age and their size."""
    found = _store(data_dir).inventory()
    if as_json:
        _print([_described(status) for status in found])
        return
    table = Table("name", "entries", "exceptions", "age", "source", "state")
    for status in found:
        record = status.record
        age = _age(status)
        hours = "-" if age is None else f"{age / _HOUR_SECONDS:.1f} h"
        state = status.problem or record.failure or "ok"
        table.add_row(record.name, str(record.entries), str(record.exceptions), hours, record.source, state)
    Console().print(table)


def _age(status: FeedStatus) -> float | None:
    fetched = status.fetched_seconds
    return None if fetched is None else max(0.0, time.time() - fetched)


def _described(status: FeedStatus) -> dict[str, Any]:
    age = _age(status)
    described = status.record.model_dump(mode="json", exclude={"schema_version"})
    return described | {
        "age_seconds": None if age is None else round(age),
        "usable": not status.problem,
        "problem": status.problem,
    }


@app.command("remove")
def remove_feed(name: Annotated[str, typer.Argument(help="Name of the feed.")], data_dir: DataDir = None) -> None:
    """Remove a feed from this machine."""
    if not _is_name(name) or not _store(data_dir).remove(name):
        raise RequestInvalidError(f"there is no feed {name[:64]!r}")
    typer.echo(f"{name}: removed")

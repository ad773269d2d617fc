"""Block lists from elsewhere: parsed line by line and built into an index file. No network, no directory: bytes in, bytes out."""

from __future__ import annotations

import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from scangate.detectors.malicious_urls.brands import Brands
from scangate.detectors.malicious_urls.categories import malicious_categories, url_categories
from scangate.detectors.malicious_urls.feed_lines import (
    FeedFormat,
    FeedLine,
    LineRefusedError,
    detect_format,
    parse_entry,
    read_lines,
)
from scangate.errors import RequestInvalidError
from scangate.matching.host_index import HostEntry, HostIndexBuilder
from scangate.matching.public_suffixes import PublicSuffixes

FEED_SUFFIX: Final = ".idx"
_SAMPLE_LINES: Final = 400
_EXAMPLES_MAX: Final = 5
_GZIP: Final = b"\x1f\x8b"
_LOOKED_AT: Final = 64 * 1024
_PROTECTED: Final = "a well-known site as a whole"
_WHOLE_ENDING: Final = "a whole domain ending"
_NO_EXCEPTIONS: Final = "an exception, which this feed may not make"


class FeedInvalidError(RequestInvalidError):
    """A feed that cannot be used at all; single bad lines are counted instead."""

    code = "feed_invalid"
    default_message = "the feed holds no valid entry"


@dataclass(slots=True)
class FeedReport:
    """What became of the lines. `refused` counts by reason; `refused_lines` are the numbers of the first few."""

    format: FeedFormat
    lines: int = 0
    entries: int = 0
    exceptions: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refused_lines: list[int] = field(default_factory=list)

    def refuse(self, number: int, reason: str) -> None:
        self.refused[reason] += 1
        if len(self.refused_lines) < _EXAMPLES_MAX:
            self.refused_lines.append(number)

    def counts(self) -> dict[str, Any]:
        """For the feed's record."""
        return {
            "format": self.format.value,
            "lines": self.lines,
            "entries": self.entries,
            "exceptions": self.exceptions,
            "refused": dict(self.refused),
        }


@dataclass(frozen=True, slots=True)
class FeedSource:
    """How a feed is to be read. `category` is for lines that say none; `allow` makes every entry an exception.

    `trusted`: the user has chosen this very file. Other lists may neither allow hosts nor accuse a domain ending as a whole (`||zip^`).
    """

    name: str
    category: str
    format: FeedFormat = FeedFormat.AUTO
    allow: bool = False
    origin: str = ""
    imported_at: str = ""
    trusted: bool = True


def check_category(name: str) -> str:
    """The name, if a list may carry it.

    Raises:
        FeedInvalidError: unknown, or derived from the URL itself.
    """
    category = url_categories().get(name)
    if category is None or category.derived:
        raise FeedInvalidError(f"unknown URL category {name[:64]!r}")
    return name


def decode_feed(data: bytes, *, size_max: int) -> Iterable[str]:
    """Lines of a text file, gzipped or not.

    Raises:
        FeedInvalidError: more than `size_max` bytes once unpacked, a damaged gzip file, another archive.
    """
    if data[:2] == _GZIP:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(size_max + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise FeedInvalidError("the gzip file is damaged") from error
    if len(data) > size_max:
        raise FeedInvalidError(f"the feed is larger than {size_max} bytes")
    if data[:4] == b"PK\x03\x04" or b"\0" in data[:_LOOKED_AT]:
        raise FeedInvalidError("the feed is no text file; unpack archives first")
    if data[:_LOOKED_AT].lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise FeedInvalidError("the feed is a web page, not a list")
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", errors="replace")


def build_feed(lines: Iterable[str], source: FeedSource, suffixes: PublicSuffixes, brands: Brands) -> tuple[bytes, FeedReport]:
    """The index file and what became of the lines.

    Lists of malicious sites may not list the site of a well-known brand as a whole: such an entry is refused as an error of the
    list's author.

    Raises:
        FeedInvalidError: an unknown category, or not one valid entry.
    """
    category = check_category(source.category)
    remaining = iter(lines)
    head = list(islice(remaining, _SAMPLE_LINES))
    detected = detect_format(head) if source.format is FeedFormat.AUTO else source.format
    report = FeedReport(detected)
    builder = HostIndexBuilder()

    def counted() -> Iterable[str]:
        for chunk in (head, remaining):
            for line in chunk:
                report.lines += 1
                yield line

    for number, named in read_lines(counted(), detected):
        if isinstance(named, str):
            report.refuse(number, named)
            continue
        for line in named:
            said = _category(line, category)
            try:
                entry = _entry(line, said, source, suffixes, brands)
            except LineRefusedError as error:
                report.refuse(number, str(error))
                continue
            builder.add(entry, (said,))
            report.exceptions += entry.is_exception
            report.entries += not entry.is_exception
    if not report.entries and not report.exceptions:
        raise FeedInvalidError(f"the feed holds no valid entry ({report.lines} lines read as {detected})")
    return builder.to_bytes(source.name, source.origin, source.imported_at), report


def _category(line: FeedLine, default: str) -> str:
    """What the line says, if a list can carry it."""
    said = url_categories().get(line.category)
    return said.name if said and not said.derived else default


def _entry(line: FeedLine, category: str, source: FeedSource, suffixes: PublicSuffixes, brands: Brands) -> HostEntry:
    """What the line names.

    Raises:
        LineRefusedError: nothing, or a brand's whole site as malicious.
    """
    entry = parse_entry(line, suffixes)
    if source.allow:
        return replace(entry, is_exception=True)
    if not source.trusted:
        if entry.is_exception:
            raise LineRefusedError(_NO_EXCEPTIONS)
        if _is_ending(entry, suffixes):
            raise LineRefusedError(_WHOLE_ENDING)
    accuses = category in malicious_categories() and not entry.is_exception and entry.path in ("", "/")
    if accuses and entry.host in brands.domains:
        raise LineRefusedError(_PROTECTED)
    return entry


def _is_ending(entry: HostEntry, suffixes: PublicSuffixes) -> bool:
    """A public suffix of registries (`com`, `co.uk`), as opposed to a hosting service's (`github.io`)."""
    if not entry.covers_customers or entry.path not in ("", "/"):
        return False
    parts = suffixes.split(entry.host)
    return not parts.private and not parts.domain

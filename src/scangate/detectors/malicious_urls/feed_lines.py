"""The line formats of block lists: each turns a line into the hosts and URLs that it names."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from scangate.matching.host_index import HostEntry
from scangate.matching.public_suffixes import PublicSuffixes
from scangate.matching.url_hosts import PRIVATE_TLDS, Host, HostKind, parse_host


class FeedFormat(StrEnum):
    AUTO = "auto"
    PLAIN = "plain"
    """One host, URL or address a line, with or without port; `*.` or `.` in front covers what customers put below a suffix."""
    HOSTS = "hosts"
    """`0.0.0.0 host`, as in /etc/hosts."""
    ADBLOCK = "adblock"
    """`||host^`, `||host/path`, exceptions `@@||host^`."""
    CSV = "csv"
    """A header names a column `url`, `host`, `domain` or the like, and maybe one `threat` or `category`."""
    URLHAUS = "urlhaus"
    """The CSV of URLhaus, whose header is a comment."""


class LineRefusedError(Exception):
    """A line that names nothing that can be listed; the message is the reason, never the line."""


@dataclass(frozen=True, slots=True)
class FeedLine:
    """What one line names; `category` is "" unless the line says it."""

    text: str
    category: str = ""
    is_exception: bool = False
    covers_customers: bool = False


_URLHAUS_COLUMNS: Final = ("id", "dateadded", "url", "url_status", "last_online", "threat", "tags", "urlhaus_link", "reporter")
_ENTRY_COLUMNS: Final = ("url", "host", "hostname", "domain", "fqdn", "ioc", "ioc_value", "indicator", "ip", "ip_address")
_CATEGORY_COLUMNS: Final = ("category", "threat", "threat_type")
_THREATS: Final = {
    "malware_download": "malware",
    "payload_delivery": "malware",
    "botnet_cc": "command-and-control",
    "c2": "command-and-control",
    "cc": "command-and-control",
    "phish": "phishing",
}
_SINKS: Final = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1", "0"})
_OWN_NAMES: Final = frozenset({"local", "localhost", "localhost.localdomain", "broadcasthost"})
_OTHER_ROOTS: Final = PRIVATE_TLDS | {"bit", "i2p", "test"}
_SAMPLE_LINES: Final = 200
_LINE_MAX: Final = 8192


def detect_format(sample: Iterable[str]) -> FeedFormat:
    """The format of the first lines of a file; PLAIN when nothing else fits."""
    votes = dict.fromkeys(FeedFormat, 0)
    for number, line in enumerate(sample):
        if number >= _SAMPLE_LINES:
            break
        if line.lower().startswith("[adblock") or line.startswith(("||", "@@||")):
            votes[FeedFormat.ADBLOCK] += 1
        elif line.split(None, 1)[:1] and line.split(None, 1)[0] in _SINKS and len(line.split()) > 1:
            votes[FeedFormat.HOSTS] += 1
        elif (columns := _header(line)) is not None:
            return FeedFormat.URLHAUS if columns == _URLHAUS_COLUMNS else FeedFormat.CSV
    best = max(votes, key=lambda name: votes[name])
    return best if votes[best] else FeedFormat.PLAIN


def read_lines(lines: Iterable[str], feed_format: FeedFormat) -> Iterator[tuple[int, list[FeedLine] | str]]:
    """Line numbers from 1 with what the line names, or with the reason why it is refused; comments and blanks are left out."""
    if feed_format in (FeedFormat.CSV, FeedFormat.URLHAUS):
        yield from _read_csv(lines, feed_format)
        return
    parse = _PARSERS[feed_format]
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("\ufeff")
        if not text:
            continue
        if len(text) > _LINE_MAX:
            yield number, "longer than any URL"
            continue
        try:
            named = parse(text)
        except LineRefusedError as error:
            yield number, str(error)
        else:
            if named:
                yield number, named


def _plain(text: str) -> list[FeedLine]:
    if text.startswith(("#", "//", ";", "!")):
        return []
    if text.startswith(("||", "@@||")):  # lists of hosts with adblock rules for single URLs at the end
        return _adblock(text)
    return [_wildcarded(text.split(None, 1)[0])]


def _wildcarded(text: str) -> FeedLine:
    for prefix in ("*.", "."):
        if text.startswith(prefix):
            return FeedLine(text[len(prefix) :], covers_customers=True)
    return FeedLine(text)


def _hosts(text: str) -> list[FeedLine]:
    words = text.partition("#")[0].split()
    if not words:
        return []
    names = words[1:] if words[0] in _SINKS or len(words) > 1 else words
    return [FeedLine(name) for name in names if name not in _SINKS and name not in _OWN_NAMES and not name.startswith("ip6-")]


def _adblock(text: str) -> list[FeedLine]:
    if text.startswith(("!", "[", "#")):
        return []
    is_exception = text.startswith("@@")
    rule = text.removeprefix("@@").partition("$")[0]
    if rule.startswith("||"):
        rule = rule[2:].removesuffix("|")
    elif is_exception or "##" in text or "#@#" in text or rule.startswith(("|", "/")):
        raise LineRefusedError("an adblock rule that names no host")
    host = rule.removesuffix("^")
    if any(character in host for character in "*^|"):
        raise LineRefusedError("an adblock rule with a pattern")
    return [FeedLine(host, is_exception=is_exception, covers_customers="/" not in host)]


_PARSERS: Final[dict[FeedFormat, Callable[[str], list[FeedLine]]]] = {
    FeedFormat.PLAIN: _plain,
    FeedFormat.HOSTS: _hosts,
    FeedFormat.ADBLOCK: _adblock,
}


def _header(line: str) -> tuple[str, ...] | None:
    """The columns when the line is a CSV header, comment sign or not."""
    cells = tuple(cell.strip().strip("\"'").lower() for cell in line.strip().removeprefix("\ufeff").lstrip("# ").split(","))
    return cells if len(cells) > 1 and any(name in cells for name in _ENTRY_COLUMNS) else None


def _read_csv(lines: Iterable[str], feed_format: FeedFormat) -> Iterator[tuple[int, list[FeedLine] | str]]:
    columns: tuple[str, ...] | None = _URLHAUS_COLUMNS if feed_format is FeedFormat.URLHAUS else None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        header = _header(line) if number == 1 or line.startswith("#") or columns is None else None
        if header is not None:
            columns = header
        elif line.startswith("#"):
            continue
        elif columns is None:
            yield number, "no header names a column of hosts or URLs"
        elif len(line) > _LINE_MAX:
            yield number, "longer than any URL"
        else:
            yield number, _csv_row(line, columns)


def _csv_row(line: str, columns: tuple[str, ...]) -> list[FeedLine] | str:
    try:
        cells = next(csv.reader([line], skipinitialspace=True), [])
    except csv.Error:
        return "no CSV row"
    row = dict(zip(columns, cells, strict=False))
    text = next((row[name].strip() for name in _ENTRY_COLUMNS if row.get(name, "").strip()), "")
    if not text:
        return "the row has no host or URL"
    said = next((row[name].strip().lower() for name in _CATEGORY_COLUMNS if row.get(name)), "")
    return [replace(_wildcarded(text), category=_THREATS.get(said, said))]


def parse_entry(line: FeedLine, suffixes: PublicSuffixes) -> HostEntry:
    """What a list names, in canonical form.

    Raises:
        LineRefusedError: no host, a network, a local address.
    """
    text = line.text.strip("\"'").replace("[.]", ".").replace("hxxp", "http", 1)
    if "://" in text[:12]:
        text = text.partition("://")[2]
    end = next((index for index, character in enumerate(text) if character in "/?#"), len(text))
    authority, path = text[:end].rpartition("@")[2], text[end:].partition("#")[0]
    name, port = _split_port(authority)
    host = parse_host(name)
    if host is None:
        raise LineRefusedError("no host")
    if host.is_ip and path[1:].isdigit() and path[:1] == "/":
        if path not in ("/32", "/128"):
            raise LineRefusedError("a network; only single addresses can be listed")
        path = ""
    _check_host(host, line, suffixes)
    text = f"{host.text}:{port}" if port else host.text
    return HostEntry(text, path, line.is_exception, line.covers_customers)


def _split_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        name, _, rest = authority.partition("]")
        return name + "]", rest.removeprefix(":")
    name, colon, port = authority.partition(":")
    if colon and ":" in port:  # an IPv6 address without brackets
        return f"[{authority}]", ""
    if port and not (port.isascii() and port.isdigit()):
        raise LineRefusedError("no port")
    return name, port.lstrip("0")


def _check_host(host: Host, line: FeedLine, suffixes: PublicSuffixes) -> None:
    if host.kind is HostKind.NAME:
        parts = suffixes.split(host.text)
        if len(parts.labels) == 1 and not (line.covers_customers and parts.listed):
            raise LineRefusedError("a single label")
        if not parts.listed and parts.labels[-1] not in _OTHER_ROOTS:
            raise LineRefusedError("an unknown top-level domain")
    elif host.text in _SINKS or host.text.startswith("127."):
        raise LineRefusedError("a local address")

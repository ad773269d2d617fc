"""A list of hosts and URLs as one immutable file: sorted 64-bit hashes, read through a memory map.

Look-ups follow the suffix and prefix expressions of Google Safe Browsing v4: up to five suffixes of the host, bounded by the
public suffix (`evil.github.io` says nothing about `github.io`), and for hosts with listed paths up to nine forms of the path.
Eleven bytes an entry (and a quarter of one in memory); two entries of a million collide with a probability of 3 in 10^8. Little-endian, whatever the machine.

Layout: magic (8) · length of the header (4, LE) · header (JSON, UTF-8) · padding to 8 · keys u64 · category sets u16 · flags u8
"""

from __future__ import annotations

import json
import mmap
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import numpy as np

from scangate.errors import ConfigurationError
from scangate.matching.public_suffixes import HostParts
from scangate.matching.url_hosts import Host

MAGIC: Final = b"SGHOSTS1"
_KEY_BYTES, _SET_BYTES, _FLAG_BYTES = 8, 2, 1
_LISTED: Final = 1
_EXCEPTION: Final = 2
_HAS_PATHS: Final = 4
_COVERS_CUSTOMERS: Final = 8
_BUCKET_SIZE: Final = 16
"""Keys are hashes, so buckets by their first bits are equally full; this makes a look-up four steps instead of twenty."""
_HOST_SUFFIXES: Final = 5
_PATH_PREFIXES: Final = 4
_PATH_MAX: Final = 2048
_UNQUOTE_ROUNDS: Final = 3
_HEADER_MAX: Final = 1 << 24
_SENTENCE_ENDS: Final = ".,;:!?*~&'_=+-@$%#"


def expression_key(expression: str) -> int:
    """The key of a canonical expression (`evil.com`, `evil.com:8080`, `evil.com/a/b?c`)."""
    return int.from_bytes(blake2b(expression.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest(), "little")


def canonical_path(path: str) -> str:
    """Percent-encoding undone, `.` and `..` resolved, slashes collapsed; the query as it is; always starts with a slash."""
    path, mark, query = path[:_PATH_MAX].partition("?")
    for _ in range(_UNQUOTE_ROUNDS):
        if "%" not in path:
            break
        path = unquote(path, errors="surrogateescape")
    if "//" in path or "/." in path:
        path = _resolved(path)
    return (path if path[:1] == "/" else "/" + path) + mark + query.replace("&amp;", "&")


def _resolved(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    directory = path.endswith(("/", "/.", "/.."))
    return "/" + "/".join(kept) + ("/" if directory and kept else "")


class HostExpression(NamedTuple):
    """`is_suffix`: the public suffix above the registered domain, which only counts where an entry says so (`*.github.io`)."""

    text: str
    key: int
    is_suffix: bool = False


def host_expressions(host: Host, port: int | None, parts: HostParts | None) -> tuple[HostExpression, ...]:
    """Most specific first: with the port, the host itself, its parents down to the registered domain, the public suffix.

    `parts` is None for an IP address.
    """
    texts = [host.text] if port is None else [f"{host.text}:{port}", host.text]
    suffix = ""
    if parts is not None:
        above = len(parts.labels) - parts.suffix_labels
        first = max(1, len(parts.labels) - _HOST_SUFFIXES)
        texts.extend(".".join(parts.labels[start:]) for start in range(first, above))
        suffix = parts.suffix if above > 0 else ""
    expressions = [HostExpression(text, expression_key(text)) for text in texts]
    if suffix:
        expressions.append(HostExpression(suffix, expression_key(suffix), True))
    return tuple(expressions)


def path_expressions(path: str) -> tuple[str, ...]:
    """Most specific first: with the query, without, with and without a slash at the end (people and lists drop it), cut where
    ASCII ends, the directories above (at most four)."""
    full = canonical_path(path)
    plain = full.partition("?")[0]
    bare = plain.rstrip("/")
    forms = [full, plain, bare, bare + "/"]
    if not plain.isascii():
        forms.append(plain[: next(index for index, character in enumerate(plain) if ord(character) > 127)])
    segments = plain.split("/")[1:-1][: _PATH_PREFIXES - 1]
    forms.extend("/" + "".join(f"{segment}/" for segment in segments[:count]) for count in range(len(segments), -1, -1))
    return tuple(form for form in dict.fromkeys(forms) if form)


@dataclass(frozen=True, slots=True)
class Listing:
    """What lists say about a URL. `excepted`: some list allows it by name, whatever the others say."""

    categories: tuple[str, ...]
    lists: tuple[str, ...]
    excepted: bool = False


@dataclass(frozen=True, slots=True)
class IndexHeader:
    """`source` and `imported_at` are for people; `entries` counts listed hosts and URLs, `exceptions` allowed ones."""

    name: str
    source: str = ""
    imported_at: str = ""
    entries: int = 0
    exceptions: int = 0
    category_sets: tuple[tuple[str, ...], ...] = ()


class HostIndex:
    """One list; safe to share between threads. The file may be replaced (renamed over) while it is open."""

    __slots__ = ("_buckets", "_flags", "_keys", "_sets", "_shift", "header")

    def __init__(self, content: memoryview) -> None:
        """`content` is a whole file.

        Raises:
            ConfigurationError: not an index, or cut short.
        """
        self.header, count, start = _read_header(content)
        sets_start = start + count * _KEY_BYTES
        flags_start = sets_start + count * _SET_BYTES
        if len(content) != flags_start + count * _FLAG_BYTES:
            raise ConfigurationError("the host index is cut short")
        self._keys = _numbers(content[start:sets_start], "Q")
        self._buckets, self._shift = _buckets(content[start:sets_start], count)
        self._sets = _numbers(content[sets_start:flags_start], "H")
        self._flags = content[flags_start:]

    @classmethod
    def open(cls, path: Path) -> HostIndex:
        """Map a file.

        Raises:
            ConfigurationError: not an index, or cut short.
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise ConfigurationError("the host index is empty")
            return cls(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))

    @classmethod
    def read_header(cls, path: Path) -> IndexHeader:
        """What a file says of itself, without looking at its entries.

        Raises:
            ConfigurationError: not an index, or cut short.
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            start = file.read(len(MAGIC) + 4)
            size = int.from_bytes(start[len(MAGIC) :], "little")
            if size > _HEADER_MAX:
                raise ConfigurationError("the header of the host index is damaged")
            header, count, end = _read_header(memoryview(start + file.read(size)))
            if path.stat().st_size != end + count * (_KEY_BYTES + _SET_BYTES + _FLAG_BYTES):
                raise ConfigurationError("the host index is cut short")
            return header

    def __len__(self) -> int:
        return len(self._keys)

    def _find(self, key: int) -> int:
        bucket = key >> self._shift
        end = self._buckets[bucket + 1]
        position = bisect_left(self._keys, key, self._buckets[bucket], end)
        return position if position < end and self._keys[position] == key else -1

    def look_up(self, hosts: Sequence[HostExpression], path: str) -> Listing | None:
        """`hosts` most specific first; None when the list does not know the URL."""
        found: tuple[str, ...] | None = None
        for host in hosts:
            position = self._find(host.key)
            if position < 0:
                continue
            flags = self._flags[position]
            if host.is_suffix and not flags & _COVERS_CUSTOMERS:
                continue
            if flags & _HAS_PATHS and not host.is_suffix:
                for form in path_expressions(path):
                    below = self._find(expression_key(host.text + form))
                    if below >= 0 and self._flags[below] & _EXCEPTION:
                        return Listing((), (self.header.name,), excepted=True)
                    if below >= 0 and found is None:
                        found = self._categories(below)
            if flags & _EXCEPTION:
                return Listing((), (self.header.name,), excepted=True)
            if flags & _LISTED and found is None:
                found = self._categories(position)
        return None if found is None else Listing(found, (self.header.name,))

    def _categories(self, position: int) -> tuple[str, ...]:
        return self.header.category_sets[self._sets[position]]


def look_up(indexes: Iterable[HostIndex], host: Host, port: int | None, path: str, parts: HostParts | None) -> Listing | None:
    """What all lists together say: an exception of any of them, else the categories of all that know the URL."""
    hosts = host_expressions(host, port, parts)
    listings: list[Listing] = []
    for index in indexes:
        listing = index.look_up(hosts, path)
        if listing is None:
            continue
        if listing.excepted:
            return listing
        listings.append(listing)
    if len(listings) < 2:
        return listings[0] if listings else None
    categories = dict.fromkeys(category for listing in listings for category in listing.categories)
    return Listing(tuple(categories), tuple(name for listing in listings for name in listing.lists))


@dataclass(frozen=True, slots=True)
class HostEntry:
    """`host` is canonical and may carry a port (`1.2.3.4:8080`); `path` is "" or "/" for the whole host and all below it.

    `covers_customers`: where the host is a public suffix (`github.io`), the names that others registered below it are meant too.
    """

    host: str
    path: str = ""
    is_exception: bool = False
    covers_customers: bool = False


class HostIndexBuilder:
    """Collects entries, eleven bytes each, and writes them out sorted."""

    def __init__(self) -> None:
        self._keys = array("Q")
        self._sets = array("H")
        self._flags = array("B")
        self._set_numbers: dict[tuple[str, ...], int] = {}

    def add(self, entry: HostEntry, categories: tuple[str, ...]) -> None:
        """List a host or URL under categories (which an exception does not need)."""
        number = self._set_numbers.setdefault(categories, len(self._set_numbers))
        kind = (_EXCEPTION if entry.is_exception else _LISTED) | (_COVERS_CUSTOMERS if entry.covers_customers else 0)
        host, path = entry.host, entry.path
        if path in ("", "/"):
            self._append(expression_key(host), number, kind)
        else:
            self._append(expression_key(host), 0, _HAS_PATHS)
            path = canonical_path(path)
            self._append(expression_key(host + path), number, kind)
            read = path.rstrip(_SENTENCE_ENDS)  # what is left of it when it ends a sentence
            if read != path and len(read) > 1:
                self._append(expression_key(host + read), number, kind)

    def _append(self, key: int, number: int, flags: int) -> None:
        self._keys.append(key)
        self._sets.append(number)
        self._flags.append(flags)

    def to_bytes(self, name: str, source: str = "", imported_at: str = "") -> bytes:
        """The file. Of several entries for one host or URL the flags add up and the first one's categories count."""
        keys = np.array(self._keys, np.uint64)
        sets, flags = np.array(self._sets, np.uint16), np.array(self._flags, np.uint8)
        order = np.lexsort(((flags & _LISTED) == 0, keys))
        keys, sets, flags = keys[order], sets[order], flags[order]
        keys, first = np.unique(keys, return_index=True)
        flags = np.bitwise_or.reduceat(flags, first) if len(first) else flags
        sets = sets[first]
        header: dict[str, Any] = {
            "name": name,
            "source": source,
            "imported_at": imported_at,
            "count": len(keys),
            "entries": int(np.count_nonzero(flags & _LISTED)),
            "exceptions": int(np.count_nonzero(flags & _EXCEPTION)),
            "category_sets": list(self._set_numbers),
        }
        head = json.dumps(header).encode()
        start = len(MAGIC) + 4 + len(head)
        pieces = (MAGIC, len(head).to_bytes(4, "little"), head, bytes(-start % 8))
        return b"".join((*pieces, keys.astype("<u8").tobytes(), sets.astype("<u2").tobytes(), flags.tobytes()))


def _read_header(content: memoryview) -> tuple[IndexHeader, int, int]:
    """The header, the number of entries and where they start."""
    if bytes(content[: len(MAGIC)]) != MAGIC:
        raise ConfigurationError("the file is no host index")
    head_start = len(MAGIC) + 4
    head_end = head_start + int.from_bytes(content[len(MAGIC) : head_start], "little")
    try:
        head = json.loads(bytes(content[head_start:head_end]))
        sets = tuple(tuple(map(str, names)) for names in head["category_sets"])
        header = IndexHeader(
            str(head["name"]), str(head["source"]), str(head["imported_at"]), int(head["entries"]), int(head["exceptions"]), sets
        )
        return header, int(head["count"]), head_end + -head_end % 8
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError("the header of the host index is damaged") from None


def _buckets(keys: memoryview, count: int) -> tuple[Sequence[int], int]:
    """Where the keys with each value of their first bits begin, and how far to shift a key to get at those bits."""
    bits = max(1, (count // _BUCKET_SIZE).bit_length())
    shift = 8 * _KEY_BYTES - bits
    first = np.arange(1 << bits, dtype=np.uint64) << np.uint64(shift)
    starts = np.searchsorted(np.frombuffer(keys, "<u8"), first)
    return array("I", [*starts.tolist(), count]), shift


def _numbers(content: memoryview, code: str) -> Sequence[int]:
    if sys.byteorder == "little":
        return content.cast(code)  # type: ignore[call-overload, no-any-return]
    numbers = array(code, bytes(content))
    numbers.byteswap()
    return numbers

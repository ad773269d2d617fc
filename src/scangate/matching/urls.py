"""Finds the URLs of a text: with a scheme, defanged, bare hosts; brackets, Markdown, HTML and JSON escapes around them.

What is a URL is decided conservatively for bare names (`file.py` and `user.name` are none, though they are handed out as weak
candidates for a look-up); where a URL ends is decided as a reader would. Linear in the text: one pass of byte translation and
splitting, then work bounded by the limits for the candidates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from scangate.matching.public_suffixes import PublicSuffixes, from_punycode
from scangate.matching.url_authority import Authority, AuthorityReader
from scangate.matching.url_defang import Refanger, is_defanged
from scangate.matching.url_hosts import Host, HostKind
from scangate.matching.url_tokens import Token, TokenizedText

URL_MAX: Final = 2048
WEAK_PER_URL: Final = 10
_NAMES_PER_URL: Final = 50
_NESTED_PER_URL: Final = 10
_REFUSED_PER_URL: Final = 20

_LIST_BREAKS: Final = b",;()[]!*$"
_TO_PIECES: Final = bytes.maketrans(_LIST_BREAKS, b" " * len(_LIST_BREAKS))
_TO_PATH: Final = bytes.maketrans(b"?#", b"//")
_HOST_BYTES: Final = b"abcdefghijklmnopqrstuvwxyz0123456789-_."
_EDGE: Final = b".,;:!?()[]*_~&=+-/#@$%"
_PATH_TAIL: Final = b".,;:!?*~&'"
_SCHEMES: Final = (b"https", b"http", b"ftps", b"sftp", b"ftp", b"wss", b"ws", b"tcp")
_SHORT_SCHEMES: Final = frozenset({b"ftp", b"ws", b"tcp"})
_URL_SEPARATORS: Final = b",;|)]>"

_FAMILIAR_TLDS: Final = frozenset(
    b"com org net edu gov mil biz ac ae ar au be bg br by ca ch ci cl cn co cz de dk ee es eu fi fr gr hk hr hu ie il ir jp ke kr"
    b" kz lt lu lv ma mx ng nl nz pe ph pk pt ro ru sa se sg si sk th tr tw ua ug uk us uy uz ve vn za".split()
)
"""Top-level domains that are neither file extensions nor English words nor names of methods: under them a bare name is a host."""
_FILE_TLDS: Final = frozenset(b"py rs sh md pl ps so cc zip mov app java cs ai ml tf st pm mm bat do".split())
"""Top-level domains that are file extensions: `main.rs:12` is a line of a file, not a port."""


class UrlForm(StrEnum):
    SCHEME = "scheme"
    BARE = "bare"
    """A host without a scheme, but with `www.`, a path, a port or a familiar top-level domain."""
    WEAK = "weak"
    """A dotted name under some top-level domain: as likely code, a file or two sentences; worth a look-up, no more."""


@dataclass(frozen=True, slots=True)
class UrlMatch:
    """A URL at `[start, end)` code points. `path` starts with `/` or `?` (or is "") and has no fragment; `userinfo` precedes `@`.

    `defanged`: its author kept it from being clicked by accident (`hxxp`, `[.]`).
    """

    start: int
    end: int
    form: UrlForm
    host: Host
    scheme: str = ""
    userinfo: str = ""
    port: int | None = None
    path: str = ""
    defanged: bool = False

    @property
    def url(self) -> str:
        """As one would open it; at most URL_MAX characters."""
        host = f"[{self.host.text}]" if self.host.kind is HostKind.IPV6 else self.host.unicode or self.host.text
        authority = (f"{self.userinfo}@" if self.userinfo else "") + host + (f":{self.port}" if self.port is not None else "")
        return ((f"{self.scheme}://" if self.scheme else "") + authority + self.path)[:URL_MAX]


@dataclass(frozen=True, slots=True)
class UrlScan:
    """Distinct URLs and weak candidates, in text order; `beyond_limit` counts the candidates that were not examined."""

    urls: tuple[UrlMatch, ...] = ()
    weak: tuple[UrlMatch, ...] = ()
    beyond_limit: int = 0


class UrlExtractor:
    """Immutable; safe to share between threads."""

    def __init__(self, suffixes: PublicSuffixes) -> None:
        self._refanger = Refanger()
        self._authorities = AuthorityReader(
            frozenset(form.encode() for name in suffixes.tlds for form in (name, from_punycode(name)))
        )

    def extract(self, text: str, limit: int = 100, checkpoint: Callable[[], None] = lambda: None) -> UrlScan:
        """The first `limit` distinct URLs of the text and at most WEAK_PER_URL times as many weak candidates.

        `checkpoint` is called at intervals of a few milliseconds.
        """
        return _Run(self._authorities, TokenizedText(text, self._refanger), limit, checkpoint).scan()


class _Run:
    """One pass over one text: explicit URLs first, so that dotted names of code cannot use up what is examined."""

    def __init__(self, authorities: AuthorityReader, text: TokenizedText, limit: int, checkpoint: Callable[[], None]) -> None:
        self._authorities = authorities
        self._text = text
        self._limit = limit
        self._checkpoint = checkpoint
        self._seen: set[bytes] = set()
        self._known: set[tuple[str, int | None, str]] = set()
        self._matches: list[UrlMatch] = []
        self._weak: list[UrlMatch] = []
        self._beyond_limit = 0
        self._refused = 0
        self._pieces: set[bytes] = set()

    def scan(self) -> UrlScan:
        for start, prepared in self._text.tokens_with(b"://"):
            if prepared in self._seen:
                continue
            self._seen.add(prepared)
            if len(self._matches) >= self._limit or self._refused >= self._limit * _REFUSED_PER_URL:
                self._beyond_limit += 1
            else:
                self._checkpoint()
                self._read_explicit(self._text.token(start, prepared))
        most_names = len(self._seen) + self._limit * _NAMES_PER_URL
        for start, prepared in self._text.tokens_with(b"."):
            if prepared in self._seen or not self._may_be_bare(prepared):
                continue
            if len(self._seen) >= most_names:
                self._beyond_limit += self._text.count(b".", start)
                break
            self._seen.add(prepared)
            self._checkpoint()
            token = self._text.token(start, prepared)
            self._read_pieces(token, 0, len(token.low))
        return self._result()

    def _may_be_bare(self, prepared: bytes) -> bool:
        core = prepared.strip(_EDGE)
        if b"." not in core:
            return False
        if not core.translate(None, _HOST_BYTES):
            tld = core.rpartition(b".")[2]
            return tld in self._authorities.tlds or tld.isdigit()
        return True

    def _read_explicit(self, token: Token) -> None:
        """A token with `://` in it, maybe several times."""
        low = token.low
        index, scheme = _next_scheme(low, 0)
        done = 0
        for _ in range(self._limit * _NESTED_PER_URL):
            if index < 0:
                break
            following, next_scheme = _next_scheme(low, index + 3)
            begin = index - len(scheme)
            if begin > done:
                self._read_pieces(token, done, begin)
            done = max(done, self._read_url(token, begin, scheme, following - len(next_scheme) if following >= 0 else -1))
            index, scheme = following, next_scheme
        else:
            self._beyond_limit += low.count(b"://", index)
            return
        if done < len(low):
            self._read_pieces(token, done, len(low))

    def _read_url(self, token: Token, begin: int, scheme: bytes, following: int) -> int:
        """One URL with a scheme; returns where reading goes on. `following` is where the token's next one starts, or -1."""
        low = token.low
        after = begin + len(scheme) + 3
        stop = following if following > after and low[following - 1] in _URL_SEPARATORS else len(low)
        stop = min(stop, begin + URL_MAX)
        if len(self._matches) >= self._limit:
            self._beyond_limit += 1
            return stop
        rest = low[after:stop]
        slashes = len(rest) - len(rest.lstrip(b"/"))
        authority = rest[slashes:].translate(_TO_PATH).partition(b"/")[0]
        read = self._authorities.read(authority)
        if read is None:
            self._refused += 1
            return after
        return self._add(token, _Place(begin, after + slashes, stop, len(authority)), UrlForm.SCHEME, scheme, read)

    def _read_pieces(self, token: Token, begin: int, end: int) -> None:
        """Bare hosts, in what is left of a token once the URLs with a scheme are taken out."""
        segment = b" " + token.low[begin:end].translate(_TO_PIECES) + b" "
        position = 0
        for piece in dict.fromkeys(segment.split()):
            if b"." not in piece or piece in self._pieces or not self._may_be_bare(piece):
                continue
            if len(self._pieces) >= self._limit * _NAMES_PER_URL:
                self._beyond_limit += 1
                break
            self._pieces.add(piece)
            core = piece.strip(_EDGE)
            if piece[piece.index(core) + len(core) :].startswith(b"/") and b"/" in core:
                core += b"/"
            position = segment.find(b" " + piece + b" ", position)
            self._read_bare(token, begin + position + piece.index(core), core)

    def _read_bare(self, token: Token, begin: int, piece: bytes) -> None:
        head = piece[:URL_MAX].translate(_TO_PATH).partition(b"/")[0]
        skip = max(head.rfind(b"="), head.rfind(b"&")) + 1
        if b"." not in head[skip:].partition(b":")[0]:
            skip = head.find(b":", skip) + 1
        head = head[skip:]
        read = self._authorities.read_bare(head)
        if read is None:
            return
        begin += skip + read.skipped
        place = _Place(begin, begin, min(begin - read.skipped + len(piece) - skip, begin + URL_MAX), len(head) - read.skipped)
        path = token.low[begin + read.length : place.stop] if read.length == place.authority else b""
        form = _bare_form(read, path, token.written[begin : begin + read.host_end].rpartition(b".")[2])
        if form is UrlForm.WEAK:
            place = _Place(begin, begin, begin + read.length, place.authority)
        self._add(token, place, form, b"", read)

    def _add(self, token: Token, place: _Place, form: UrlForm, scheme: bytes, read: Authority) -> int:
        """Note a match unless it is known; returns its end."""
        authority_end = end = place.after + read.length
        path = ""
        if read.length == place.authority and end < place.stop:
            end += _path_end(token.low[end : place.stop])
            path = token.written[authority_end:end].decode("utf-8", "replace").partition("#")[0]
        key = (read.host.text, read.port, path)
        if key in self._known:
            return end
        self._known.add(key)
        matches, most = (self._weak, self._limit * WEAK_PER_URL) if form is UrlForm.WEAK else (self._matches, self._limit)
        if len(matches) >= most:
            self._beyond_limit += 1
            return end
        start = token.offset(place.begin)
        written = self._text.lowered(start, token.end_offset(authority_end))
        defanged = written != token.low[place.begin : authority_end] and is_defanged(written)
        userinfo = token.written[place.after : place.after + read.userinfo_length].decode("utf-8", "replace")
        matches.append(
            UrlMatch(start, token.end_offset(end), form, read.host, scheme.decode("ascii"), userinfo, read.port, path, defanged)
        )
        return end

    def _result(self) -> UrlScan:
        return UrlScan(self._in_text_order(self._matches), self._in_text_order(self._weak), self._beyond_limit)

    def _in_text_order(self, matches: list[UrlMatch]) -> tuple[UrlMatch, ...]:
        if len(matches) > 1:
            matches.sort(key=lambda match: (match.start, match.end))
        if self._text.is_ascii or not matches:
            return tuple(matches)
        points = self._text.code_points({offset for match in matches for offset in (match.start, match.end)})
        return tuple(replace(match, start=points[match.start], end=points[match.end]) for match in matches)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a URL stands in its token: scheme at `begin`, authority of `authority` bytes at `after`, at most up to `stop`."""

    begin: int
    after: int
    stop: int
    authority: int


def _next_scheme(low: bytes, position: int) -> tuple[int, bytes]:
    """The next `://` that a known scheme precedes, and the scheme; (-1, b"") when there is none."""
    index = low.find(b"://", position)
    while index >= 0:
        if scheme := _scheme_before(low, index):
            return index, scheme
        index = low.find(b"://", index + 3)
    return -1, b""


def _scheme_before(low: bytes, index: int) -> bytes:
    """The scheme that ends at `index`; b"" for none that is known. `xhttp` counts as `http`, `news` not as `ws`."""
    for scheme in _SCHEMES:
        if low.endswith(scheme, 0, index):
            before = low[index - len(scheme) - 1 : index - len(scheme)]
            return b"" if scheme in _SHORT_SCHEMES and before.isalnum() else scheme
    return b""


def _path_end(path: bytes) -> int:
    """Without the bracket that was opened before the URL, and without the sentence's punctuation."""
    if b")" in path or b"]" in path:
        path = path[: _unbalanced(path)]
    return len(path.rstrip(_PATH_TAIL))


def _unbalanced(path: bytes) -> int:
    depth = {b")"[0]: 0, b"]"[0]: 0}
    opens = {b"("[0]: b")"[0], b"["[0]: b"]"[0]}
    for index, byte in enumerate(path):
        if byte in opens:
            depth[opens[byte]] += 1
        elif byte in depth:
            if not depth[byte]:
                return index
            depth[byte] -= 1
    return len(path)


def _bare_form(read: Authority, path: bytes, last_label: bytes) -> UrlForm:
    has_path = len(path) > 1 and path[:1] in b"/?"
    if read.host.kind is not HostKind.NAME:
        is_network = path[1:].isdigit()  # 10.0.0.0/8
        return UrlForm.BARE if read.port is not None or (has_path and not is_network) else UrlForm.WEAK
    tld = last_label.lower()
    if has_path or read.host.text.startswith("www.") or (read.port is not None and tld not in _FILE_TLDS):
        return UrlForm.BARE
    is_sentence = last_label[:1].isupper() and not last_label.isupper()
    return UrlForm.BARE if tld in _FAMILIAR_TLDS and not is_sentence else UrlForm.WEAK

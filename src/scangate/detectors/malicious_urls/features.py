"""What the model of unlisted URLs reads: hashed character n-grams of host and path, and signs that have names of their own.

Training and scanning run this same code. Every number belongs to a `Reason`, so that a verdict can say what spoke for it. The
scheme, a `www.` in front and the values of the query are not read: they say more about a list than about the site.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import log2, sqrt
from typing import Final

import numpy as np
import re2
from numpy.typing import NDArray

from scangate.detectors.malicious_urls.findings import UrlRule
from scangate.detectors.malicious_urls.services import Services
from scangate.matching.public_suffixes import HostParts
from scangate.matching.urls import UrlMatch

FEATURES_VERSION: Final = 1
"""Models of another version are refused."""
BITS: Final = 20
_HOST_MAX: Final = 90
_PATH_MAX: Final = 160
_QUERY_MAX: Final = 512
_KEYS_MAX: Final = 12
_SEGMENTS_MAX: Final = 12
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_BASE_NUMBER: Final = int(_BASE)
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)
_SHIFT: Final = np.uint64(64 - BITS)
_LENGTH_PRIOR: Final = 8.0
_DIGITS_AS_ZERO: Final = bytes.maketrans(b"123456789", b"000000000")
_NO_VOWELS: Final = str.maketrans("", "", "aeiouy")
_NO_DIGITS: Final = str.maketrans("", "", "0123456789")
_CLASSES: Final = str.maketrans("bcdefghijklmnopqrstuvwxyz123456789", "a" * 25 + "0" * 9)
_HEX: Final = frozenset("0123456789abcdef")
_PROGRAMS: Final = frozenset(
    "apk app arm arm5 arm6 arm7 bat bin cmd com cpl dll dmg elf exe hta img iso jar js jse lnk mips mpsl msi pkg ppc ps1 scr sh spc vbe vbs wsf x86"  # noqa: SIM905
    " x86_64".split()
)
_ARCHIVES: Final = frozenset("7z gz rar tar tgz zip".split())  # noqa: SIM905
_WEB_SCRIPTS: Final = frozenset("asp aspx cgi jsp php php3 php5 php7 phtml".split())  # noqa: SIM905
_SITE_INTERNALS: Final = (
    "wp-includes",
    "wp-content",
    "wp-admin",
    "administrator",
    "cgi-bin",
    ".well-known",
    "/images/",
    "/css/",
    "/js/",
)
_INSIDE_MIN: Final = 5
_LONG_TOKEN: Final = 16
_TOKEN_MAX: Final = 64
_PARENTS: Final = 5
_DIGITS: Final = "0123456789"
_SALTS: Final = {(salt, order): np.uint64(order * 0x1234567 + salt * 0x2545F491) for salt in range(6) for order in range(6)}
_USUAL_PORTS: Final = frozenset((None, 80, 443))
_OFTEN_USED_PORTS: Final = frozenset((3000, 5000, 8000, 8080, 8443, 8888, 9000))

Cells = NDArray[np.int64]
Floats = NDArray[np.float64]
_NO_CELLS: Final[Cells] = np.zeros(0, np.int64)


class Reason(StrEnum):
    """What speaks for a verdict, by the part of the URL that says so."""

    NAME = "unusual-name"
    SUBDOMAIN = "unusual-subdomain"
    ENDING = "abused-domain-ending"
    PATH = "unusual-path"
    LURE = "lure-words"
    RANDOM = "random-looking-name"
    LONG = "long-or-hyphenated-host"
    BRAND = "brand-name"
    """A brand's name, or one like it, in a host that is not the brand's."""
    ADDRESS = "bare-address"
    PORT = "unusual-port"
    PROGRAM = "program-or-script"
    PLATFORM = "open-platform"
    DYNAMIC_DNS = "dynamic-dns"
    SHORTENER = "url-shortener"
    QUERY = "unusual-query"


_SIGNS: Final = (
    ("owner-length", Reason.LONG),
    ("labels", Reason.LONG),
    ("hyphens", Reason.LONG),
    ("subdomain-length", Reason.LONG),
    ("digit-share", Reason.RANDOM),
    ("digits-inside", Reason.RANDOM),
    ("entropy", Reason.RANDOM),
    ("consonants", Reason.RANDOM),
    ("hex-label", Reason.RANDOM),
    ("subdomain-digits", Reason.RANDOM),
    ("short-name", Reason.NAME),
    ("lures-in-name", Reason.LURE),
    ("lures-in-subdomain", Reason.LURE),
    ("lures-in-path", Reason.LURE),
    ("brand-named", Reason.BRAND),
    ("brand-misspelt", Reason.BRAND),
    ("open-platform", Reason.PLATFORM),
    ("private-suffix", Reason.PLATFORM),
    ("dynamic-dns", Reason.DYNAMIC_DNS),
    ("shortener", Reason.SHORTENER),
    ("address", Reason.ADDRESS),
    ("port", Reason.PORT),
    ("high-port", Reason.PORT),
    ("program", Reason.PROGRAM),
    ("archive", Reason.PROGRAM),
    ("web-script", Reason.PROGRAM),
    ("site-internals", Reason.PROGRAM),
    ("has-path", Reason.PATH),
    ("path-depth", Reason.PATH),
    ("path-length", Reason.PATH),
    ("long-token-in-path", Reason.PATH),
    ("long-hex-in-path", Reason.PATH),
    ("domain-in-path", Reason.PATH),
    ("has-query", Reason.QUERY),
    ("query-length", Reason.QUERY),
)
SIGN_NAMES: Final = tuple(name for name, _ in _SIGNS)
SIGN_REASONS: Final = tuple(reason for _, reason in _SIGNS)
PARTS: Final = (Reason.NAME, Reason.ENDING, Reason.PATH, Reason.QUERY)
"""The parts of a URL that n-grams are made of, in the order of `Features.parts`."""
_BRAND_RULES: Final = frozenset(
    (UrlRule.BRAND_BAIT, UrlRule.BRAND_IN_SUBDOMAIN, UrlRule.IDN_HOMOGLYPH, UrlRule.BRAND_BELOW_ADDRESS)
)


@dataclass(frozen=True, slots=True)
class Features:
    """`parts`: for each of PARTS the cells of its n-grams (with repetitions) and the factor that normalises their sum.

    `signs` aligns with SIGN_NAMES, values about in [0, 1].
    """

    parts: tuple[tuple[Cells, float], ...]
    signs: tuple[float, ...]


class FeatureReader:
    """Immutable; safe to share between threads."""

    def __init__(self, services: Services, lures: frozenset[str]) -> None:
        """`lures`: words of log-in, payment, parcel and prize pages; those of five letters and more count inside of words too."""
        options = re2.Options()
        options.log_errors = False
        self._services = services
        inside = "|".join(sorted((lure for lure in lures if len(lure) >= _INSIDE_MIN), reverse=True))
        short = "|".join(sorted(lure for lure in lures if len(lure) < _INSIDE_MIN))
        self._lure = re2.compile(f"{inside}|\\b(?:{short})\\b", options)

    def read(self, match: UrlMatch, parts: HostParts | None, rule: UrlRule | None = None) -> Features:
        """`parts` of the host; None for an IP address. `rule`: the strongest sign that the form of the URL gave, if any."""
        path, _, query = match.path.partition("?")
        path, query = path[:_PATH_MAX].rstrip("/").lower(), query[:_QUERY_MAX].lower()
        labels = () if parts is None else parts.labels[: len(parts.labels) - parts.suffix_labels]
        if labels[:1] == ("www",) and len(labels) > 1:
            labels = labels[1:]
        suffix = parts.suffix if parts is not None else ""
        keys = [pair.partition("=")[0] for pair in query.split("&")[:_KEYS_MAX]] if query else []
        ngrams = (
            _ngrams(f"^{'.'.join(labels)[-_HOST_MAX:]}$" if labels else "", (2, 3, 4, 5), 1),
            _tokens(_endings(labels, suffix, bool(path)) if suffix else ("address",), 3),
            _ngrams(f"{path}$" if path else "", (3, 4, 5), 4),
            _tokens(keys, 5),
        )
        host = self._host_signs(labels, parts)
        brand = (float(rule in _BRAND_RULES), float(rule is UrlRule.BRAND_LOOKALIKE))
        signs = (*host[0], float(len(self._lure.findall(path)) > 0), *brand, *host[1], *_place_signs(match, parts))
        return Features(ngrams, (*signs, *_path_signs(path, query)))

    def _host_signs(self, labels: tuple[str, ...], parts: HostParts | None) -> tuple[tuple[float, ...], tuple[float, ...]]:
        owner = labels[-1] if labels else ""
        subdomain = ".".join(labels[:-1])
        letters = owner.translate(_NO_DIGITS)
        inner = owner.strip(_DIGITS)
        names = (
            min(len(owner) / 30, 1.5),
            min(len(labels) / 5, 1.5),
            min((owner.count("-") + subdomain.count("-")) / 4, 1.5),
            min(len(subdomain) / 40, 1.5),
            (len(owner) - len(letters)) / len(owner) if owner else 0.0,
            float(inner.translate(_NO_DIGITS) != inner),
            _entropy(owner) / 4 if len(owner) > 7 else 0.5,
            len(letters.translate(_NO_VOWELS)) / len(letters) if len(letters) > 4 else 0.6,
            float(any(len(label) >= 8 and _HEX.issuperset(label) for label in labels)),
            1.0 - len(subdomain.translate(_NO_DIGITS)) / len(subdomain) if subdomain else 0.0,
            float(0 < len(owner) <= 4),
            min(len(self._lure.findall(owner)) / 3, 1.0),
            min(len(self._lure.findall(subdomain)) / 3, 1.0) if subdomain else 0.0,
        )
        if parts is None:
            return names, (0.0, 0.0, 0.0, 0.0)
        services, all_labels = self._services, parts.labels
        parents = {".".join(all_labels[start:]) for start in range(max(0, len(all_labels) - _PARENTS), len(all_labels) - 1)}
        kinds = (
            float(not parents.isdisjoint(services.open_platforms)),
            float(parts.private),
            float(not parents.isdisjoint(services.dynamic_dns)),
            float(not parents.isdisjoint(services.shorteners)),
        )
        return names, kinds


def _endings(labels: tuple[str, ...], suffix: str, has_path: bool) -> tuple[str, ...]:
    """The public suffix alone and together with the shape of the name in front: what is usual differs from ending to ending."""
    owner = labels[-1] if labels else ""
    shape = _shape(".".join(labels))
    size = min(len(owner), 31) // 3
    letters = owner.translate(_NO_DIGITS)
    vowels = len(letters) - len(letters.translate(_NO_VOWELS))
    tld = suffix.rpartition(".")[2]
    return (
        suffix,
        f".{tld}",
        f"{shape}.",
        f"{shape}.{suffix}",
        f"{size}.{suffix}",
        f"{size}{shape}.",
        f"{len(labels)}.{suffix}",
        f"{has_path}{len(labels)}.{suffix}",
        f"{size}v{min(vowels, 9)}.{tld}",
    )


def _shape(name: str) -> str:
    """Runs of letters as `a`, of digits as `0`: `login-42.mail` is `a-0.a`."""
    shape = name.translate(_CLASSES)
    for _ in range(6):
        shape = shape.replace("aaa", "a").replace("aa", "a").replace("000", "0").replace("00", "0")
    return shape[:24]


def _place_signs(match: UrlMatch, parts: HostParts | None) -> tuple[float, ...]:
    port = match.port if match.port not in _USUAL_PORTS else None
    return (
        float(parts is None),
        float(port is not None),
        float(port is not None and port > 1023 and port not in _OFTEN_USED_PORTS),
    )


def _path_signs(path: str, query: str) -> tuple[float, ...]:
    if not path and not query:
        return (0.0,) * 12
    segments = path.split("/")[1 : _SEGMENTS_MAX + 1]
    last = segments[-1] if segments else ""
    extension = last.rpartition(".")[2] if "." in last else ""
    long = [token for segment in segments if len(token := segment.rpartition(".")[0] or segment) >= _LONG_TOKEN]
    return (
        float(extension in _PROGRAMS),
        float(extension in _ARCHIVES),
        float(extension in _WEB_SCRIPTS),
        float(any(internal in path for internal in _SITE_INTERNALS)),
        float(bool(path)),
        min(len(segments) / 6, 1.5),
        min(len(path) / 80, 1.5),
        float(any(token.isalnum() and not token.isdigit() and not token.isalpha() for token in long)),
        float(any(_HEX.issuperset(token) for token in long)),
        float(any(segment.count(".") > 1 or segment.startswith("www.") for segment in segments)),
        float(bool(query)),
        min(len(query) / 150, 1.5),
    )


def _ngrams(text: str, orders: tuple[int, ...], salt: int) -> tuple[Cells, float]:
    if not text:
        return _NO_CELLS, 1.0
    data = text.encode("utf-8", "replace").translate(_DIGITS_AS_ZERO)
    codes = np.frombuffer(data, np.uint8).astype(np.uint64)
    hashes, found = codes, []
    for order in range(2, orders[-1] + 1):
        if len(hashes) < 2:
            break
        hashes = hashes[:-1] * _BASE + codes[order - 1 :]
        if order in orders:
            found.append(hashes ^ _SALTS[salt, order])
    return _cells(np.concatenate(found) if found else codes[:0]), 1.0 / sqrt(len(data) + _LENGTH_PRIOR)


def _tokens(tokens: Sequence[str], salt: int) -> tuple[Cells, float]:
    """Whole words, hashed as one n-gram each."""
    if not tokens:
        return _NO_CELLS, 1.0
    return _cells(np.array([_token_hash(token, salt) for token in tokens], np.uint64)), 1.0 / sqrt(len(tokens))


@lru_cache(maxsize=8192)
def _token_hash(token: str, salt: int) -> int:
    """Endings and names of parameters recur."""
    code = salt
    for byte in token.encode("utf-8", "replace")[:_TOKEN_MAX]:
        code = (code * _BASE_NUMBER + byte) & 0xFFFFFFFFFFFFFFFF
    return code ^ int(_SALTS[salt, 0])


def _cells(hashes: NDArray[np.uint64]) -> Cells:
    cells: Cells = ((hashes * _MIX) >> _SHIFT).view(np.int64)
    return cells


def _entropy(text: str) -> float:
    """Bits a character."""
    size = len(text)
    return -sum(count / size * log2(count / size) for count in Counter(text).values())

"""Labelled URLs from the pools, one group per registered domain (private section of the public suffix list).

Benign hosts of popularity lists, universities, banks and category lists; malicious ones of phishing, malware and command-and-control
lists. Bare addresses without a path are left out: nothing in them tells one kind from the other.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scangate.detectors.malicious_urls.feed_lines import FeedLine, LineRefusedError, parse_entry
from scangate.matching.public_suffixes import HostParts, PublicSuffixes
from scangate.matching.url_hosts import parse_host
from scangate.matching.urls import UrlExtractor, UrlForm, UrlMatch
from training.urls.paths import ordinary_path

FOLDS = 4
FOREIGN_PATHS = 0.2
TEXTS = (
    "injection/train",
    "injection/train2",
    "grounding/pubmedqa_constructed",
    "grounding/jsquad_ja_constructed",
    "toxic/toldbr_pt",
    "toxic/do_not_answer_responses_benign",
)
"""Pools whose texts may be trained on and hold URLs."""
SHORT_NAMES = frozenset({"t.co"})
_TEXT_MAX = 200_000
_URLS_MAX = 500
POPULAR = frozenset({"tranco10k", "cisco_top20k", "cloudflare-top100k", "majestic_million"})
MALICIOUS_CATEGORIES = frozenset({"phishing", "malware", "command-and-control", "ransomware"})
DOUBTFUL_CATEGORIES = frozenset(
    """grayware scanning-activity hacking proxy-avoidance-and-anonymizers dynamic-dns parked questionable abused-drugs cryptocurrency
    extremism copyright-infringement encrypted-dns""".split()  # noqa: SIM905
)
"""Neither kind: left out."""
BENIGN_LISTS = {
    "misp_tranco10k": "tranco10k",
    "misp_cisco_top20k": "cisco_top20k",
    "misp_university_domains": "university_domains",
    "misp_bank-website": "bank-website",
}
MALICIOUS_LISTS = {"phishingdb_domains_active2": "phishing-domains", "urlhaus_filter_2025-07": "urlhaus"}


@dataclass(frozen=True, slots=True)
class Row:
    """One URL. `weight` falls with the number of rows of its domain; `composed`: the path was made up."""

    malicious: bool
    source: str
    match: UrlMatch
    parts: HostParts | None
    domain: str
    weight: float = 1.0
    composed: bool = False

    @property
    def fold(self) -> int:
        return zlib.crc32(self.domain.encode()) % FOLDS

    @property
    def popular(self) -> bool:
        return self.source in POPULAR and not self.composed


def load(pools: Path, suffixes: PublicSuffixes) -> list[Row]:
    """Every distinct URL; benign hosts once more with an ordinary path each, and every fourth malicious host."""
    listed: dict[tuple[str, int | None, str], Row] = {}
    for malicious, source, url in _listed(pools / "url"):
        row = _row(malicious, source, url, suffixes)
        if row is not None:
            listed.setdefault(_key(row), row)
    composed = list(_with_paths(list(listed.values())))
    for row in _in_texts(pools, suffixes):
        listed.setdefault(_key(row), row)
    rows = [*listed.values(), *composed]
    sizes = Counter(row.domain for row in rows)
    return [replace(row, weight=min(sizes[row.domain], 100) ** -0.5) for row in rows]


def _key(row: Row) -> tuple[str, int | None, str]:
    return row.match.host.text, row.match.port, row.match.path.rstrip("/")


def _with_paths(rows: list[Row]) -> Iterator[Row]:
    """A fifth of the benign hosts get the path of some malicious URL, so that no path convicts a site by itself."""
    rng = random.Random(5)
    foreign = [row.match.path for row in rows if row.malicious and row.parts is not None and len(row.match.path) > 1]
    for row in rows:
        if row.match.path.strip("/") or row.parts is None or (row.malicious and rng.random() > 0.25):
            continue
        path = rng.choice(foreign) if not row.malicious and rng.random() < FOREIGN_PATHS else ordinary_path(rng)
        yield replace(row, match=replace(row.match, path=path), composed=True)


def _in_texts(pools: Path, suffixes: PublicSuffixes) -> Iterator[Row]:
    """URLs that stand in the benign texts of the pools."""
    extractor = UrlExtractor(suffixes)
    for name in TEXTS:
        for row in _json_lines(pools / f"{name}.jsonl.gz"):
            if row.get("label") == "injection":
                continue
            for text in row.values():
                if isinstance(text, str) and "://" in text:
                    for match in extractor.extract(text[:_TEXT_MAX], _URLS_MAX).urls:
                        if match.form is UrlForm.SCHEME and not match.host.is_ip and not match.host.is_private:
                            parts = suffixes.split(match.host.text)
                            if parts.listed and parts.domain and parts.domain not in SHORT_NAMES:
                                yield Row(False, "texts", match, parts, parts.domain)


def _listed(folder: Path) -> Iterator[tuple[bool, str, str]]:
    for row in _json_lines(folder / "malicious_urls.jsonl.gz"):
        trail = "maltrail" in row["source"]
        yield True, "maltrail" if trail else row["source"].rpartition(":")[2].replace("gh-pages", "urlhaus"), row["url"]
    for row in _json_lines(folder / "benign_urls.jsonl.gz"):
        yield False, row["category"], row["url"]
    for lists, malicious in ((MALICIOUS_LISTS, True), (BENIGN_LISTS, False)):
        for name, source in lists.items():
            for line in (folder / "lists" / f"{name}.txt").read_text("utf-8", "replace").splitlines():
                if line.strip() and not line.startswith(("#", "!")):
                    yield malicious, source, line.strip()
    for row in _json_lines(folder / "category_hosts.jsonl.gz"):
        category = row["panw_category"]
        if category in MALICIOUS_CATEGORIES:
            yield True, f"category:{category}", row["host_or_url"]
        elif category not in DOUBTFUL_CATEGORIES and "(" not in category:
            yield False, "category", row["host_or_url"]


def _json_lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines.read().split("\n") if line.strip()]


def _row(malicious: bool, source: str, url: str, suffixes: PublicSuffixes) -> Row | None:
    try:
        entry = parse_entry(FeedLine(url.removeprefix("*.").removeprefix(".")), suffixes)
    except LineRefusedError:
        return None
    name, _, port = entry.host.rpartition(":") if entry.host.count(":") == 1 else (entry.host, "", "")
    host = parse_host(f"[{name}]" if ":" in name else name)
    if host is None or (host.is_ip and not host.is_routable):
        return None
    parts = None if host.is_ip else suffixes.split(host.text)
    domain = host.text if parts is None else parts.domain or host.text
    match = UrlMatch(0, 0, UrlForm.SCHEME, host, port=int(port) if port else None, path=entry.path)
    return Row(malicious, source, match, parts, domain)

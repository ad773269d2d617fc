"""Measures the detector on folders of labelled URLs and texts: `python measure.py POOLS`. The pools are not part of the repository.

Every URL is scanned inside a sentence. Feeds are 70 % of the malicious registered domains, imported with the feed code. Seeded.
The model for unlisted URLs was trained on these pools: what it finds of unlisted ones is told by `python -m training.urls`, not here.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.malicious_urls import SPEC
from scangate.detectors.malicious_urls.brands import load_brands
from scangate.detectors.malicious_urls.categories import malicious_categories
from scangate.detectors.malicious_urls.feeds import FeedSource, build_feed, decode_feed
from scangate.detectors.malicious_urls.findings import UrlFinding
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.matching.host_index import HostEntry, HostIndex, HostIndexBuilder, host_expressions
from scangate.matching.prepare import prepare
from scangate.matching.public_suffixes import load_public_suffixes
from scangate.matching.url_hosts import parse_host

OPTIONS = MaliciousUrlsOptions(action=Action.BLOCK, default=tuple(sorted(malicious_categories())))
SUFFIXES = load_public_suffixes()
ORDINARY = {
    "injection/train": 4000,
    "injection/train2": 4000,
    "written/injection": 3000,
    "topic/sib200_train": 2500,
    "toxic/davidson_tweets": 1500,
    "toxic/germeval2018_de_train": 1500,
    "grounding/jsquad_ja_constructed": 1500,
    "dlp/secrets_examples_gitleaks": 600,
    **{f"code/benign_{language}": 250 for language in ("javascript", "misc_system", "perl", "powershell", "python", "shell")},
}
TEXT_FIELDS = ("text", "tool_output", "code", "context", "example", "secret", "value")


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines.read().split("\n") if line.strip()]


def compiled(*feeds: bytes) -> CompiledDetector:
    directory = Path(tempfile.mkdtemp())
    (directory / "feeds").mkdir()
    for number, content in enumerate(feeds):
        (directory / "feeds" / f"{number}.idx").write_bytes(content)
    return SPEC.compile(OPTIONS, Resources(data_dir=directory))


def findings(detector: CompiledDetector, text: str) -> list[UrlFinding]:
    found = detector.detect(Subject(Part(Side.PROMPT, PartKind.TEXT, text), prepare(text)))
    return [finding for finding in found if isinstance(finding, UrlFinding)]


def registered(url: str) -> str:
    name = (url.partition("://")[2] or url).partition("/")[0].partition("?")[0].partition(":")[0]
    host = parse_host(name)
    return name if host is None or host.is_ip else SUFFIXES.split(host.text).domain or name


def feed(listed: Iterable[tuple[str, str]], default: str = "malware") -> bytes:
    buffer = io.StringIO()
    table = csv.writer(buffer)
    table.writerow(("url", "category"))
    table.writerows(listed)
    lines = decode_feed(buffer.getvalue().encode(), size_max=1 << 28)
    return build_feed(lines, FeedSource("pool", default), SUFFIXES, load_brands())[0]


def share(detector: CompiledDetector, urls: Iterable[str]) -> str:
    total, hits, rules = 0, 0, Counter[str]()
    for url in urls:
        flagged = [finding.rule for finding in findings(detector, f"Please have a look at {url} today.") if finding.flagged]
        total, hits = total + 1, hits + bool(flagged)
        rules.update(map(str, flagged[:1]))
    return f"{hits} of {total} ({hits / total:.2%}) {dict(rules)}"


def urls_of(pool: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without rows that name a path or a digest rather than a place."""
    return [row for row in pool if "." in row["url"] and not row["url"].startswith("/")]


def measure_urls(pools: Path) -> None:
    malicious, benign = (urls_of(rows(pools / f"url/{name}_urls.jsonl.gz")) for name in ("malicious", "benign"))
    alone = compiled()
    for category in ("phishing", "malware", "command-and-control"):
        say("no feed,", category, share(alone, (row["url"] for row in malicious if row["category"] == category)))
    hosts = [(row["url"].partition("://")[2] or row["url"]).partition("/")[0] for row in benign]
    say("no feed, benign", share(alone, (row["url"] for row in benign)))
    say("no feed, benign behind login.", share(alone, (f"https://login.{host}/account/verify?next=%2F" for host in hosts)))
    domains = sorted({registered(row["url"]) for row in malicious})
    chosen = set(random.Random(12).sample(domains, len(domains) * 7 // 10))
    listed = [row for row in malicious if registered(row["url"]) in chosen]
    rest = [row for row in malicious if registered(row["url"]) not in chosen]
    fed = compiled(feed((row["url"], row["category"]) for row in listed))
    say("with feed, listed", share(fed, (row["url"] for row in listed)))
    say("with feed, not listed", share(fed, (row["url"] for row in rest)))
    say("with feed, benign", share(fed, (row["url"] for row in benign)))


def measure_categories(pools: Path) -> None:
    pool = [row for row in rows(pools / "url/category_hosts.jsonl.gz") if "(" not in row["panw_category"]]
    sample = [row for row in random.Random(3).sample(pool, 4000) if row["kind"] == "domains"]
    shipped, fed = compiled(), compiled(feed((row["host_or_url"], row["panw_category"]) for row in sample))
    for name, detector in (("shipped", shipped), ("with feed", fed)):
        same = unknown = 0
        for row in sample:
            categories = [c for finding in findings(detector, f"https://{row['host_or_url']}/") for c in finding.categories]
            same, unknown = same + (row["panw_category"] in categories), unknown + (categories == ["unknown"])
        say(f"categories {name}: {same} right, {unknown} unknown of {len(sample)}")


def measure_ordinary(pools: Path) -> None:
    detector, counts = compiled(), Counter[str]()
    for name, size in ORDINARY.items():
        pool = [row for row in rows(pools / f"{name}.jsonl.gz") if row.get("label", "benign") == "benign" or "/toxic" in name]
        texts = [row[field][:6000] for row in pool for field in TEXT_FIELDS if isinstance(row.get(field), str) and row[field]]
        for text in random.Random(3).sample(texts, min(size, len(texts))):
            found = findings(detector, text)
            counts.update(texts=1, with_urls=bool(found), flagged=any(finding.flagged for finding in found))
    say("ordinary texts", dict(counts))


def measure_index() -> None:
    chooser, builder = random.Random(1), HostIndexBuilder()
    names = [f"h{number:x}.{chooser.choice(['com', 'top', 'co.uk', 'github.io'])}" for number in range(1_000_000)]
    for number, name in enumerate(names):
        builder.add(HostEntry(name, f"/p/{number}" if number % 3 == 0 else ""), ("malware",))
    content = builder.to_bytes("million")
    index = HostIndex(memoryview(content))
    for kind, sample in (
        ("listed", chooser.sample(names, 20_000)),
        ("not listed", [f"www.{name}.net" for name in names[:20_000]]),
    ):
        hosts = [(parse_host(name), name) for name in sample]
        asked = [host_expressions(host, None, SUFFIXES.split(host.text)) for host, _ in hosts if host is not None]
        started = time.process_time()
        for expressions in asked:
            index.look_up(expressions, "/p/17/a?b=c")
        say(f"{len(content) / 1e6:.1f} MB, {kind}: {(time.process_time() - started) / len(asked) * 1e6:.1f} µs a look-up")


def main(pools: Path) -> None:
    measure_index()
    measure_urls(pools)
    measure_categories(pools)
    measure_ordinary(pools)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

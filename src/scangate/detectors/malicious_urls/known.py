"""What ships with the package, as an index in memory: test pages and a sample of well-known hosts by category."""

from __future__ import annotations

from importlib.resources import files

import yaml

from scangate.detectors.malicious_urls.categories import url_categories
from scangate.matching.host_index import HostEntry, HostIndex, HostIndexBuilder


def known_hosts() -> HostIndex:
    """Built in a few milliseconds; share it."""
    builder = HostIndexBuilder()
    for url, category in _test_pages():
        host, slash, path = url.partition("/")
        builder.add(HostEntry(host, slash + path), (category,))
    for line in files(__package__).joinpath("data/category_hosts.txt").read_text("utf-8").splitlines():
        category, colon, hosts = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        for name in hosts.split():
            covers = name.startswith("*.")
            host, slash, path = name.removeprefix("*.").partition("/")
            builder.add(HostEntry(host, slash + path, covers_customers=covers), (category,))
    content = builder.to_bytes("built-in")
    return HostIndex(memoryview(content))


def _test_pages() -> list[tuple[str, str]]:
    rows = yaml.safe_load(files(__package__).joinpath("data/test_urls.yaml").read_text("utf-8"))
    pages = []
    for row in rows:
        categories = [name for name, c in url_categories().items() if not c.derived] if "{category}" in row["url"] else [""]
        pages += [(row["url"].replace("{category}", name), row["category"].replace("{category}", name)) for name in categories]
    return pages

"""What every profile's URL detector shares: suffix list, extractor, brands, and the index of hosts that come with the product."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from scangate.detectors.malicious_urls.brands import Brands, load_brands
from scangate.detectors.malicious_urls.categories import url_categories
from scangate.detectors.malicious_urls.features import FeatureReader
from scangate.detectors.malicious_urls.feed_lines import FeedLine, parse_entry
from scangate.detectors.malicious_urls.form import FormJudge, load_form_words
from scangate.detectors.malicious_urls.services import Services, load_services
from scangate.detectors.malicious_urls.unlisted import UnlistedModel, load_model
from scangate.matching.documents import read_yaml
from scangate.matching.host_index import HostIndex, HostIndexBuilder
from scangate.matching.public_suffixes import PublicSuffixes, load_public_suffixes
from scangate.matching.urls import UrlExtractor

_DYNAMIC_DNS: Final = "dynamic-dns"


@dataclass(frozen=True, slots=True)
class UrlKnowledge:
    """Immutable. `shipped`: the test pages that filter vendors publish, and well-known hosts by category."""

    suffixes: PublicSuffixes
    extractor: UrlExtractor
    brands: Brands
    judge: FormJudge
    services: Services
    model: UnlistedModel
    shipped: tuple[HostIndex, ...]


def load_knowledge() -> UrlKnowledge:
    """Some 100 ms; share the result."""
    suffixes = load_public_suffixes()
    brands = load_brands()
    services = load_services()
    shipped = (
        _index("test-pages", _test_pages(), suffixes),
        _index("known-hosts", _known_hosts(services), suffixes),
    )
    model = load_model(FeatureReader(services, load_form_words().bait))
    return UrlKnowledge(suffixes, UrlExtractor(suffixes), brands, FormJudge(brands, suffixes), services, model, shipped)


def _index(name: str, listed: dict[str, list[str]], suffixes: PublicSuffixes) -> HostIndex:
    builder = HostIndexBuilder()
    for text, categories in listed.items():
        entry = parse_entry(FeedLine(text.removeprefix("*."), covers_customers=text.startswith("*.")), suffixes)
        builder.add(entry, tuple(categories))
    return HostIndex(memoryview(builder.to_bytes(name, source="shipped")))


def _test_pages() -> dict[str, list[str]]:
    listed: dict[str, list[str]] = {}
    for row in read_yaml(files(__package__).joinpath("data/test_urls.yaml").read_text("utf-8")):
        for category in url_categories().values():
            name = row["category"].format(category=category.name)
            if name == category.name and not category.derived:
                listed[row["url"].format(category=category.name)] = [name]
    return listed


def _known_hosts(services: Services) -> dict[str, list[str]]:
    listed: dict[str, list[str]] = {}
    for line in files(__package__).joinpath("data/category_hosts.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        category, _, hosts = line.partition(":")
        for host in hosts.split():
            listed.setdefault(host, []).append(category)
    for domain in services.dynamic_dns:
        categories = listed.setdefault(f"*.{domain}", [])
        if _DYNAMIC_DNS not in categories:
            categories.append(_DYNAMIC_DNS)
    return listed

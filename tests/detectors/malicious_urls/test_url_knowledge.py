from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest

from scangate.detectors.malicious_urls.categories import url_categories
from scangate.detectors.malicious_urls.findings import UrlRule
from scangate.detectors.malicious_urls.knowledge import UrlKnowledge, load_knowledge
from scangate.matching.host_index import look_up


@pytest.fixture(scope="module")
def knowledge() -> UrlKnowledge:
    return load_knowledge()


def categories_of(knowledge: UrlKnowledge, url: str) -> tuple[str, ...]:
    match = knowledge.extractor.extract(f"http://{url}").urls[0]
    listing = look_up(knowledge.shipped, match.host, match.port, match.path, knowledge.suffixes.split(match.host.text))
    return listing.categories if listing else ()


def known_hosts() -> Iterator[tuple[str, str]]:
    package = "scangate.detectors.malicious_urls"
    for line in files(package).joinpath("data/category_hosts.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            category, _, hosts = line.partition(":")
            yield from ((category, host) for host in hosts.split())


def test_every_known_host_is_found_under_a_category_that_exists(knowledge: UrlKnowledge) -> None:
    rows = list(known_hosts())
    assert len(rows) > 700
    wrong = [
        host
        for category, host in rows
        if category not in url_categories() or category not in categories_of(knowledge, host.replace("*.", "customer."))
    ]
    assert wrong == []


def test_every_category_has_its_test_page(knowledge: UrlKnowledge) -> None:
    names = [category.name for category in url_categories().values() if not category.derived]
    assert len(names) > 70
    assert [name for name in names if categories_of(knowledge, f"urlfiltering.paloaltonetworks.com/test-{name}") != (name,)] == []


@pytest.mark.parametrize(
    ("url", "categories"),
    [
        ("www.google.com/search?q=x", ("search-engines",)),
        ("chat.openai.com", ("ai-conversational-assistant",)),
        ("linkedin.com/learning", ("training-and-tools",)),
        ("linkedin.com/in/somebody", ("social-networking",)),
        ("anybody.duckdns.org", ("dynamic-dns",)),
        ("unlisted.example.com", ()),
    ],
)
def test_the_most_specific_known_entry_counts(knowledge: UrlKnowledge, url: str, categories: tuple[str, ...]) -> None:
    assert categories_of(knowledge, url) == categories


def test_the_readme_explains_every_rule() -> None:
    text = files("scangate.detectors.malicious_urls").joinpath("README.md").read_text("utf-8")
    assert [rule for rule in UrlRule if f"`{rule}`" not in text] == []

from __future__ import annotations

import numpy as np
import pytest

from scangate.detectors.malicious_urls.features import BITS, PARTS, SIGN_NAMES, SIGN_REASONS, FeatureReader, Features
from scangate.detectors.malicious_urls.findings import UrlRule
from scangate.detectors.malicious_urls.form import load_form_words
from scangate.detectors.malicious_urls.services import is_below, load_services
from scangate.matching.public_suffixes import load_public_suffixes
from scangate.matching.urls import UrlExtractor

SUFFIXES = load_public_suffixes()
EXTRACTOR = UrlExtractor(SUFFIXES)
READER = FeatureReader(load_services(), load_form_words().bait)


def read(url: str, rule: UrlRule | None = None) -> Features:
    match = EXTRACTOR.extract(url).urls[0]
    return READER.read(match, None if match.host.is_ip else SUFFIXES.split(match.host.text), rule)


def signs(url: str, rule: UrlRule | None = None) -> dict[str, float]:
    return dict(zip(SIGN_NAMES, read(url, rule).signs, strict=True))


def same(one: Features, other: Features) -> bool:
    cells = all(np.array_equal(a, b) and f == g for (a, f), (b, g) in zip(one.parts, other.parts, strict=True))
    return cells and one.signs == other.signs


@pytest.mark.parametrize(
    ("url", "sign"),
    [
        ("http://a1b2c3d4e5.top/", "digits-inside"),
        ("http://deadbeef01.top/", "hex-label"),
        ("http://account-verify.top/", "lures-in-name"),
        ("http://login.abcdef.top/", "lures-in-subdomain"),
        ("http://abcdef.top/secure/login", "lures-in-path"),
        ("http://customer.github.io/", "private-suffix"),
        ("http://customer.weebly.com/", "open-platform"),
        ("http://me.duckdns.org/", "dynamic-dns"),
        ("https://bit.ly/3abc", "shortener"),
        ("http://93.184.216.34/x", "address"),
        ("http://abcdef.top:8081/", "high-port"),
        ("http://abcdef.top/setup.exe", "program"),
        ("http://abcdef.top/a.zip", "archive"),
        ("http://abcdef.top/gate.php", "web-script"),
        ("http://abcdef.top/wp-content/x", "site-internals"),
        ("http://abcdef.top/0a1b2c3d4e5f60718293", "long-hex-in-path"),
        ("http://abcdef.top/a1b2c3d4e5f6g7h8i9", "long-token-in-path"),
        ("http://abcdef.top/www.other.com/x", "domain-in-path"),
        ("http://abcdef.top/?a=1", "has-query"),
    ],
)
def test_a_sign_speaks_where_it_should_and_not_on_a_plain_url(url: str, sign: str) -> None:
    assert signs(url)[sign] > 0
    assert signs("https://plainname.org/")[sign] == 0


def test_signs_of_form_are_passed_on() -> None:
    assert signs("http://netfliix.top/", UrlRule.BRAND_LOOKALIKE)["brand-misspelt"] == 1
    assert signs("http://brand-thing.top/", UrlRule.BRAND_BAIT)["brand-named"] == 1


@pytest.mark.parametrize(
    "other", ["http://plainname.org", "https://www.plainname.org/", "ftp://plainname.org/", "https://plainname.org:443/"]
)
def test_scheme_and_www_say_nothing(other: str) -> None:
    assert same(read("https://plainname.org/"), read(other))


def test_values_of_the_query_are_not_read_but_for_their_length() -> None:
    assert same(read("https://plainname.org/a?token=aaaa&x=1"), read("https://plainname.org/a?token=bbbb&x=2"))


@pytest.mark.parametrize(
    "url", ["http://a.co", "http://" + "a" * 63 + "." + "b" * 63 + ".com/" + "x/" * 900, "http://8.8.8.8/" + "?&" * 900]
)
def test_features_are_bounded(url: str) -> None:
    features = read(url)
    assert len(features.parts) == len(PARTS)
    assert sum(len(cells) for cells, _ in features.parts) < 1500
    assert all((cells >= 0).all() and (cells < 1 << BITS).all() for cells, _ in features.parts)
    assert all(0 <= value <= 1.5 for value in features.signs)


def test_every_sign_has_a_reason() -> None:
    assert len(SIGN_NAMES) == len(set(SIGN_NAMES)) == len(SIGN_REASONS) == len(read("http://a.co").signs)


def test_services_are_names_that_exist() -> None:
    services = load_services()
    for names in (services.dynamic_dns, services.shorteners, services.open_platforms, services.pictures):
        assert len(names) > 15
        assert [name for name in names if not SUFFIXES.split(name).listed or name != name.lower()] == []
    assert is_below(("a", "duckdns", "org"), services.dynamic_dns)
    assert not is_below(("duckdns", "example"), services.dynamic_dns)

from __future__ import annotations

import pytest

from scangate.matching.public_suffixes import PublicSuffixes, from_punycode, load_public_suffixes, punycode


@pytest.fixture(scope="module")
def suffixes() -> PublicSuffixes:
    return load_public_suffixes()


@pytest.mark.parametrize(
    ("host", "suffix", "domain", "private"),
    [
        ("example.com", "com", "example.com", False),
        ("a.b.example.co.uk", "co.uk", "example.co.uk", False),
        ("mail.evil.github.io", "github.io", "evil.github.io", True),
        ("github.io", "github.io", "", True),
        ("x.ck", "x.ck", "", False),
        ("www.ck", "ck", "www.ck", False),
        ("shop.example.co.za", "co.za", "example.co.za", False),
        ("city.kawasaki.jp", "kawasaki.jp", "city.kawasaki.jp", False),
        ("com", "com", "", False),
        ("host.xn--p1ai", "xn--p1ai", "host.xn--p1ai", False),
    ],
)
def test_a_host_is_split_at_its_public_suffix(
    suffixes: PublicSuffixes, host: str, suffix: str, domain: str, private: bool
) -> None:
    parts = suffixes.split(host)
    assert (parts.suffix, parts.domain, parts.private, parts.listed) == (suffix, domain, private, True)


@pytest.mark.parametrize("tld", ["com", "uk", "za", "ck", "xn--p1ai"])
def test_every_top_level_domain_with_a_rule_is_known(suffixes: PublicSuffixes, tld: str) -> None:
    assert tld in suffixes.tlds


def test_no_name_below_a_top_level_domain_is_one(suffixes: PublicSuffixes) -> None:
    assert not [tld for tld in suffixes.tlds if "." in tld]
    assert "github" not in suffixes.tlds


def test_an_unlisted_top_level_domain_is_a_suffix_of_one_label(suffixes: PublicSuffixes) -> None:
    parts = suffixes.split("printer.office.lan")
    assert (parts.suffix, parts.domain, parts.listed) == ("lan", "office.lan", False)


def test_labels_around_the_registered_one(suffixes: PublicSuffixes) -> None:
    parts = suffixes.split("a.b.shop.vercel.app")
    assert parts.owner_label == "shop"
    assert parts.subdomain_labels == ("a", "b")


@pytest.mark.parametrize(("name", "ascii_name"), [("münchen.de", "xn--mnchen-3ya.de"), ("plain.org", "plain.org")])
def test_punycode_goes_both_ways(name: str, ascii_name: str) -> None:
    assert punycode(name) == ascii_name
    assert from_punycode(ascii_name) == name


def test_a_label_that_does_not_decode_stays() -> None:
    assert from_punycode("xn--\x7f.com") == "xn--\x7f.com"

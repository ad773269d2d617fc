from __future__ import annotations

import gzip

import pytest

from scangate.detectors.malicious_urls.brands import load_brands
from scangate.detectors.malicious_urls.feed_lines import FeedFormat, detect_format
from scangate.detectors.malicious_urls.feeds import FeedInvalidError, FeedReport, FeedSource, build_feed, decode_feed
from scangate.matching.host_index import HostIndex, Listing, look_up
from scangate.matching.public_suffixes import PublicSuffixes, load_public_suffixes
from scangate.matching.url_hosts import parse_host

URLHAUS = """# abuse feed
# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter
"1","2026-11-01 00:00:00","http://8.8.4.4:4040/i","online","","malware_download","elf","https://example.org/1","x"
"2","2026-11-01 00:00:00","http://evil.example.com/a,b.exe","offline","","malware_download","","https://example.org/2","x"
"""
CSV = """first_seen,domain,threat_type
2026-11-01,evil.example.com,botnet_cc
2026-11-02,other.example.com,"phishing"
2026-11-03,,x
"""
ONION = "supp24yy6a66hwszu2piygicgwzdtbwftb76htfj7vnip3getgqnzxid.onion"


@pytest.fixture(scope="module")
def suffixes() -> PublicSuffixes:
    return load_public_suffixes()


def built(
    suffixes: PublicSuffixes,
    text: str,
    category: str = "malware",
    feed_format: FeedFormat = FeedFormat.AUTO,
    *,
    allow: bool = False,
) -> tuple[HostIndex, FeedReport]:
    source = FeedSource("feed", category, feed_format, allow)
    content, report = build_feed(decode_feed(text.encode(), size_max=10_000), source, suffixes, load_brands())
    return HostIndex(memoryview(content)), report


def listing(suffixes: PublicSuffixes, index: HostIndex, host: str, path: str = "", port: int | None = None) -> Listing | None:
    parsed = parse_host(host)
    assert parsed is not None
    return look_up((index,), parsed, port, path, None if parsed.is_ip else suffixes.split(parsed.text))


@pytest.mark.parametrize(
    ("text", "feed_format"),
    [
        ("evil.example.com\nother.example.com\n", FeedFormat.PLAIN),
        ("# comment\nhttp://evil.example.com/x\n", FeedFormat.PLAIN),
        ("# hosts\n127.0.0.1 localhost\n0.0.0.0 evil.example.com # why\n", FeedFormat.HOSTS),
        ("[Adblock Plus]\n! title\n||evil.example.com^\n", FeedFormat.ADBLOCK),
        ("||evil.example.com^$all\n@@||good.example.com^\n", FeedFormat.ADBLOCK),
        (URLHAUS, FeedFormat.URLHAUS),
        (CSV, FeedFormat.CSV),
    ],
)
def test_the_format_is_recognised_and_the_entry_found(suffixes: PublicSuffixes, text: str, feed_format: FeedFormat) -> None:
    assert detect_format(text.splitlines()) is feed_format
    index, report = built(suffixes, text)
    assert report.format is feed_format
    assert report.entries >= 1
    path = "/a,b.exe" if feed_format is FeedFormat.URLHAUS else "/x"
    assert listing(suffixes, index, "evil.example.com", path) is not None
    assert listing(suffixes, index, "localhost") is None


@pytest.mark.parametrize(
    ("line", "host", "path", "port"),
    [
        ("EVIL.example.com", "evil.example.com", "", None),
        ("hxxp://evil[.]example[.]com/x", "evil.example.com", "/x", None),
        ("http://user@evil.example.com:8080/x", "evil.example.com", "/x", 8080),
        ("9.9.9.9:4444", "9.9.9.9", "/any", 4444),
        ("9.9.9.9/32", "9.9.9.9", "/any", None),
        ("2001:db8::1", "[2001:db8::1]", "", None),
        ("[2001:db8::1]:80", "[2001:db8::1]", "", 80),
        ("böse.example.com", "xn--bse-sna.example.com", "", None),
        ("*.evil.example.com", "a.evil.example.com", "", None),
        (".duckdns.org", "evil.duckdns.org", "", None),
        (ONION, ONION, "", None),
        ("evil.example.com # comment", "evil.example.com", "", None),
    ],
)  # fmt: skip
def test_a_line_lists_what_it_names(suffixes: PublicSuffixes, line: str, host: str, path: str, port: int | None) -> None:
    index, report = built(suffixes, line, feed_format=FeedFormat.PLAIN)
    assert not report.refused
    assert listing(suffixes, index, host, path, port) is not None


@pytest.mark.parametrize(
    ("line", "feed_format"),
    [
        ("/path/only.php", FeedFormat.PLAIN),
        ("10.1.0.0/16", FeedFormat.PLAIN),
        ("justaword", FeedFormat.PLAIN),
        ("host.nosuchtld", FeedFormat.PLAIN),
        ("127.0.0.1", FeedFormat.PLAIN),
        ("evil.com:port", FeedFormat.PLAIN),
        ("x" * 9000 + ".com", FeedFormat.PLAIN),
        ("google.com", FeedFormat.PLAIN),
        ("example.com##.ad", FeedFormat.ADBLOCK),
        ("||ads.*^", FeedFormat.ADBLOCK),
        ("/banner[0-9]/", FeedFormat.ADBLOCK),
    ],
)
def test_a_bad_line_is_counted_with_its_number_and_the_rest_is_read(
    suffixes: PublicSuffixes, line: str, feed_format: FeedFormat
) -> None:
    text = f"evil.example.com\n{line}\nother.example.com\n"
    _, report = built(suffixes, text, feed_format=feed_format)
    assert report.entries == 2
    assert report.refused.total() == 1
    assert report.refused_lines == [2]
    assert line not in "".join(report.refused)


@pytest.mark.parametrize("text", ["", "# only comments\n", "justaword\n", "a,b,c\n1,2,3\n"])
def test_a_feed_without_a_valid_entry_is_refused(suffixes: PublicSuffixes, text: str) -> None:
    with pytest.raises(FeedInvalidError, match="no valid entry"):
        built(suffixes, text)


@pytest.mark.parametrize("category", ["no-such-category", "unknown", "malicious", ""])
def test_a_category_that_no_list_can_carry_is_refused(suffixes: PublicSuffixes, category: str) -> None:
    with pytest.raises(FeedInvalidError, match="unknown URL category"):
        built(suffixes, "evil.example.com", category)


def test_rows_name_their_own_category(suffixes: PublicSuffixes) -> None:
    index, report = built(suffixes, CSV)
    found = [listing(suffixes, index, host) for host in ("evil.example.com", "other.example.com")]
    assert [hit.categories for hit in found if hit] == [("command-and-control",), ("phishing",)]
    assert report.refused == {"the row has no host or URL": 1}


def test_rows_may_name_a_whole_suffix_by_a_dot_or_a_star(suffixes: PublicSuffixes) -> None:
    index, _ = built(suffixes, "domain,category\n.duckdns.org,dynamic-dns\n*.github.io,web-hosting\n")
    assert listing(suffixes, index, "anybody.duckdns.org") == Listing(("dynamic-dns",), ("feed",))
    assert listing(suffixes, index, "anybody.github.io") == Listing(("web-hosting",), ("feed",))


def test_urlhaus_ports_are_part_of_the_entry(suffixes: PublicSuffixes) -> None:
    index, _ = built(suffixes, URLHAUS)
    assert listing(suffixes, index, "8.8.4.4", "/i", 4040) is not None
    assert listing(suffixes, index, "8.8.4.4", "/i") is None


def test_exceptions_and_allow_lists(suffixes: PublicSuffixes) -> None:
    index, report = built(suffixes, "||evil.example.com^\n@@||good.evil.example.com^\n")
    assert (report.entries, report.exceptions) == (1, 1)
    good = listing(suffixes, index, "good.evil.example.com")
    assert good is not None
    assert good.excepted
    allowed, report = built(suffixes, "google.com\nintranet.corp\n", allow=True)
    assert (report.entries, report.exceptions) == (0, 2)
    hit = listing(suffixes, allowed, "drive.google.com")
    assert hit is not None
    assert hit.excepted


def test_a_well_known_site_can_be_listed_where_it_is_no_accusation(suffixes: PublicSuffixes) -> None:
    index, _ = built(suffixes, "google.com", "search-engines")
    assert listing(suffixes, index, "www.google.com") is not None


def test_pages_of_a_well_known_site_can_be_listed(suffixes: PublicSuffixes) -> None:
    index, _ = built(suffixes, "https://github.com/evil/tool/releases/download/v1/soft.zip")
    assert listing(suffixes, index, "github.com", "/evil/tool/releases/download/v1/soft.zip") is not None
    assert listing(suffixes, index, "github.com", "/evil/tool") is None


def test_gzip_is_unpacked_within_bounds() -> None:
    packed = gzip.compress(b"evil.example.com\n" * 1000)
    assert len(list(decode_feed(packed, size_max=100_000))) == 1000
    with pytest.raises(FeedInvalidError, match="larger"):
        decode_feed(packed, size_max=1000)


@pytest.mark.parametrize("data", [b"\x1f\x8bbroken", b"PK\x03\x04rest", b"\0\1\2binary"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(FeedInvalidError):
        decode_feed(data, size_max=1000)

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scangate.errors import ConfigurationError
from scangate.matching.host_index import (
    HostEntry,
    HostIndex,
    HostIndexBuilder,
    Listing,
    canonical_path,
    host_expressions,
    look_up,
    path_expressions,
)
from scangate.matching.public_suffixes import PublicSuffixes, load_public_suffixes
from scangate.matching.url_hosts import parse_host


@pytest.fixture(scope="module")
def suffixes() -> PublicSuffixes:
    return load_public_suffixes()


def index_of(*entries: HostEntry, name: str = "list", category: str = "malware") -> HostIndex:
    builder = HostIndexBuilder()
    for entry in entries:
        builder.add(entry, (category,))
    return HostIndex(memoryview(builder.to_bytes(name)))


def find(
    suffixes: PublicSuffixes, indexes: tuple[HostIndex, ...], host: str, path: str = "", port: int | None = None
) -> Listing | None:
    parsed = parse_host(host)
    assert parsed is not None
    return look_up(indexes, parsed, port, path, None if parsed.is_ip else suffixes.split(parsed.text))


@pytest.mark.parametrize(
    ("entry", "host", "path", "port", "listed"),
    [
        (HostEntry("evil.com"), "evil.com", "", None, True),
        (HostEntry("evil.com"), "a.b.evil.com", "/x?y", None, True),
        (HostEntry("evil.com"), "notevil.com", "", None, False),
        (HostEntry("a.evil.com"), "evil.com", "", None, False),
        (HostEntry("evil.com", "/"), "evil.com", "/x", None, True),
        (HostEntry("evil.github.io"), "evil.github.io", "/x", None, True),
        (HostEntry("evil.github.io"), "good.github.io", "", None, False),
        (HostEntry("github.io"), "good.github.io", "", None, False),
        (HostEntry("github.io"), "github.io", "", None, True),
        (HostEntry("duckdns.org", covers_customers=True), "x.duckdns.org", "", None, True),
        (HostEntry("host.com", "/a/b"), "host.com", "/a/b", None, True),
        (HostEntry("host.com", "/a/b"), "host.com", "/a/b?q=1", None, True),
        (HostEntry("host.com", "/a/b"), "host.com", "/a/b/", None, True),
        (HostEntry("host.com", "/a/b"), "host.com", "/a/b/c", None, False),
        (HostEntry("host.com", "/a/b"), "host.com", "/a", None, False),
        (HostEntry("host.com", "/a/"), "host.com", "/a/b/c", None, True),
        (HostEntry("host.com", "/a?q=1"), "host.com", "/a?q=1", None, True),
        (HostEntry("host.com", "/a?q=1"), "host.com", "/a?q=2", None, False),
        (HostEntry("host.com", "/%61"), "host.com", "//./b/../a", None, True),
        (HostEntry("1.2.3.4"), "1.2.3.4", "/x", 8080, True),
        (HostEntry("1.2.3.4:8080"), "1.2.3.4", "/x", 8080, True),
        (HostEntry("1.2.3.4:8080"), "1.2.3.4", "/x", None, False),
        (HostEntry("1.2.3.4:8080", "/x"), "1.2.3.4", "/x", 8080, True),
        (HostEntry("2.3.4"), "1.2.3.4", "", None, False),
    ],
)
def test_an_entry_covers_what_it_names(
    suffixes: PublicSuffixes, entry: HostEntry, host: str, path: str, port: int | None, listed: bool
) -> None:
    listing = find(suffixes, (index_of(entry),), host, path, port)
    assert (listing is not None) is listed


def test_an_exception_in_any_list_beats_every_block(suffixes: PublicSuffixes) -> None:
    block = index_of(HostEntry("evil.com"), name="block")
    allow = index_of(HostEntry("ok.evil.com", is_exception=True), name="allow")
    assert find(suffixes, (block, allow), "ok.evil.com") == Listing((), ("allow",), excepted=True)
    assert find(suffixes, (block, allow), "evil.com") == Listing(("malware",), ("block",))


def test_an_exception_of_a_path_leaves_the_rest_of_the_host_listed(suffixes: PublicSuffixes) -> None:
    index = index_of(HostEntry("evil.com"), HostEntry("evil.com", "/about", is_exception=True))
    about = find(suffixes, (index,), "evil.com", "/about")
    assert about is not None
    assert about.excepted
    assert find(suffixes, (index,), "evil.com", "/x") == Listing(("malware",), ("list",))


def test_the_most_specific_entry_gives_the_category(suffixes: PublicSuffixes) -> None:
    builder = HostIndexBuilder()
    builder.add(HostEntry("portal.com"), ("internet-portals",))
    builder.add(HostEntry("mail.portal.com"), ("web-based-email",))
    builder.add(HostEntry("portal.com", "/news/"), ("news",))
    index = HostIndex(memoryview(builder.to_bytes("list")))
    found = [
        find(suffixes, (index,), host, path)
        for host, path in [("mail.portal.com", ""), ("portal.com", "/news/1"), ("portal.com", "")]
    ]
    assert [listing.categories[0] for listing in found if listing] == ["web-based-email", "news", "internet-portals"]


def test_lists_add_up(suffixes: PublicSuffixes) -> None:
    first, second = index_of(HostEntry("evil.com"), name="a"), index_of(HostEntry("evil.com"), name="b", category="phishing")
    assert find(suffixes, (first, second), "evil.com") == Listing(("malware", "phishing"), ("a", "b"))


def test_a_file_is_read_back_as_it_was_written(tmp_path: Path, suffixes: PublicSuffixes) -> None:
    builder = HostIndexBuilder()
    builder.add(HostEntry("evil.com"), ("malware",))
    builder.add(HostEntry("good.com", is_exception=True), ("malware",))
    path = tmp_path / "list.idx"
    path.write_bytes(builder.to_bytes("list", source="here", imported_at="2026-11-23"))
    index = HostIndex.open(path)
    assert (index.header.name, index.header.source, index.header.entries, index.header.exceptions) == ("list", "here", 1, 1)
    path.unlink()
    assert find(suffixes, (index,), "evil.com") is not None


@pytest.mark.parametrize(
    "damage", [lambda c: b"", lambda c: b"x" * 100, lambda c: c[:-1], lambda c: c[:10], lambda c: c[:12] + b"{" + c[13:30]]
)
def test_damaged_files_are_refused(tmp_path: Path, damage: object) -> None:
    builder = HostIndexBuilder()
    builder.add(HostEntry("evil.com"), ("malware",))
    path = tmp_path / "list.idx"
    assert callable(damage)
    path.write_bytes(damage(builder.to_bytes("list")))
    with pytest.raises(ConfigurationError):
        HostIndex.open(path)


def test_an_empty_index_lists_nothing(suffixes: PublicSuffixes) -> None:
    assert find(suffixes, (index_of(),), "evil.com") is None


def test_host_expressions_end_at_the_public_suffix(suffixes: PublicSuffixes) -> None:
    host = parse_host("a.b.c.d.e.evil.co.uk")
    assert host is not None
    expressions = host_expressions(host, 8080, suffixes.split(host.text))
    assert [expression.text for expression in expressions] == [
        "a.b.c.d.e.evil.co.uk:8080", "a.b.c.d.e.evil.co.uk", "d.e.evil.co.uk", "e.evil.co.uk", "evil.co.uk", "co.uk",
    ]  # fmt: skip
    assert [expression.is_suffix for expression in expressions] == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("", "/"),
        ("?q", "/?q"),
        ("/a/../b/./c//d?x=1", "/b/c/d?x=1"),
        ("/%2561", "/a"),
        ("/../..", "/"),
        ("/a/?b&amp;c", "/a/?b&c"),
    ],
)
def test_paths_have_one_form(path: str, canonical: str) -> None:
    assert canonical_path(path) == canonical


def test_path_expressions_go_four_directories_up() -> None:
    whole = ("/a/b/c/d/e.html?x", "/a/b/c/d/e.html", "/a/b/c/d/e.html/")
    assert path_expressions("/a/b/c/d/e.html?x") == (*whole, "/a/b/c/", "/a/b/", "/a/", "/")


@pytest.mark.parametrize("listed", ["/shop/", "/shop"])
@pytest.mark.parametrize("asked", ["/shop/", "/shop", "/shop?id=1"])
def test_a_slash_at_the_end_makes_no_difference(suffixes: PublicSuffixes, listed: str, asked: str) -> None:
    assert find(suffixes, (index_of(HostEntry("bad.example", listed)),), "bad.example", asked)
    assert find(suffixes, (index_of(HostEntry("bad.example", listed)),), "bad.example", "/shopping") is None


@pytest.mark.parametrize("count", [1, 15, 16, 17, 500, 4096])
def test_every_entry_of_an_index_of_any_size_is_found(suffixes: PublicSuffixes, count: int) -> None:
    index = index_of(*(HostEntry(f"h{number}.com") for number in range(count)))
    assert all(find(suffixes, (index,), f"h{number}.com") for number in range(count))
    assert not any(find(suffixes, (index,), f"other{number}.com") for number in range(count))


@settings(max_examples=50, deadline=None)
@given(st.sets(st.from_regex(r"[a-z]{1,8}\.com", fullmatch=True), max_size=30), st.from_regex(r"[a-z]{1,8}\.com", fullmatch=True))
def test_an_index_is_a_set(suffixes: PublicSuffixes, listed: set[str], asked: str) -> None:
    index = index_of(*(HostEntry(host) for host in listed))
    assert len(index) == len(listed)
    for host in (*listed, asked):
        assert (find(suffixes, (index,), host) is not None) == (host in listed)


def test_entries_take_eleven_bytes() -> None:
    builder = HostIndexBuilder()
    for number in range(20_000):
        builder.add(HostEntry(f"host{number}.com"), ("malware",))
    assert len(builder.to_bytes("list")) < 20_000 * 11 + 1000


@pytest.mark.parametrize(("listed", "asked"), [("/a/b...", "/a/b"), ("/q?e=*", "/q?e"), ("/q?e=*", "/q?e=*"), ("/GET-=", "/GET")])
def test_an_entry_that_ends_like_a_sentence_is_found_without_its_end(suffixes: PublicSuffixes, listed: str, asked: str) -> None:
    index = index_of(HostEntry("evil.com", listed))
    assert find(suffixes, (index,), "evil.com", asked) is not None
    assert find(suffixes, (index,), "evil.com", "/other") is None
    assert find(suffixes, (index_of(HostEntry("evil.com", "/...")),), "evil.com", "/other") is None


def test_the_header_is_read_without_the_entries(tmp_path: Path) -> None:
    path = tmp_path / "list.idx"
    builder = HostIndexBuilder()
    builder.add(HostEntry("evil.com"), ("malware",))
    builder.add(HostEntry("good.com", is_exception=True), ())
    content = builder.to_bytes("list", "from here", "2026-11-27T10:00:00+00:00")
    path.write_bytes(content)
    assert HostIndex.read_header(path) == HostIndex.open(path).header
    assert (HostIndex.read_header(path).entries, HostIndex.read_header(path).exceptions) == (1, 1)
    for damaged in (content[:-1], content[:6], b"nonsense" * 10, content[:8] + b"\xff\xff\xff\xff"):
        path.write_bytes(damaged)
        with pytest.raises(ConfigurationError):
            HostIndex.read_header(path)

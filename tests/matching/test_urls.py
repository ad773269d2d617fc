from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scangate.matching.public_suffixes import load_public_suffixes
from scangate.matching.url_defang import FILLER, Refanger
from scangate.matching.urls import WEAK_PER_URL, UrlExtractor, UrlForm


@pytest.fixture(scope="module")
def extractor() -> UrlExtractor:
    return UrlExtractor(load_public_suffixes())


@pytest.mark.parametrize(
    ("text", "written", "url"),
    [
        ("see http://a.example.com/x.", "http://a.example.com/x", "http://a.example.com/x"),
        ("(http://a.com/wiki/A_(b)).", "http://a.com/wiki/A_(b)", "http://a.com/wiki/A_(b)"),
        ("[text](https://a.com/x)", "https://a.com/x", "https://a.com/x"),
        ("**https://a.com**", "https://a.com", "https://a.com"),
        ('<a href="http://a.com/?b=1&c=2">', "http://a.com/?b=1&c=2", "http://a.com/?b=1&c=2"),
        ("FTP://A.Com/Path", "FTP://A.Com/Path", "ftp://a.com/Path"),
        ("wss://a.com:8443/s", "wss://a.com:8443/s", "wss://a.com:8443/s"),
        ("http://user:pw@a.com/x", "http://user:pw@a.com/x", "http://user:pw@a.com/x"),
        (r'{"u":"http:\/\/a.com\/Path"}', r"http:\/\/a.com\/Path", "http://a.com/Path"),
        (r'{"u":"https\u003A\u002F\u002Fa.com/x"}', r"https\u003A\u002F\u002Fa.com/x", "https://a.com/x"),
        ("r=http%3A%2F%2Fa.com%2FPath", "http%3A%2F%2Fa.com%2FPath", "http://a.com/Path"),
        ("http://%61.com/", "http://%61.com/", "http://a.com/"),
        ("http://1.2.3.4:80/x", "http://1.2.3.4:80/x", "http://1.2.3.4:80/x"),
        ("http://[::1]:80/x", "http://[::1]:80/x", "http://[::1]:80/x"),
        ("http://a\u200b.com/x", "http://a\u200b.com/x", "http://a.com/x"),
        ("http://a。com/x", "http://a。com/x", "http://a.com/x"),
        ("请访问https://a.com获取更多", "https://a.com", "https://a.com"),
        ("链接：https://a.com/路径，谢谢", "https://a.com/路径", "https://a.com/路径"),
        ("https://a.com/x#part", "https://a.com/x#part", "https://a.com/x"),
        ("go to https://localhost:8000/x", "https://localhost:8000/x", "https://localhost:8000/x"),
    ],
)
def test_a_url_with_a_scheme_is_found_where_it_stands(extractor: UrlExtractor, text: str, written: str, url: str) -> None:
    match = extractor.extract(text).urls[0]
    assert text[match.start : match.end] == written
    assert match.url == url
    assert match.form is UrlForm.SCHEME
    assert not match.defanged


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("hxxp://a[.]com/x", "http://a.com/x"),
        ("hxxps[:]//a(.)com", "https://a.com"),
        ("hxxps[://]a[.com/x", "https://a.com/x"),
        ("a [.] com/path", "a.com/path"),
        ("www dot evil dot com", "www.evil.com"),
        ("HXXP://A[DOT]COM", "http://a.com"),
    ],
)
def test_defanged_urls_are_read_and_marked(extractor: UrlExtractor, text: str, url: str) -> None:
    match = extractor.extract(text).urls[0]
    assert match.url == url
    assert match.defanged
    assert text[match.start : match.end] == text


@pytest.mark.parametrize(
    "text",
    ["evil.com", "sub.evil.co.uk.", "www.evil.zip", "evil.xyz/path", "evil.xyz:8080", "host=evil.com", "host:evil.com",
     "shop.example.co.za", "//cdn.evil.com/x.js", "1.2.3.4:8080", "1.2.3.4/x.sh", "看evil.com。谢谢"],
)  # fmt: skip
def test_bare_hosts_are_urls_when_they_look_it(extractor: UrlExtractor, text: str) -> None:
    scan = extractor.extract(text)
    assert [match.form for match in scan.urls] == [UrlForm.BARE]


@pytest.mark.parametrize(
    "text",
    [
        "file.py main.rs readme.md script.sh",
        "user.name and obj.id",
        "main.rs:12:5",
        "v1.2.3 and 1.2.3.4",
        "10.0.0.0/8",
        "Done.It works",
    ],
)
def test_dotted_names_are_weak_candidates_at_most(extractor: UrlExtractor, text: str) -> None:
    scan = extractor.extract(text)
    assert scan.urls == ()


@pytest.mark.parametrize(
    "text",
    ["", "e.g. this, i.e. that", "node.js System.out sentence.End", "bob@evil.com", "mailto:bob@evil.com", "http://host/x",
     "http://", "....", "http://a.com:99999/", "Ph.D. U.S. a.m.", "foo.baz()", "x = 3.14", "…"],
)  # fmt: skip
def test_what_is_no_url_is_not_found(extractor: UrlExtractor, text: str) -> None:
    scan = extractor.extract(text)
    assert (scan.urls, scan.weak, scan.beyond_limit) == ((), (), 0)


def test_a_url_inside_another_ones_query_is_a_url_too(extractor: UrlExtractor) -> None:
    urls = [match.url for match in extractor.extract("https://a.com/r?u=https://b.com/x").urls]
    assert urls == ["https://a.com/r?u=https://b.com/x", "https://b.com/x"]


def test_lists_are_split_at_the_next_scheme(extractor: UrlExtractor) -> None:
    urls = [match.url for match in extractor.extract("http://a.com/x,http://b.com;http://c.com").urls]
    assert urls == ["http://a.com/x", "http://b.com", "http://c.com"]


def test_a_markdown_link_with_a_url_as_text_is_two_urls(extractor: UrlExtractor) -> None:
    urls = [match.url for match in extractor.extract("[https://a.com](https://b.com/x)").urls]
    assert urls == ["https://a.com", "https://b.com/x"]


def test_what_precedes_the_at_sign_is_not_the_host(extractor: UrlExtractor) -> None:
    match = extractor.extract("http://google.com@evil.com/login").urls[0]
    assert (match.userinfo, match.host.text) == ("google.com", "evil.com")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see evil.com/shop/ today", "evil.com/shop/"),
        ("see evil.com/shop/.", "evil.com/shop/"),
        ("(evil.com/shop/)", "evil.com/shop/"),
        ("see evil.com/shop today", "evil.com/shop"),
    ],
)
def test_a_slash_at_the_end_of_a_bare_url_stays(extractor: UrlExtractor, text: str, url: str) -> None:
    (match,) = extractor.extract(text).urls
    assert match.url == text[match.start : match.end] == url


def test_offsets_count_code_points(extractor: UrlExtractor) -> None:
    text = "日本語😀 é http://a.com/x 😀 http://b.com"
    assert [text[m.start : m.end] for m in extractor.extract(text).urls] == ["http://a.com/x", "http://b.com"]


def test_repeated_urls_are_reported_once(extractor: UrlExtractor) -> None:
    assert len(extractor.extract("http://a.com/x http://a.com/x. (http://a.com/x)").urls) == 1


def test_urls_beyond_the_limit_are_counted(extractor: UrlExtractor) -> None:
    scan = extractor.extract(" ".join(f"http://a{number}.com/" for number in range(150)))
    assert len(scan.urls) == 100
    assert scan.beyond_limit == 50


def test_names_of_code_do_not_use_up_the_limit_of_urls(extractor: UrlExtractor) -> None:
    text = " ".join(f"item{number}.id" for number in range(3000)) + " http://evil.com/x"
    scan = extractor.extract(text, limit=5)
    assert [match.url for match in scan.urls] == ["http://evil.com/x"]
    assert len(scan.weak) <= 5 * WEAK_PER_URL
    assert scan.beyond_limit > 0


_LARGE = 1 << 20


@pytest.mark.parametrize(
    "text",
    ["http://" * (_LARGE // 7), "." * _LARGE, "@" * _LARGE, "a." * (_LARGE // 2), "a.b," * (_LARGE // 4), "\\/" * (_LARGE // 2),
     "a[.]com " * (_LARGE // 8), "http://a.com/" + "(" * _LARGE, '"http://"' * (_LARGE // 9), "你。" * (_LARGE // 6),
     " ".join(f"http://a{n}.com/x" for n in range(50_000)), " ".join(f"a{n}.id" for n in range(90_000))],
    ids=["schemes", "dots", "at", "labels", "commas", "escapes", "defanged", "brackets", "quotes", "wide", "distinct", "weak"],
)  # fmt: skip
def test_a_megabyte_of_anything_takes_a_fraction_of_a_second(extractor: UrlExtractor, text: str) -> None:
    started = time.process_time()
    extractor.extract(text)
    assert time.process_time() - started < 3  # 0.2 on an idle machine


def test_the_checkpoint_is_called_and_its_exception_passes(extractor: UrlExtractor) -> None:
    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    with pytest.raises(StopError):
        extractor.extract("http://a.com", checkpoint=stop)


_PIECES = st.sampled_from(
    ["http://", "hxxp://", "a.com", "evil", ".", "[.]", " dot ", "/", "\\/", "@", ":", "80", "(", ")", "]", "[", "é", "。",
     "\u200b", "%2f", "%", "#", "?", "=", "&", " ", "\n", '"', "www.", "1.2.3.4", "xn--", "\ud800", "😀", ",", "//", "0x7f"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_mixture_gives_sound_matches(extractor: UrlExtractor, text: str) -> None:
    scan = extractor.extract(text)
    for match in (*scan.urls, *scan.weak):
        assert 0 <= match.start < match.end <= len(text)
        assert match.path == "" or match.path[0] in "/?"
        assert "#" not in match.path


@given(st.binary(max_size=200))
def test_refanging_keeps_every_byte_in_its_place(data: bytes) -> None:
    lowered = data.lower()
    refanged = Refanger().refang(lowered)
    assert len(refanged) == len(lowered)


def test_control_characters_of_the_text_are_no_fillers() -> None:
    assert Refanger().refang(b"a" + FILLER + b"b") == b"a b"

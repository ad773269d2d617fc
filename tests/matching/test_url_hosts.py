from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.matching.url_hosts import Host, HostKind, parse_host


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
        ("example。com", "example.com"),
        ("ex%61mple.com", "example.com"),
        ("_dmarc.example.com", "_dmarc.example.com"),
    ],
)
def test_names_become_lower_case_punycode(raw: str, text: str) -> None:
    host = parse_host(raw)
    assert host is not None
    assert (host.text, host.kind) == (text, HostKind.NAME)


@pytest.mark.parametrize(
    ("raw", "text", "obscured"),
    [
        ("192.168.0.1", "192.168.0.1", False),
        ("10.10.01.10", "10.10.1.10", False),
        ("3232235521", "192.168.0.1", True),
        ("0300.0250.0.1", "192.168.0.1", True),
        ("0xC0A80001", "192.168.0.1", True),
        ("0xc0.168.1", "192.168.0.1", True),
        ("127.1", "127.0.0.1", True),
        ("[::1]", "::1", False),
        ("[::ffff:10.0.0.1]", "10.0.0.1", True),
    ],
)
def test_addresses_in_every_notation_are_the_same_address(raw: str, text: str, obscured: bool) -> None:
    host = parse_host(raw)
    assert host is not None
    assert (host.text, host.obscured, host.is_ip) == (text, obscured, True)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "a..b",
        ".a.com",
        "foo bar",
        "1.2.3.256",
        "1.2.3.4.5",
        "v1.2",
        "[::g]",
        "[::1",
        "a%2fb.com",
        "x" * 64 + ".com",
        "a" * 800,
    ],
)
def test_what_no_browser_opens_is_no_host(raw: str) -> None:
    assert parse_host(raw) is None


@pytest.mark.parametrize(
    ("raw", "private"),
    [
        ("10.1.2.3", True),
        ("169.254.169.254", True),
        ("localhost", True),
        ("nas.local", True),
        ("x.onion", True),
        ("8.8.8.8", False),
    ],
)
def test_private_hosts(raw: str, private: bool) -> None:
    host = parse_host(raw)
    assert host is not None
    assert host.is_private is private


def test_documentation_addresses_are_not_routable() -> None:
    assert not Host("203.0.113.7", HostKind.IPV4).is_routable
    assert Host("8.8.8.8", HostKind.IPV4).is_routable


@given(st.integers(0, 2**32 - 1))
def test_decimal_and_hexadecimal_numbers_agree(value: int) -> None:
    decimal, hexadecimal = parse_host(str(value)), parse_host(hex(value))
    assert decimal is not None
    assert hexadecimal is not None
    assert decimal.text == hexadecimal.text


@given(st.text(max_size=80))
def test_any_text_gives_a_clean_host_or_none(text: str) -> None:
    host = parse_host(text)
    if host is not None:
        again = parse_host(f"[{host.text}]" if host.kind is HostKind.IPV6 else host.text)
        assert again is not None
        assert again.text == host.text

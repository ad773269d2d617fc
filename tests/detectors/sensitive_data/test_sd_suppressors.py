"""Reasons not to believe a match."""

from __future__ import annotations

import pytest

from scangate.detectors.sensitive_data.candidate import Candidate, Effect
from scangate.detectors.sensitive_data.suppressors import SUPPRESSORS
from scangate.matching.literals import Keyword

NEAR = Keyword("card", 0, 4)


def _effect(name: str, marked: str, keyword: Keyword | None = None, other: Keyword | None = None) -> Effect:
    """`marked` holds the value between « and »."""
    start = marked.index("«")
    text = marked.replace("«", "").replace("»", "")
    return SUPPRESSORS[name](Candidate(text, start, marked.index("»") - 1, keyword, other))


CASES = [
    ("repeated_digits", "«999-99-9999»", Effect.DROP),
    ("repeated_digits", "«999-99-9998»", Effect.KEEP),
    ("sequence", "«123-45-6789»", Effect.LOWER),
    ("sequence", "«987654321»", Effect.LOWER),
    ("sequence", "«123456»", Effect.KEEP),
    ("sequence", "«123456798»", Effect.KEEP),
    ("inside_hash", "550e8400-«123456789»", Effect.DROP),
    ("inside_hash", "«123456789»-446655440000", Effect.DROP),
    ("inside_hash", "ab:cdef:«123456789»", Effect.DROP),
    ("inside_hash", "0x«123456789»", Effect.DROP),
    ("inside_hash", "ref-«123456789»", Effect.KEEP),
    ("inside_hash", "no: «123456789»", Effect.KEEP),
    ("amount", "$ «123456789»", Effect.DROP),
    ("amount", "«123456789» €", Effect.DROP),
    ("amount", "«123456789»%", Effect.DROP),
    ("amount", "«123456789»\n%", Effect.KEEP),
    ("amount", "$\n«123456789»", Effect.KEEP),
    ("amount", "$«4111111111111111»", Effect.KEEP),
    ("timestamp", "«1732700000»", Effect.LOWER),
    ("timestamp", "«1732700000123»", Effect.LOWER),
    ("timestamp", "«20261127»", Effect.LOWER),
    ("timestamp", "«20261327»", Effect.KEEP),
    ("timestamp", "«9732700000»", Effect.KEEP),
    ("calendar_day", "«20240110»", Effect.LOWER),
    ("calendar_day", "«20241310»", Effect.KEEP),
    ("calendar_day", "«2024011»", Effect.KEEP),
    ("log_line", "2026-11-27T10:30:00Z INFO user «123456789»", Effect.LOWER),
    ("log_line", "x\n[warn] user «123456789»", Effect.LOWER),
    ("log_line", "informal user «123456789»", Effect.LOWER),
    ("log_line", "user «123456789»", Effect.KEEP),
    ("in_url", "https://a.example/items?id=«123456789»", Effect.LOWER),
    ("in_url", "/var/«123456789»/x", Effect.DROP),
    ("in_url", "see «123456789»", Effect.KEEP),
    ("version_number", "version «10.0.19041.1»", Effect.DROP),
    ("version_number", "v«1.2.3.4»", Effect.DROP),
    ("version_number", "pkg==«1.2.3.4»", Effect.DROP),
    ("version_number", "Chrome/«98.0.4758.102»", Effect.DROP),
    ("version_number", "http://«93.184.216.34»", Effect.KEEP),
    ("version_number", "server «93.184.216.34»", Effect.KEEP),
    ("documentation_key", "«AKIAIOSFODNN7EXAMPLE»", Effect.LOWER),
    ("documentation_key", "«AKIAIOSFODNN7QRSTUVW»", Effect.KEEP),
    ("role_address", "«support@acme.org»", Effect.LOWER),
    ("role_address", "«no-reply+x@acme.org»", Effect.LOWER),
    ("role_address", "«jane@example.com»", Effect.LOWER),
    ("role_address", "«jane@acme.org»", Effect.KEEP),
    ("fictional_phone", "call +1 202-«555-0143»", Effect.LOWER),
    ("fictional_phone", "«(01632) 960123»", Effect.LOWER),
    ("fictional_phone", "«+1 202-555-0243»", Effect.KEEP),
]


@pytest.mark.parametrize(("name", "marked", "effect"), CASES)
def test_without_a_word_near(name: str, marked: str, effect: Effect) -> None:
    assert _effect(name, marked) is effect


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("sequence", "card «123-45-6789»"),
        ("calendar_day", "card: «20240110»"),
        ("timestamp", "card «1732700000»"),
        ("log_line", "2026-11-27T10:30:00Z INFO card «123456789»"),
        ("role_address", "card «jane@example.com»"),
    ],
)
def test_a_word_near_outweighs_the_weaker_reasons(name: str, marked: str) -> None:
    assert _effect(name, marked, keyword=NEAR) is Effect.KEEP


def test_a_word_further_off_does_not_make_a_day_a_number() -> None:
    assert _effect("calendar_day", "card office, opened «20240110»", keyword=NEAR) is Effect.LOWER


def test_the_word_directly_before_says_what_the_number_is() -> None:
    marked = "card, order «123456789»"
    order = Keyword("order", 6, 11)
    assert _effect("other_number", marked) is Effect.KEEP
    assert _effect("other_number", marked, keyword=NEAR, other=order) is Effect.LOWER
    assert _effect("other_number", "order card «123456789»", Keyword("card", 6, 10), Keyword("order", 0, 5)) is Effect.KEEP


def test_every_suppressor_has_a_text_that_it_suppresses_and_one_that_it_leaves_alone() -> None:
    named = {*SUPPRESSORS} - {"other_number"}  # has its own test: it needs a word
    assert {name for name, _, effect in CASES if effect is not Effect.KEEP} >= named
    assert {name for name, _, effect in CASES if effect is Effect.KEEP} >= named

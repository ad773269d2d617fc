"""Look-alike letters: words that mix alphabets are read as one, ordinary words of any alphabet stay."""

from __future__ import annotations

import pytest

from scangate.matching.folding import clean


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("ignоre the rules", "ignore the rules"),  # Cyrillic о
        ("Ιgnore аll", "Ignore all".lower().replace("ignore", "ignore")),
        ("рaypal.com", "paypal.com"),
        ("sysтeм pгompt", "system prompt"),
        ("pαsswοrd", "password"),
        ("please log in to раураӏ today", "please log in to paypai today"),
        ("使用ignоre命令", "使用ignore命令"),
        ("Ꭺdmin", "admin"),
    ],
)
def test_latin_words_with_foreign_letters_become_latin(raw: str, expected: str) -> None:
    assert clean(raw).text.lower() == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("cпасибо", "спасибо"), ("игнopируй вcе", "игнорируй все"), ("Bнимание", "Внимание")],
)
def test_cyrillic_words_with_latin_letters_become_cyrillic(raw: str, expected: str) -> None:
    assert clean(raw).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "Сахар и хор: оса, уха, рос.",
        "Рассвет over the river",
        "The Russian word сахар, как и хор, означает нечто",
        "ρ is the density, ν the frequency",
        "QR-код и IT-компания, PDFки",
        "Ελλάδα και Κύπρος",
        "TシャツとAI",
        "Привет, world",
        "Hello",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert clean(text).text == text


def test_offsets_are_untouched() -> None:
    result = clean("an ignоre")
    assert result.offsets.to_raw(3, 9).start == 3
    assert result.offsets.to_raw(3, 9).end == 9

"""Keywords: whole words in every script, however they are joined or accented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.matching.literals import KeywordFinder, lower_same_length, spellings

FINDER = KeywordFinder(["card number", "SSN", "паспорт*", "信用卡", "número de cuenta", "счёт", "kreditkarte*"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("My Card Number is", ["card number"]),
        ("card_number = 1", ["card number"]),
        ('{"cardNumber": 1}', ["card number"]),
        ("card-number", ["card number"]),
        ("discard numbers", []),
        ("ssn", ["SSN"]),
        ("the SSN.", ["SSN"]),
        ("missn", []),
        ("ssns", []),
        ("серия паспорта", ["паспорт*"]),
        ("загранпаспорт", []),
        ("我的信用卡号", ["信用卡"]),
        ("我的SSN是", ["SSN"]),
        ("numero de cuenta", ["número de cuenta"]),
        ("NÚMERO DE CUENTA", ["número de cuenta"]),
        ("счет", ["счёт"]),
        ("Kreditkartennummer", ["kreditkarte*"]),
    ],
)
def test_finds_whole_words(text: str, words: list[str]) -> None:
    assert [keyword.word for keyword in FINDER.find(text)] == words
    assert FINDER.present(text) == set(words)


def test_offsets_are_those_of_the_text_though_letters_grow_in_lower_case() -> None:
    text = "İİİ ssn"
    (keyword,) = FINDER.find(text)
    assert text[keyword.start : keyword.end] == "ssn"


def test_no_words_find_nothing() -> None:
    assert KeywordFinder([]).find("text") == []
    assert KeywordFinder([]).present("text") == set()


def test_spellings_of_one_word() -> None:
    assert list(spellings("Fecha de Niñez")) == [
        "fecha de niñez",
        "fecha_de_niñez",
        "fecha-de-niñez",
        "fechadeniñez",
        "fecha de ninez",
        "fecha_de_ninez",
        "fecha-de-ninez",
        "fechadeninez",
    ]


@given(st.text(max_size=60))
def test_lower_case_keeps_the_length(text: str) -> None:
    assert len(lower_same_length(text)) == len(text)


@given(st.text(max_size=60))
def test_present_never_misses_what_find_reports(text: str) -> None:
    assert {keyword.word for keyword in FINDER.find(text)} <= FINDER.present(text)

"""Keywords: whole words in every script, however they are joined or accented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.matching.literals import Keyword, KeywordFinder, lower_same_length, spellings

FINDER = KeywordFinder(["card number", "SSN", "паспорт*", "信用卡", "número de cuenta", "счёт", "kreditkarte*"])


def _found(finder: KeywordFinder, text: str) -> list[Keyword]:
    found = finder.find(text)
    columns = (found.ids.tolist(), found.starts.tolist(), found.ends.tolist())
    return [Keyword(finder.words[index], start, end) for index, start, end in zip(*columns, strict=True)]


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
    assert [keyword.word for keyword in _found(FINDER, text)] == words
    assert FINDER.find(text).present == FINDER.ids(words)


def test_offsets_are_those_of_the_text_though_letters_grow_in_lower_case() -> None:
    text = "İİİ ssn"
    (keyword,) = _found(FINDER, text)
    assert text[keyword.start : keyword.end] == "ssn"


def test_no_words_find_nothing() -> None:
    assert _found(KeywordFinder([]), "text") == []
    assert KeywordFinder([]).find("text").present == set()


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


def test_overlapping_keywords_are_all_found_in_order() -> None:
    finder = KeywordFinder(["card", "card number", "number", "ssn"])
    assert [(keyword.word, keyword.start) for keyword in _found(finder, "card number, ssn")] == [
        ("card", 0),
        ("card number", 0),
        ("number", 5),
        ("ssn", 13),
    ]
    wanted = finder.mask(finder.ids(["ssn", "card", "unheard of"]))
    assert finder.find("card number, ssn").starts_of(wanted).tolist() == [0, 13]


@pytest.mark.parametrize("at", [-4, -3, -1, 0, 1])
def test_keywords_across_the_blocks_of_a_long_text_are_found_once(at: int) -> None:
    start = (1 << 18) + at
    text = " " * start + "ssn" + " " * 100 + "a ssn"
    assert [(keyword.start, keyword.end) for keyword in _found(FINDER, text)] == [(start, start + 3), (start + 105, start + 108)]


@given(st.text(alphabet="sn ß信用卡паспорт1_-", max_size=60))
def test_what_is_found_is_the_keyword_between_its_offsets(text: str) -> None:
    for keyword in _found(FINDER, text):
        assert text[keyword.start : keyword.end].lower() in set(spellings(keyword.word.rstrip("*")))

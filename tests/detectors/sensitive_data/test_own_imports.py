"""Exact data and fingerprints: what was imported is found however it is written, nothing else is, and nothing can be read back."""

from __future__ import annotations

import hmac
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scangate.detectors.sensitive_data.own.exact_data import VALUE_MIN, VALUE_WORDS_MAX, ValueFinder, column_of, hash_values
from scangate.detectors.sensitive_data.own.fingerprints import SHINGLE, WINDOW, DocumentFinder, fingerprint, shingles
from scangate.detectors.sensitive_data.own.keyed import Keyed, contained, pack, unpack
from scangate.detectors.sensitive_data.own.words import normalised, words_of

KEY = bytes(range(32))
OTHER_KEY = bytes(32)


def _unbothered() -> None:
    return None


def looked_up(values: list[str], text: str, key: bytes = KEY) -> list[str]:
    """The stretches of the folded text that are values."""
    stored, _ = hash_values(values, KEY)
    folded = normalised(text)
    words = words_of(folded)
    found = ValueFinder(stored).find(words, Keyed(key), _unbothered)
    return [folded[words.starts[first] : words.ends[last - 1]] for first, last, _ in found]


COLUMN = ["John Smith", "Anna-Lena O'Neill", "4012-77-31", "DE89 3704 0044 0532 0130 00", "München AG", "山田太郎", "A1B2C3"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tell JOHN  SMITH that", ["john  smith"]),
        ("john_smith; John, Smith", ["john_smith", "john, smith"]),
        ("anna lena o neill", ["anna lena o neill"]),
        ("account 40127731 and 4012 7731.", ["40127731", "4012 7731"]),
        ("iban DE89370400440532013000", ["de89370400440532013000"]),
        ("ＭＵ\u0308NCHEN AG", ["münchen ag"]),
        ("これは山田太郎です", ["山田太郎"]),
        ("code a1b2c3", ["a1b2c3"]),
        ("Smith John, John Smithson, Johnsmith", []),
        ("40127732, 401277310, 4012 / 77 :::: 31", []),
        ("", []),
        ("\ud800", []),
    ],
)
def test_values_are_found_however_they_are_written(text: str, found: list[str]) -> None:
    assert looked_up(COLUMN, text) == found


def test_another_key_finds_nothing() -> None:
    assert looked_up(COLUMN, "John Smith has 40127731") and looked_up(COLUMN, "John Smith has 40127731", OTHER_KEY) == []


def test_hashes_are_hmacs_cut_to_64_bits() -> None:
    stored, _ = hash_values(["4012-7731"], KEY)
    assert stored.hashes == hmac.digest(KEY, b"40127731", "sha256")[:8]
    assert stored.heads == b"" and stored.number_lengths == (8,)


def test_what_is_stored_holds_no_value() -> None:
    stored, _ = hash_values(COLUMN, KEY)
    everything = repr(stored).casefold().encode()
    assert [value for value in COLUMN if value.casefold().encode() in everything] == []


VALUES = st.lists(
    st.text(alphabet="abcdefgh ABC0123-éß漢", min_size=1, max_size=24).filter(
        lambda text: sum(map(str.isalnum, text)) >= VALUE_MIN
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.sampled_from(["", "; ", " :: \n"]), st.data())
def test_every_value_of_a_column_is_found(values: list[str], around: str, data: st.DataObject) -> None:
    values = [value for value in values if len(words_of(normalised(value))) <= VALUE_WORDS_MAX]
    assume(values)
    value = data.draw(st.sampled_from(values))
    assert looked_up([value], f"{around}{value}{around}") == [_without_edges(value)]
    assert looked_up(values, f"{around}{value}{around}") != []


def _without_edges(value: str) -> str:
    folded = normalised(value)
    words = words_of(folded)
    return folded[words.starts[0] : words.ends[-1]]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.text(alphabet="mnopqr789", min_size=4, max_size=12), min_size=1), st.text(alphabet="abcdef 0123", max_size=200)
)
def test_other_text_is_never_found(values: list[str], text: str) -> None:
    assert looked_up(values, text) == []


def test_columns_are_merged_and_left_out_values_counted() -> None:
    first, skipped = hash_values(["abc", "", "John Smith", "john  smith", "x" * 500], KEY)
    assert (first.count, skipped) == (1, 3)
    second, _ = hash_values(["Jane Doe Miller", "12345"], KEY)
    both = first.merged(second)
    assert (both.count, both.word_counts, both.number_lengths) == (3, (2, 3), (5,))
    words = words_of("john smith, jane doe miller, 12345")
    assert len(ValueFinder(both).find(words, Keyed(KEY), _unbothered)) == 3


def test_a_column_without_values_is_refused() -> None:
    with pytest.raises(ValueError, match="no value of 4 to 200"):
        hash_values(["a", "", "--"], KEY)


@pytest.mark.parametrize(
    ("document", "column", "values"),
    [
        ('id,name\n1,Ann\n2,"Bo, Jr"\n', "name", ["Ann", "Bo, Jr"]),
        ("\ufeffid;name\r\n1;Ann\r\n", "id", ["1"]),
        ("id\tname\n1\tAnn\n2\n", "name", ["Ann"]),
        ("Ann\nBo\n", None, ["Ann", "Bo"]),
    ],
)
def test_columns_of_tables(document: str, column: str | None, values: list[str]) -> None:
    assert list(column_of(document, column)) == values


@pytest.mark.parametrize(
    ("document", "words"), [("a,b\n1,2", "no column 'c'"), ("", "no column 'c'"), ("c,c\n1,2", "several columns")]
)
def test_a_column_that_is_not_there_is_refused(document: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        list(column_of(document, "c"))


def prose(seed: int, words: int) -> str:
    source = random.Random(seed)
    return " ".join("".join(source.choices("abcdefghijklmnop", k=source.randint(2, 9))) for _ in range(words))


def overlap(document: str, text: str, key: bytes = KEY):  # type: ignore[no-untyped-def]
    words = words_of(normalised(text))
    return DocumentFinder(fingerprint(document, KEY)).overlap(shingles(words, Keyed(key)), len(words))


def test_the_share_of_a_document_that_a_text_holds() -> None:
    document = prose(1, 1000)
    pieces = document.split()
    assert overlap(document, document).share == 1.0
    half = overlap(document, prose(2, 3000) + " " + " ".join(pieces[:500]) + " " + prose(3, 3000))
    assert 0.4 < half.share < 0.6
    excerpt = overlap(document, " ".join(pieces[300:360]).upper().replace(" ", ",\n"))
    assert excerpt.share > 0.9, "the whole text is out of the document"
    assert overlap(document, prose(4, 5000)) is None
    assert overlap(document, " ".join(pieces[10 : 10 + SHINGLE])) is None, "a phrase is no excerpt"
    assert overlap(document, document, OTHER_KEY) is None


def test_runs_are_where_the_text_repeats_the_document() -> None:
    document, before = prose(1, 400), prose(2, 50)
    excerpt = " ".join(document.split()[100:200])
    [(first, last)] = overlap(document, f"{before} {excerpt} {prose(3, 70)}").runs
    assert 50 <= first <= 50 + WINDOW and 150 - WINDOW <= last <= 150


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 300), st.integers(60, 120), st.integers(0, 100))
def test_an_excerpt_is_found_wherever_it_begins(start: int, length: int, before: int) -> None:
    document = prose(7, 500)
    excerpt = " ".join(document.split()[start : start + length])
    assert overlap(document, f"{prose(8, before)} {excerpt} {prose(9, before)}") is not None


def test_short_documents_are_refused() -> None:
    with pytest.raises(ValueError, match="30 to"):
        fingerprint(prose(1, 29), KEY)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1)))
def test_packed_hashes_are_the_set_that_went_in(stored: list[int], asked: list[int]) -> None:
    kept = unpack(pack(np.array(stored, dtype=np.uint64)))
    assert kept.tolist() == sorted(set(stored))
    both = [*asked, *stored]
    assert contained(np.array(both, dtype=np.uint64), kept).tolist() == [each in set(stored) for each in both]

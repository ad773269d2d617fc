"""Cleaning and case folding: what a reader sees, and exact offsets back to the raw text."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scangate.domain.content import Span
from scangate.matching.folding import MAX_HIDDEN_SPANS, Cleaned, clean, fold


def folded(text: str) -> Cleaned:
    return fold(clean(text))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Hello, World", "hello, world"),
        ("Ｉｇｎｏｒｅ ａｌｌ", "ignore all"),
        ("𝒜𝓁𝓁 𝐫𝐮𝐥𝐞𝐬 𝟙𝟚𝟛", "all rules 123"),
        ("ⓘⓖⓝⓞⓡⓔ", "ignore"),
        ("🅸🅶🅽🅾🆁🅴 🄰", "ignore a"),
        ("🇮🇬🇳🇴🇷🇪", "ignore"),
        ("ɪɢɴᴏʀᴇ ᴀʟʟ", "ignore all"),
        ("ign\u200bore\u2060 all\u00ad", "ignore all"),
        ("\u202eabc\u202c", "abc"),
        ("a\U000e0041\U000e0042b", "ab"),
        ("i\u0338g\u0337n\u0334o\u0335r\u0336e\u0337", "ignore"),
        ("i" + "\u0300\u0301\u0302\u0303\u0304" * 8 + "gnore", "ignore"),
        ("Straße", "strasse"),
        ("ﬃ ﬁ", "ffi fi"),
        ("e\u0301te\u0301", "été"),
        ("o\u0323\u0302", "ộ"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("İstanbul", "istanbul"),
        ("½ № ™ …", "1/2 no tm ..."),
        ("“don’t” – ok", '"don\'t" - ok'),
        ("ig\x00no\x08re", "ignore"),
        ("tab\tline\nend\r\n", "tab\tline\nend\r\n"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("за\u0301мок", "замок"),
        ("и\u0306", "й"),
        ("", ""),
    ],
)
def test_reader_sees_the_plain_text(raw: str, expected: str) -> None:
    assert folded(raw).text == expected


@pytest.mark.parametrize(
    "ordinary",
    [
        "привет, как дела? рассвет над рекой",
        "γειά σου κόσμε",
        "こんにちは、世界。tシャツとaiの話",
        "今天天气很好,我们去公园。",
        "مرحبا بالعالم",
        "être ou ne pas être, naïveté",
        "größe, müßig".replace("ß", "ss"),
    ],
)
def test_words_of_every_script_stay(ordinary: str) -> None:
    assert folded(ordinary).text == ordinary


def test_emoji_sequences_stay_whole_and_hide_nothing() -> None:
    text = "👨‍👩‍👧 ❤️ ✈️"
    result = folded(text)
    assert result.text == text
    assert result.hidden == ()


@pytest.mark.parametrize(
    "text",
    ["1️⃣ first", "\ufeffwith a byte-order mark", "می‌خواهم", "שלום\u200f!", "क्‍ष"],
    ids=["keycap", "byte-order mark", "persian joiner", "hebrew mark", "devanagari joiner"],
)
def test_needed_invisibles_are_not_reported(text: str) -> None:
    assert clean(text).hidden == ()


def test_hidden_runs_are_reported_in_raw_offsets() -> None:
    assert clean("a\u200b\u200bb\u202ec\u00ad").hidden == (Span(1, 3), Span(4, 5), Span(6, 7))


def test_hidden_runs_are_capped() -> None:
    assert len(clean("a\u200b" * (MAX_HIDDEN_SPANS + 50)).hidden) == MAX_HIDDEN_SPANS


@pytest.mark.parametrize(
    ("raw", "start", "end", "span"),
    [
        ("Straße!", 4, 5, Span(4, 5)),
        ("Straße!", 5, 6, Span(4, 5)),
        ("Straße!", 6, 8, Span(5, 7)),
        ("ﬃx", 0, 1, Span(0, 1)),
        ("ﬃx", 2, 4, Span(0, 2)),
        ("e\u0301x", 0, 1, Span(0, 2)),
        ("e\u0301x", 1, 2, Span(2, 3)),
        ("ig\u200bn", 1, 3, Span(1, 4)),
        ("ig\u200bn", 1, 2, Span(1, 2)),
        ("\u200bab", 0, 2, Span(1, 3)),
        ("ab\u200b", 2, 2, Span(3, 3)),
        ("a…ß", 1, 6, Span(1, 3)),
        ("plain", 2, 4, Span(2, 4)),
    ],
)
def test_offsets_are_exact(raw: str, start: int, end: int, span: Span) -> None:
    assert folded(raw).offsets.to_raw(start, end) == span


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_offsets_lie_in_the_raw_text_and_are_monotone(raw: str) -> None:
    result = folded(raw)
    result.text.encode("utf-8")
    previous = Span(0, 0)
    for index in range(len(result.text)):
        span = result.offsets.to_raw(index, index + 1)
        assert 0 <= span.start < span.end <= len(raw)
        assert span.start >= previous.start
        assert span.end >= previous.end
        previous = span
    whole = result.offsets.to_raw(0, len(result.text))
    assert 0 <= whole.start <= whole.end <= len(raw)


LETTERS = st.one_of(
    st.text(st.sampled_from(alphabet + "①½ ,.!19"), max_size=60)
    for alphabet in ("abcXYZéÉüßñçøåàﬁﬃ", "абвгдЯЙёЁж", "あガ漢字ｶ", "한글", "αβγΔήώ")
)
"""One alphabet a text: what look-alikes become is test_confusables.py's matter."""


@given(LETTERS)
def test_equals_the_standard_librarys_normal_form(raw: str) -> None:
    expected = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", raw).casefold()).replace("\u2044", "/")
    assert folded(raw).text == expected


@given(LETTERS)
def test_composed_and_decomposed_texts_fold_alike(raw: str) -> None:
    assert folded(unicodedata.normalize("NFD", raw)).text == folded(unicodedata.normalize("NFC", raw)).text


@given(LETTERS, st.lists(st.tuples(st.integers(0, 60), st.sampled_from("\u200b\u200e\u2066\u00ad\U000e0061\ufeff")), max_size=12))
def test_invisible_characters_change_nothing_but_offsets(raw: str, inserted: list[tuple[int, str]]) -> None:
    text = unicodedata.normalize("NFC", raw)
    disguised = text
    for at, char in inserted:
        disguised = disguised[: min(at, len(disguised))] + char + disguised[min(at, len(disguised)) :]
    assert folded(disguised).text == folded(text).text


@given(LETTERS)
def test_each_character_comes_from_the_raw_slice_it_maps_to(raw: str) -> None:
    result = folded(raw)
    for index, char in enumerate(result.text):
        span = result.offsets.to_raw(index, index + 1)
        assert char in folded(raw[span.start : span.end]).text


@pytest.mark.parametrize(
    "unit",
    ["The quick fox. ", "Съешь ещё булок ", "我们今天去公园", "Ｉｇｎ", "\u0301", "e\u0301", "\u200b", "a\u200b", "👨‍👩‍👧❤️", "ﬃ", "ß",
     "ignоre ", "\ud800", "\x00", "\u202eab\u202c"],
    ids=lambda unit: ascii(unit)[:20],
)  # fmt: skip
def test_cost_is_linear_whatever_the_text(unit: str) -> None:
    text = unit * (400_000 // len(unit.encode("utf-8", "surrogatepass")))
    started = time.process_time()
    folded(text)
    assert time.process_time() - started < 1.0

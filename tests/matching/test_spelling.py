"""Spaced-out letters and leet become words; lists of letters, codes and abbreviations stay."""

from __future__ import annotations

import pytest

from scangate.matching.decoded import Bounds, Source
from scangate.matching.spelling import respelled


def readings(text: str) -> list[str]:
    return [piece.text for piece in respelled(Source.of(text), Bounds(1 << 20))]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("p l e a s e   w a i t   h e r e", "please wait here"),
        ("p-l-e-a-s-e w-a-i-t h-e-r-e", "please wait here"),
        ("p.l.e.a.s.e w.a.i.t h.e.r.e", "please wait here"),
        ("p_l_e_a_s_e w_a_i_t", "please wait"),
        ("p★l★e★a★s★e w★a★i★t", "please wait"),
        ("\\p\\l\\e\\a\\s\\e\\ \\w\\a\\i\\t", "\\please wait"),
        ("p-l-e-a-s-e-w-a-i-t-h-e-r-e", "please wait here"),
        ("p l e a s e w a i t h e r e", "please wait here"),
        ("now p l e a s e wait", "now please wait"),
        ("п о л е й   ц в е т ы   н а   к у х н е", "полей цветы на кухне"),
        ("z a u b e r e   n a c h b a r i n   k l i n g e l t", "zaubere nachbarin klingelt"),
        ("请 你 在 出 门 之 前 给 我 们 打 电 话", "请你在出门之前给我们打电话"),
        ("p1e4s3 w41t h3r3 f0r th3 m4n4g3r", "please wait here for the manager"),
        ("7h15 15 4 73s7 of th3 sy5t3m, pl34s3 r34d 7h1s", "this is a test of the system, please read this"),
        ("pl€as€ r€ad th€ instruction$ b€for€ l€aving", "please read the instructions before leaving"),
    ],
)
def test_words_are_restored(raw: str, expected: str) -> None:
    assert readings(raw) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "A B C D E F G",
        "a, b, c, d",
        "x y z w v",
        "U.S.S.R. and N.A.S.A.",
        "J. R. R. T. Smith",
        "| a | b | c | d |",
        "1. e4 e5 2. Nf3 Nc6 3. Bb5 a6",
        "DE89 3704 0044 0532 0130 00",
        "covid19 mp3 user1 b2b 4th 1st H2O A4",
        "key1 value5 test3 word5",
        "P@ssw0rd",
        "3f2504e0 4f89 11d3 9a0c 0305e82c3301",
        "deadbeef b4dc0de c0ffee 1a2b3c4d",
        "1500m 2400h 42km 10a 7b",
        "if (!a || !b) { x[i] = y[j] + z[k]; }",
        "G 3 4 5 H J K 2 N N Y Y N Y",
        "r = a * b + c * d - e / f",
        "G H J K   N N Y Y   Z Q X V   W T R P",
        "а б в г   д е ж з   и к л м   н о п р",
        "К Н Щ Ъ   Ж Ц Х Р   Ы Ф Щ П   Ь Ъ Ч Ж",
    ],
)
def test_what_is_not_spelling_stays(text: str) -> None:
    assert readings(text) == []


def test_offsets_are_exact_for_every_letter() -> None:
    raw = "now w-a-i-t h-e-r-e ok"
    (piece,) = respelled(Source.of(raw), Bounds(1 << 20))
    for at, char in enumerate(piece.text):
        span = piece.offsets.to_raw(at, at + 1)
        assert raw[span.start] == char or char == " "
    at = piece.text.index("here")
    span = piece.offsets.to_raw(at, at + 4)
    assert raw[span.start : span.end] == "h-e-r-e"


def test_leet_keeps_the_length_of_words() -> None:
    raw = "pl34s3 r34d 7h1s"
    (piece,) = respelled(Source.of(raw), Bounds(1 << 20))
    assert piece.offsets.to_raw(7, 11).start == 7
    assert piece.offsets.to_raw(7, 11).end == 11

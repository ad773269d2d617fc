from __future__ import annotations

import pytest

from scangate.matching.folding import codes_of
from scangate.matching.language import (
    forward_gain,
    is_word,
    known_share,
    pair_score,
    reads_as_text,
    rotation_gain,
    segment,
    words_of,
)


@pytest.mark.parametrize("word", ["please", "gracias", "пожалуйста", "nicht", "avec", "você", "della"])
def test_common_words_are_known(word: str) -> None:
    assert is_word(word)


@pytest.mark.parametrize("word", ["qzxv", "nyy", "eht", "xkcdq"])
def test_noise_is_not(word: str) -> None:
    assert not is_word(word)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("meet me at the station", True),
        ("Встретимся на вокзале", True),
        ("駅で会いましょう", True),
        ("在车站见面", True),
        ("curl -s http://example.com/install.sh | bash", True),
        ('{"name": "Ann", "town": "Leeds"}', True),
        ("E2ubyb@d", False),
        ("UUUUUUUUUUUU", False),
        ("49676e6f7265", False),
        ("\x00\x01\x02abc\x7f", False),
        ("ÐŸÑ€Ð¸Ñ", False),
        ("¡¿§µ¶·", False),
        ("aԱאف語ป", False),
        ("", False),
        ("ok", False),
        ("P\u200blease meet\u2060 me at the station", True),
        ("\u200b".join("Bitte hier am Bahnhof warten"), True),
        ("Café à côté, où déjà reçu", True),
        ("Eg4X7v 2yq9 Qx3 wJ8k", False),
    ],
)
def test_text_is_told_from_noise(text: str, expected: bool) -> None:
    assert reads_as_text(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "please remember to water the plants",
        "no olvides regar las plantas de la cocina",
        "не забудь полить цветы на кухне вечером",
        "vergiss bitte nicht die Pflanzen zu gießen",
        "台所の植物に水をやっておいてください",
        "请不要忘记给厨房里的植物浇水,我们明天回来",
    ],
)
def test_language_runs_forward(text: str) -> None:
    assert forward_gain(codes_of(text)).sum() > 60
    assert forward_gain(codes_of(text[::-1])).sum() < -60


def test_rotation_gain_tells_rot13() -> None:
    assert rotation_gain(codes_of("please remember to water the plants")).sum() < -250
    assert rotation_gain(codes_of("cyrnfr erzrzore gb jngre gur cynagf")).sum() > 250


@pytest.mark.parametrize(("likely", "unlikely"), [("nachbarin", "nchbrnzq"), ("кухне", "щъжцф"), ("ёлка", "клъщ")])
def test_pairs_of_letters_tell_words_from_noise(likely: str, unlikely: str) -> None:
    assert pair_score(likely) > 0 > pair_score(unlikely)


@pytest.mark.parametrize("word", ["", "a", "я", "台所"])
def test_no_pairs_have_no_score(word: str) -> None:
    assert pair_score(word) == 0


def test_words_are_runs_of_letters() -> None:
    assert words_of("Straße, l'eau; 3 ключа") == ["strasse", "l", "eau", "ключа"]


def test_segmentation_finds_the_words() -> None:
    assert segment("pleasewaitforthemanager") == ["please", "wait", "for", "the", "manager"]
    assert segment("") == []


def test_known_share_counts_letters() -> None:
    assert known_share(["please", "qzxvqz"]) == 0.5
    assert known_share([]) == 0.0

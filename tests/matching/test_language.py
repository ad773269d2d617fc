from __future__ import annotations

import pytest

from scangate.matching.folding import codes_of
from scangate.matching.language import (
    forward_gain,
    is_supported,
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


SUPPORTED = {
    "en": "Can you tell me what time the train to Boston leaves tomorrow and whether I need a ticket?",
    "es": "¿Puedes decirme a qué hora sale mañana el tren a Sevilla y si necesito un billete?",
    "ru": "Можешь сказать, во сколько завтра отправляется поезд в Казань и нужен ли мне билет?",
    "de": "Kannst du mir sagen, wann morgen der Zug nach Hamburg fährt und ob ich eine Fahrkarte brauche?",
    "fr": "Peux-tu me dire à quelle heure part demain le train pour Lyon et si j'ai besoin d'un billet ?",
    "ja": "明日の京都行きの電車は何時に出ますか。",
    "pt": "Você pode me dizer a que horas sai amanhã o trem para Campinas e se preciso de bilhete?",
    "it": "Puoi dirmi a che ora parte domani il treno per Torino e se mi serve un biglietto?",
    "zh": "请告诉我明天去上海的火车几点出发，需要买票吗？",
}
UNSUPPORTED = {
    "nl": "Kun je me vertellen hoe laat de trein naar Amsterdam morgen vertrekt en of ik daar een kaartje voor nodig heb?",
    "pl": "Czy możesz mi powiedzieć, o której godzinie odjeżdża jutro pociąg do Krakowa i czy potrzebuję biletu?",
    "tr": "Yarın Ankara'ya giden trenin saat kaçta kalktığını ve bilet gerekip gerekmediğini söyler misin?",
    "uk": "Чи можеш ти сказати, о котрій годині завтра відправляється потяг до Львова і чи потрібен мені квиток?",
    "ar": "هل يمكنك أن تخبرني متى يغادر القطار غدا؟",
    "hi": "क्या आप मुझे बता सकते हैं कि कल ट्रेन कब जाती है?",
    "ko": "내일 부산행 기차가 몇 시에 출발하는지 알려 줄래?",
}


@pytest.mark.parametrize("text", SUPPORTED.values(), ids=SUPPORTED)
def test_the_nine_languages_are_supported(text: str) -> None:
    assert is_supported(text) is True


@pytest.mark.parametrize("text", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_other_languages_are_not(text: str) -> None:
    assert is_supported(text) is False


@pytest.mark.parametrize("text", ["", "ok", "😀" * 300, "12 34", "pod CrashLoopBackOff"])
def test_a_text_that_is_too_short_to_tell_is_neither(text: str) -> None:
    assert is_supported(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a.id, b.name FROM accounts a JOIN b ON a.id=b.id WHERE b.created_at > now() ORDER BY a.id LIMIT 10",
        "kubernetes pod CrashLoopBackOff after upgrading helm chart, logs attached below, please help me",
    ],
)
def test_code_and_jargon_are_not_called_another_language(text: str) -> None:
    assert is_supported(text) is not False

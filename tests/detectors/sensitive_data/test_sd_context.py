"""Words near a value, in nine languages: they raise what is weak alone, and only where they stand near and are not denied."""

from __future__ import annotations

import pytest
from tests.detectors.sensitive_data.conftest import Scan

from scangate.domain.taxonomy import Confidence

LANGUAGES = {
    "en": {
        "payment-card": "My credit card number is 4111111111111111.",
        "passport": "passport number C01X00T47",
        "date-of-birth": "date of birth: 14.03.1985",
        "phone": "call me at +49 30 901820",
        "bank-account-number": "bank account number 40812345678",
        "password": "the password is Winter2024#",
        "us-ssn": "her social security number: 536-90-4399",
    },
    "es": {
        "payment-card": "Mi tarjeta de crédito es 4111111111111111.",
        "passport": "número de pasaporte C01X00T47",
        "date-of-birth": "fecha de nacimiento: 14/03/1985",
        "phone": "mi teléfono es +34 612 345 678",
        "bank-account-number": "número de cuenta 40812345678",
        "password": "mi contraseña es Winter2024#",
        "us-ssn": "su número de seguro social: 536-90-4399",
    },
    "ru": {
        "payment-card": "Номер карты 4111111111111111.",
        "passport": "загранпаспорт 71 1234567",
        "date-of-birth": "дата рождения: 14.03.1985",
        "phone": "мой телефон +7 495 123-45-67",
        "bank-account-number": "номер счета 40817810099910004312",
        "password": "Мой пароль: Winter2024#",
        "us-ssn": "номер социального страхования: 536-90-4399",
    },
    "de": {
        "payment-card": "Meine Kreditkarte hat die Nummer 4111111111111111.",
        "passport": "Reisepass C01X00T47",
        "date-of-birth": "Geburtsdatum: 14.03.1985",
        "phone": "meine Telefonnummer ist +49 30 901820",
        "bank-account-number": "Kontonummer 40812345678",
        "password": "mein Passwort ist Winter2024#",
        "us-ssn": "US-Sozialversicherungsnummer: 536-90-4399",
    },
    "fr": {
        "payment-card": "Ma carte bancaire : 4111111111111111.",
        "passport": "numéro de passeport 14AB12345",
        "date-of-birth": "date de naissance : 14/03/1985",
        "phone": "mon numéro est le +33 1 42 68 53 00",
        "bank-account-number": "numéro de compte 40812345678",
        "password": "mon mot de passe est Winter2024#",
        "us-ssn": "numéro de sécurité sociale américain : 536-90-4399",
    },
    "ja": {
        "payment-card": "クレジットカード番号は4111111111111111です",
        "passport": "パスポート番号 TR1234567",
        "date-of-birth": "生年月日：1985-03-14",
        "phone": "私の電話番号は+81 3-1234-5678です",
        "bank-account-number": "口座番号は7654321です",
        "password": "パスワード：Winter2024#",
        "us-ssn": "社会保障番号 536-90-4399",
    },
    "pt": {
        "payment-card": "Meu cartão de crédito é 4111111111111111.",
        "passport": "número do passaporte CA123456",
        "date-of-birth": "data de nascimento: 14/03/1985",
        "phone": "meu telefone é +55 11 91234-5678",
        "bank-account-number": "conta corrente 40812345678",
        "password": "minha senha é Winter2024#",
        "us-ssn": "número de segurança social: 536-90-4399",
    },
    "it": {
        "payment-card": "La mia carta di credito è 4111111111111111.",
        "passport": "numero di passaporto YA1234567",
        "date-of-birth": "data di nascita: 14/03/1985",
        "phone": "il mio numero è +39 06 1234 5678",
        "bank-account-number": "numero di conto 40812345678",
        "password": "la mia password è Winter2024#",
        "us-ssn": "numero di previdenza sociale: 536-90-4399",
    },
    "zh": {
        "payment-card": "我的信用卡号是4111111111111111",
        "passport": "护照号码 E12345678",
        "date-of-birth": "出生日期：1985-03-14",
        "phone": "我的手机 13800138000",
        "bank-account-number": "银行账号 40812345678",
        "password": "密码：Winter2024#",
        "us-ssn": "社会安全号码536-90-4399",
    },
}
HIGH = {"payment-card", "us-ssn"}


@pytest.mark.parametrize(
    ("rule_id", "text"),
    [pytest.param(rule_id, text, id=f"{lang}-{rule_id}") for lang, texts in LANGUAGES.items() for rule_id, text in texts.items()],
)
def test_a_word_near_raises_a_match_in_each_language(scan: Scan, rule_id: str, text: str) -> None:
    flagged = [finding for finding in scan(text) if finding.flagged and finding.rule_id.startswith(rule_id)]
    assert flagged
    assert flagged[0].confidence is (Confidence.HIGH if rule_id in HIGH else Confidence.MEDIUM)


def test_all_nine_languages_are_covered_alike() -> None:
    assert len(LANGUAGES) == 9
    assert {frozenset(texts) for texts in LANGUAGES.values()} == {frozenset(LANGUAGES["en"])}


def _card(scan: Scan, text: str) -> Confidence:
    return max((f for f in scan(text) if f.rule == "Credit Card Number"), key=lambda finding: finding.score).confidence


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("card: " + "." * 180 + " 4111111111111111", Confidence.HIGH),
        ("card: " + "." * 210 + " 4111111111111111", Confidence.MEDIUM),
        ("4111111111111111" + " " * 50 + "card", Confidence.HIGH),
        ("4111111111111111" + " " * 70 + "card", Confidence.MEDIUM),
        ("this is not a card: 4111111111111111", Confidence.MEDIUM),
        ("das ist keine Karte: 4111111111111111", Confidence.MEDIUM),
        ("discarded 4111111111111111", Confidence.MEDIUM),
        ("name,card\nRoe," + "4111111111111111", Confidence.HIGH),
        ("name,card\n" + "Roe,x\n" * 40 + "Poe,4111111111111111", Confidence.HIGH),
        ("card,other\n" + "x,y\n" * 60 + "x,4111111111111111", Confidence.MEDIUM),
    ],
)
def test_words_count_where_they_are_near_whole_and_not_denied(scan: Scan, text: str, confidence: Confidence) -> None:
    assert _card(scan, text) is confidence


def test_far_behind_a_word_in_a_long_text_nothing_is_raised(scan: Scan) -> None:
    filler = "nothing to see here, move along. " * 200
    text = f"passport C01X00T47 {filler} C01X00T48 {filler} 护照 C01X00T49 {filler}"
    found = [text[finding.span.start : finding.span.end] for finding in scan(text)]
    assert found == ["C01X00T47", "C01X00T49"]


def test_a_value_before_its_word_is_found_in_a_long_text_too(scan: Scan) -> None:
    filler = "ничего особенного здесь нет. " * 200
    text = f"{filler} C01X00T47 is my passport {filler}"
    assert [text[finding.span.start : finding.span.end] for finding in scan(text)] == ["C01X00T47"]

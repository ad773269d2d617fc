"""What each data pattern finds and what it leaves alone, as a whole detector under Sensitive Content."""

from __future__ import annotations

import pytest
from tests.detectors.sensitive_data.conftest import Scan

from scangate.domain.taxonomy import Confidence

TIN = "Tax Id - US - TIN"
SSN = "National Id - US Social Security Number - SSN"
CARD = "Credit Card Number"
ABA = "Bank - American Bankers Association Routing Number - ABA"
CUSIP = "Bank - Committee on Uniform Securities Identification Procedures number"
IBAN = "Bank - International Bank Account Number - IBAN"

HITS = [
    # payment cards of every network: Luhn settles, a word near raises
    (CARD, "high", "my card 4012 8888 8888 1881", "4012 8888 8888 1881"),
    (CARD, "high", "mastercard 2223003122003222", "2223003122003222"),
    (CARD, "high", "amex 371449635398431", "371449635398431"),
    (CARD, "high", "diners club card 36227206271667", "36227206271667"),
    (CARD, "high", "discover card 6011-1111-1111-1117", "6011-1111-1111-1117"),
    (CARD, "high", "JCB card 3566002020360505", "3566002020360505"),
    (CARD, "high", "unionpay card 6200000000000005", "6200000000000005"),
    (CARD, "high", "Maestro card 6759649826438453", "6759649826438453"),
    (CARD, "medium", "4111111111111111", "4111111111111111"),
    ("Magnetic Stripe Information", "high", "%B4111111111111111^DOE/JANE^29011010000000000000?", "4111111111111111"),
    # banks
    (IBAN, "medium", "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32"),
    (IBAN, "high", "IBAN FR1420041010050500013M02606", "FR1420041010050500013M02606"),
    (ABA, "high", "routing number 121000358", "121000358"),
    ("Bank - Account Number", "medium", "checking account 40812345678", "40812345678"),
    (CUSIP, "high", "CUSIP 594918104", "594918104"),
    # people, United States
    (TIN, "high", "SSN: 536-90-4399", "536-90-4399"),
    (SSN, "medium", "social security number 536904399", "536904399"),
    (TIN, "high", "ITIN 912-70-1234", "912-70-1234"),
    (TIN, "medium", "EIN 12-1176633", "12-1176633"),
    # national and tax numbers of the nine languages' countries, the UK, India, Brazil and Canada
    ("National Id - Japan My Number", "high", "マイナンバー 123456789018", "123456789018"),
    ("Tax Id - Germany", "high", "Steuer-ID 86035742712", "86035742712"),
    ("National Id - Brazil - CPF", "high", "CPF 390.533.447-05", "390.533.447-05"),
    # reaching somebody
    ("Phone Number", "medium", "my phone number is +44 20 7031 3000", "+44 20 7031 3000"),
    ("Phone Number", "medium", "call me at (650) 253-0000", "(650) 253-0000"),
    ("Email Address", "medium", "my email is ana.ruiz@yahoo.es", "ana.ruiz@yahoo.es"),
    ("IP Address - IPv4", "medium", "my ip is 93.184.216.34", "93.184.216.34"),
    ("IP Address - IPv6", "medium", "client ip 2606:2800:220:1:248:1893:25c8:1946", "2606:2800:220:1:248:1893:25c8:1946"),
    ("Date of Birth", "medium", "DOB 03/14/1985", "03/14/1985"),
    # keys and passwords
    (
        "JSON Web Token",
        "high",
        "eyJ¦hbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0LXVzZXIifQ.",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0LXVzZXIifQ.",
    ),
    ("Application Credential", "medium", "password = Zx81-cvbn!", "Zx81-cvbn!"),
    ("Application Credential", "medium", "mysql -u app -pZx81cvbn orders", "Zx81cvbn"),
]


@pytest.mark.parametrize(("name", "confidence", "text", "value"), HITS)
def test_hit(scan: Scan, name: str, confidence: str, text: str, value: str) -> None:
    text = text.replace("¦", "")
    (finding,) = [finding for finding in scan(text) if finding.flagged]
    assert (finding.rule, finding.confidence) == (name, Confidence(confidence))
    assert text[finding.span.start : finding.span.end] == value


NATIONAL = [
    ("uk-nino", "national insurance number AB 12 34 56 C"),
    ("uk-nhs-number", "NHS number 943 476 5919"),
    ("uk-utr", "unique taxpayer reference 1955839661"),
    ("es-dni", "DNI 54362315K"),
    ("es-nie", "NIE X2482300W"),
    ("de-identity-card", "Personalausweis L01X00T471"),
    ("fr-nir", "numéro de sécurité sociale 2 95 10 99 126 111 93"),
    ("it-codice-fiscale", "codice fiscale RCCMNL83S18D969H"),
    ("it-partita-iva", "partita IVA 00743110157"),
    ("pt-nif", "NIF 501964843"),
    ("ru-inn", "ИНН 500100732259"),
    ("ru-snils", "СНИЛС 112-233-445 95"),
    ("ru-passport", "паспорт 45 08 123456"),
    ("cn-resident-id", "身份证号 11010519491231002X"),
    ("in-aadhaar", "Aadhaar 2341 2341 2346"),
    ("in-pan", "PAN ACUPA7085R"),
    ("br-cnpj", "CNPJ 16.727.230/0001-97"),
    ("ca-sin", "social insurance number 123-456-782"),
    ("passport-us", "US passport number 512345678"),
    ("driving-licence-us", "driver's license number D1234567"),
    ("uk-driving-licence", "driving licence MORGA657054SM9IJ"),
    ("bitcoin-address", "bitcoin wallet 1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
    ("segwit-address", "btc address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("ethereum-address", "ethereum wallet 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
]


@pytest.mark.parametrize(("rule_id", "text"), NATIONAL)
def test_hit_by_rule(scan: Scan, rule_id: str, text: str) -> None:
    assert rule_id in {finding.rule_id for finding in scan(text) if finding.flagged}


LAST_DIGIT_CHANGED = [
    "my card 4012 8888 8888 1882",
    "IBAN GB82 WEST 1234 5698 7654 33",
    "routing number 121000359",
    "CUSIP 594918105",
    "マイナンバー 123456789019",
    "Steuer-ID 86035742713",
    "CPF 390.533.447-06",
    "NHS number 943 476 5918",
    "DNI 54362315L",
    "NIE X2482300X",
    "codice fiscale RCCMNL83S18D969K",
    "partita IVA 00743110158",
    "СНИЛС 112-233-445 96",
    "身份证号 110105194912310021",
    "Aadhaar 2341 2341 2347",
    "CNPJ 16.727.230/0001-98",
    "bitcoin wallet 1BoatSLRHtKNngkdXEeobR76b53LETtpyU",
    "btc address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "ethereum wallet 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
]


@pytest.mark.parametrize("text", LAST_DIGIT_CHANGED)
def test_a_failed_checksum_is_never_sure(scan: Scan, text: str) -> None:
    assert [finding.rule for finding in scan(text) if finding.confidence is Confidence.HIGH] == []


HARMLESS = [
    "order 4111111111111111 has shipped",
    "invoice no. 536-90-4399",
    "tracking number 1Z999AA10123456784",
    "ticket 4012888888881881",
    "timestamps 1732700000 1732700000123 1732700000123456789",
    "20261127103000 20261127",
    "id 550e8400-e29b-41d4-a716-446655440000",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "d41d8cd98f00b204e9800998ecf8427e  usr/share/doc/a.gz",
    "integrity sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
    "version 10.0.19041.1, build 4.11.1111",
    "numpy==1.26.4 requires >=3.9",
    "2026-11-27T10:30:00.123456Z INFO request 4111111111111111 took 12 ms",
    "[2026-11-27 10:30:00] DEBUG user 536904399 logged in",
    "pi is 3.14159265358979323846",
    "total: $4,111,111.11 (12.5%)",
    "see https://shop.example.com/items/4111111111111111/view",
    "ISBN 978-3-16-148410-0, EAN 4006381333931",
    "IMEI 490154203237518",
    "width=1920 height=1080 offset=123456789",
    "mean 0.94 (95% CI 0.64-1.30), born in Asia",
    "chr1:123456789-123456999",
    "password: must contain at least 8 characters",
    "const password = request.body.password;",
    "apt-get remove -p python3-six",
    "the secret of success is practice",
    "token_type: bearer",
    "write to support@acme.com or call the hotline",
    "localhost 127.0.0.1:8443 and 192.0.2.1",
    "at 12:34:56 std::vector::iterator",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_merely_looks_like_it_is_not_flagged(scan: Scan, text: str) -> None:
    assert [(finding.rule_id, finding.confidence) for finding in scan(text) if finding.flagged] == []


def test_the_documented_example(scan: Scan) -> None:
    findings = scan("My SSN is 123-45-6789 and my card is 4111 1111 1111 1111")
    assert [(finding.rule, finding.span.start, finding.span.end - 1) for finding in findings] == [
        (TIN, 10, 20),
        (CARD, 37, 55),
    ]
    assert {finding.confidence for finding in findings} == {Confidence.HIGH}


@pytest.mark.parametrize("number", ["94111111111111111111", "1.4111111111111111", "4111-1111-1111-1111-1"])
def test_no_card_inside_a_longer_run_of_digits(scan: Scan, number: str) -> None:
    assert [finding for finding in scan(f"card {number}") if finding.confidence is Confidence.HIGH] == []

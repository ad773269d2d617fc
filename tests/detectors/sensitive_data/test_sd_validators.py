"""Validators: what they prove, what they accept, what they refuse, and where they correct the span."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detectors.sensitive_data.conftest import Scan

from scangate.detectors.sensitive_data.candidate import Candidate
from scangate.detectors.sensitive_data.validators.finance import card_network
from scangate.detectors.sensitive_data.validators.placeholders import is_identifier, is_placeholder, is_reference
from scangate.detectors.sensitive_data.validators.registry import resolve
from scangate.errors import ConfigurationError
from scangate.matching.literals import Keyword

NEAR = Keyword("card", 0, 4)
PROVEN, PLAUSIBLE, FAILED = (True, True), (True, False), (False, False)


def _candidate(marked: str, keyword: Keyword | None = None) -> Candidate:
    """`marked` holds the value between « and »."""
    start = marked.index("«")
    return Candidate(marked.replace("«", "").replace("»", ""), start, marked.index("»") - 1, keyword)


@pytest.mark.parametrize(
    ("validator", "marked", "expected"),
    [
        ("payment_card", "«4111 1111 1111 1111»", PROVEN),
        ("payment_card", "«4111111111111112»", FAILED),
        ("payment_card", "«9111111111111111»", FAILED),
        ("payment_card", "«4222222222222»", PLAUSIBLE),
        ("payment_card", "«４１１１»", FAILED),
        ("iban", "«GB82WEST12345698765432»", PROVEN),
        ("iban", "«GB82WEST12345698765433»", FAILED),
        ("iban", "«ZZ82WEST12345698765432»", FAILED),
        ("aba_routing", "«0210-0002-1»", PROVEN),
        ("aba_routing", "«999999992»", FAILED),
        ("us_ssn", "«666-12-3456»", FAILED),
        ("us_ssn", "«665-12-3456»", PLAUSIBLE),
        ("us_itin", "«912-69-1234»", FAILED),
        ("us_ein", "«07-1234567»", FAILED),
        ("jp_my_number", "«123456789018»", PROVEN),
        ("jp_my_number", "«123456789012»", FAILED),
        ("birth_date", "«31.12.1999»", PLAUSIBLE),
        ("birth_date", "«31.11.1999»", FAILED),
        ("birth_date", "«14 марта 1985»", PLAUSIBLE),
        ("birth_date", "«1985年3月14日»", PLAUSIBLE),
        ("birth_date", "«0.94-1.20»", FAILED),
        ("birth_date", "«14.03.1885»", FAILED),
        ("ipv4", "«93.184.216.34»", PLAUSIBLE),
        ("ipv4", "«93.184.216.256»", FAILED),
        ("ipv4", "«127.0.0.1»", FAILED),
        ("ipv4", "«1.2.3.4»", FAILED),
        ("ipv6", "«2001:db8::1»", FAILED),
        ("ipv6", "«2606:2800:220:1:248:1893:25c8:1946»", PLAUSIBLE),
        ("email", "«ana@acme.org»", PLAUSIBLE),
        ("email", "«icon@2x.png»", FAILED),
        ("email", "«a..b@acme.org»", FAILED),
        ("ethereum_address", "«0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed»", PROVEN),
        ("ethereum_address", "«0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD»", FAILED),
        ("ethereum_address", "«0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed»", PLAUSIBLE),
        ("password_value", "password = «Zx81-cvbn!»", PROVEN),
        ("password_value", "password = «swordfish»", PLAUSIBLE),
        ("password_value", "password = «get_password»(user)", FAILED),
        ("password_value", "password = «$plainText»", FAILED),
        ("secret_value", "key = «8f3kLq0ZpW7xTb2v»", PROVEN),
        ("secret_value", "public_key = «8f3kLq0ZpW7xTb2v»", FAILED),
        ("secret_value", "key = «abcdefghij0123456789»", FAILED),
        ("basic_credentials", "«dXNlcjpXaW50ZXIyMDI0»", PROVEN),
        ("basic_credentials", "«bm90IGEgcGFpcg==»", FAILED),
        ("url_password", "postgres://app:«Zx81cvbn»@db.acme.org/x", PROVEN),
        ("url_password", "postgres://user:«secretword»@localhost/x", PLAUSIBLE),
        ("url_password", "postgres://app:«${PASS}»@db.acme.org/x", FAILED),
        ("stdnum.es.dni", "«54362315k»", PROVEN),
        ("stdnum.es.dni", "«54362315L»", FAILED),
        ("", "«anything»", PLAUSIBLE),
    ],
)
def test_verdict(validator: str, marked: str, expected: tuple[bool, bool]) -> None:
    check = resolve(validator)(_candidate(marked))
    assert (check.valid, check.proven) == expected


@pytest.mark.parametrize("number", ["+1 650-253-0000", "+49 30 901820"])
def test_telephone_metadata_is_asked_only_where_a_word_is_near(number: str) -> None:
    check = resolve("phone_international")
    assert check(_candidate(f"«{number}»")).work == 0
    asked = check(_candidate(f"card «{number}»", NEAR))
    assert asked.valid
    assert asked.work > 0
    assert not check(_candidate("card «+12345678901234»", NEAR)).valid


def test_an_iban_is_cut_to_its_countrys_length() -> None:
    candidate = _candidate("«FR14 2004 1010 0505 0001 3M02 606 TO»")
    check = resolve("iban")(candidate)
    assert candidate.text[: check.end] == "FR14 2004 1010 0505 0001 3M02 606"


def test_a_private_key_reaches_to_its_end_line_and_not_into_the_next_key() -> None:
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDAC4AWkdwKYSd8"
    begin, end = "-----BEGIN " + "PRIVATE KEY-----", "-----END PRIVATE KEY-----"
    text = f"{begin}\n{body}\n{end}\n{begin}\nnone\n{end}"
    validate = resolve("private_key_block")
    first = validate(Candidate(text, 0, len(begin)))
    assert first.proven
    assert text[: first.end].endswith(end)
    second = text.index(begin, 1)
    assert not validate(Candidate(text, second, second + len(begin))).valid
    cut_short = f"{begin}\n{begin}\n{body}\n{end}"
    assert not validate(Candidate(cut_short, 0, len(begin))).valid


@pytest.mark.parametrize("name", ["nope", "stdnum.xx.none", "stdnum.nope", "os.path"])
def test_unknown_validators_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="unknown validator"):
        resolve(name)


NUMBERS = st.text("0123456789ABXabex.-/ :+@=#$%年月日ſ'\"٣５", max_size=30)
WORDS = st.sampled_from(
    ["card ", "passport ", "DOB ", "护照", "SSN ", "IBAN ", "password=", "my phone ", "my ip ", "паспорт ", "0x", "DE"]
)


@given(st.lists(st.tuples(WORDS, NUMBERS), min_size=1, max_size=4))
def test_whatever_a_pattern_takes_no_validator_raises(scan: Scan, pieces: list[tuple[str, str]]) -> None:
    text = "".join(word + number for word, number in pieces)
    assert all(0 <= finding.span.start < finding.span.end <= len(text) for finding in scan(text))


@pytest.mark.parametrize(
    ("digits", "network"),
    [
        ("4111111111111111", "visa"),
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        ("371449635398431", "amex"),
        ("6200000000000005", "unionpay"),
        ("2200000000000004", "mir"),
        ("9792000000000000", "troy"),
        ("1234567890123456", None),
        ("41111111111111", None),
    ],
)
def test_networks_by_prefix_and_length(digits: str, network: str | None) -> None:
    assert card_network(digits) == network


@pytest.mark.parametrize(
    ("value", "placeholder"),
    [
        ("changeme", True),
        ("********", True),
        ("your_password", True),
        ("<password>", True),
        ("{{ vault }}", True),
        ("$DB_PASS", True),
        ("$plainText2", True),
        ("$object.userPWD", True),
        ("$ecretP4ss!x", False),
        ("$3cr3tP4ssw0rd", False),
        ("%PASS%", True),
        ("xxxxxxxx", True),
        ("Winter2024#", False),
        ("hunter2!x9", False),
    ],
)
def test_placeholders(value: str, placeholder: bool) -> None:
    assert is_placeholder(value) is placeholder


@pytest.mark.parametrize(
    ("value", "reference"), [("${A}", True), ("$(cat f)", True), ("[hidden]", True), ("[a1]", False), ("a$b", False)]
)
def test_references(value: str, reference: bool) -> None:
    assert is_reference(value) is reference


@pytest.mark.parametrize(
    ("value", "identifier"),
    [("user.password", True), ("getPassword", True), ("my_secret", True), ("swordfish", False), ("a1b2", False)],
)
def test_identifiers(value: str, identifier: bool) -> None:
    assert is_identifier(value) is identifier

"""Payment cards, bank accounts, securities and crypto addresses."""

from __future__ import annotations

from typing import Final

from scangate.detectors.sensitive_data.candidate import FAILED, PLAUSIBLE, PROVEN, Candidate, Check
from scangate.matching import checksums

_NETWORKS: Final = (
    # network, first and last prefix (of one length), lengths of the number; ISO/IEC 7812 ranges as the networks publish them
    ("visa", "4", "4", (13, 16, 19)),
    ("mastercard", "51", "55", (16,)),
    ("mastercard", "2221", "2720", (16,)),
    ("amex", "34", "34", (15,)),
    ("amex", "37", "37", (15,)),
    ("diners", "300", "305", (14, 16, 19)),
    ("diners", "3095", "3095", (14, 16, 19)),
    ("diners", "36", "36", (14, 16, 19)),
    ("diners", "38", "39", (14, 16, 19)),
    ("jcb", "3528", "3589", (16, 17, 18, 19)),
    ("mir", "2200", "2204", (16, 17, 18, 19)),
    ("discover", "6011", "6011", (16, 19)),
    ("discover", "644", "649", (16, 19)),
    ("discover", "65", "65", (16, 19)),
    ("unionpay", "62", "62", (16, 17, 18, 19)),
    ("unionpay", "81", "81", (16,)),
    ("rupay", "60", "60", (16,)),
    ("rupay", "82", "82", (16,)),
    ("rupay", "508", "508", (16,)),
    ("dankort", "5019", "5019", (16,)),
    ("maestro", "5018", "5018", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("maestro", "5020", "5020", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("maestro", "5038", "5038", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("maestro", "5893", "5893", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("maestro", "6304", "6304", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("maestro", "6759", "6759", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("maestro", "6761", "6763", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("elo", "636297", "636297", (16,)),
    ("elo", "636368", "636368", (16,)),
    ("hipercard", "606282", "606282", (16,)),
    ("troy", "9792", "9792", (16,)),
)
_COMMON_LENGTHS = (15, 16)
_KECCAK_WORK: Final = 150
"""One hash, in units of `Check.work`."""

_IBAN_LENGTHS: Final = {
    # SWIFT IBAN registry, release 98
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28,
    "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
    "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26,
    "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip

_COUNTRIES: Final = frozenset(
    {
        "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB", "BD",
        "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY", "BZ", "CA",
        "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE",
        "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA",
        "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK",
        "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP",
        "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT",
        "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS",
        "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ",
        "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS",
        "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST",
        "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW",
        "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "XK", "YE", "YT",
        "ZA", "ZM", "ZW",
    }
)  # fmt: skip


def card_network(digits: str) -> str | None:
    """The card network that issues numbers of this prefix and length, or None."""
    for network, first, last, lengths in _NETWORKS:
        if first <= digits[: len(first)] <= last and len(digits) in lengths:
            return network
    return None


def payment_card(candidate: Candidate) -> Check:
    """Luhn, the prefix and length of a network. Bare numbers of rarer lengths prove little: they only count with a word near."""
    value = candidate.value
    digits = value if value.isascii() and value.isdigit() else "".join(char for char in value if "0" <= char <= "9")
    if not checksums.luhn(digits) or card_network(digits) is None:
        return FAILED
    grouped = len(digits) != len(value)
    if grouped or candidate.keyword is not None or len(digits) in _COMMON_LENGTHS:
        return PROVEN
    return PLAUSIBLE


def iban(candidate: Candidate) -> Check:
    """Country, length and MOD 97-10. The pattern may take a word too much after a grouped number: the span is cut to size."""
    value, start = candidate.value, candidate.start
    length = _IBAN_LENGTHS.get(value[:2].upper())
    letters = [char for char in value if char.isalpha()]
    if length is None or not (all(map(str.isupper, letters)) or all(map(str.islower, letters))):
        return FAILED
    compact, end = "", 0
    for end, char in enumerate(value, 1):  # noqa: B007 - used below
        compact += char if char.isalnum() else ""
        if len(compact) == length:
            break
    if len(compact) != length or value[end : end + 1].isalnum():
        return FAILED
    compact = compact.upper()
    return Check(True, True, end=start + end) if checksums.mod_97_10(compact[4:] + compact[:4]) else FAILED


def aba_routing(candidate: Candidate) -> Check:
    digits = candidate.value.replace("-", "").replace(" ", "")
    return PROVEN if checksums.aba_routing(digits) else FAILED


def cusip(candidate: Candidate) -> Check:
    value = candidate.value.upper()
    if not any(char.isdigit() for char in value[:8]):
        return FAILED
    return PROVEN if checksums.cusip(value) else FAILED


def swift_bic(candidate: Candidate) -> Check:
    """ISO 9362: bank, country, location. No check digit, and many upper-case words have the shape."""
    return PLAUSIBLE if candidate.value[4:6].upper() in _COUNTRIES else FAILED


def bitcoin_address(candidate: Candidate) -> Check:
    """Base58check with version 0 (P2PKH) or 5 (P2SH)."""
    payload = checksums.base58check(candidate.value)
    return PROVEN if payload is not None and len(payload) == 21 and payload[0] in (0, 5) else FAILED


def base58_address(candidate: Candidate) -> Check:
    """Base58check of 21 bytes, whatever the version: Litecoin, Dogecoin, Tron, Dash."""
    payload = checksums.base58check(candidate.value)
    return PROVEN if payload is not None and len(payload) == 21 else FAILED


def bitcoin_private_key(candidate: Candidate) -> Check:
    """Wallet import format: version 128, 32 bytes, optionally the compression flag."""
    payload = checksums.base58check(candidate.value)
    return PROVEN if payload is not None and payload[0] == 0x80 and len(payload) in (33, 34) else FAILED


def segwit_address(candidate: Candidate) -> Check:
    return PROVEN if checksums.bech32(candidate.value) else FAILED


def ripple_address(candidate: Candidate) -> Check:
    return PROVEN if checksums.ripple_address(candidate.value) else FAILED


def ethereum_address(candidate: Candidate) -> Check:
    """EIP-55 when the case is mixed; an address in one case has no checksum and needs a word near it."""
    digits = candidate.value[2:]
    if len(set(digits.lower())) < 6:
        return FAILED
    if digits in (digits.lower(), digits.upper()):
        return PLAUSIBLE
    proven = checksums.eip55(candidate.value)
    return Check(proven, proven, work=_KECCAK_WORK)

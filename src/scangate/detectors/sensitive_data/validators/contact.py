"""Telephone numbers, e-mail and network addresses."""

from __future__ import annotations

import ipaddress
from typing import Final

from scangate.detectors.sensitive_data.candidate import FAILED, PLAUSIBLE, Candidate, Check

_TRUNK_REGIONS: Final = ("GB", "DE", "FR", "IT", "JP", "CN", "CH", "AT", "AU", "IN")
"""Regions that write a leading 0 before area codes and mobile numbers, in the order in which they are tried."""
_NORTH_AMERICAN: Final = {(first, 10): ("US", "MX") for first in "23456789"}
_PLAIN_REGIONS: Final = {
    **_NORTH_AMERICAN,
    ("1", 11): ("US", "CN"),
    ("8", 11): ("RU",),
    ("7", 11): ("RU",),
    ("9", 10): ("RU", "US", "IN", "MX"),
    ("3", 10): ("IT", "US", "CO", "MX"),
    ("6", 10): ("IN", "US", "MX"),
    ("7", 10): ("IN", "US", "MX"),
    ("8", 10): ("IN", "US", "MX"),
    ("6", 9): ("ES",),
    ("7", 9): ("ES",),
    ("8", 9): ("ES",),
    ("9", 9): ("ES", "PT"),
    ("2", 9): ("PT",),
    **{(first, 11): ("BR",) for first in "234569"},
    ("1", 10): ("BR",),
}
"""First digit and length of numbers written without a leading 0, and the regions that have such."""
_FILE_ENDINGS: Final = frozenset(
    {
        "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "css", "js", "ts", "jsx", "tsx", "json", "html", "htm", "php",
        "py", "rb", "go", "rs", "java", "md", "txt", "xml", "yml", "yaml", "pdf", "mp4", "mp3",
    }
)  # fmt: skip
_METADATA_WORK: Final = 60
"""Asking the metadata once, in units of `Check.work`."""
_NEVER_REPORTED: Final = ("0.", "127.", "255.", "169.254.", "192.0.2.", "198.51.100.", "203.0.113.")


def email(candidate: Candidate) -> Check:
    """RFC 5321 lengths, no retina image (`icon@2x.png`), no remote of a repository (`git@host:path`)."""
    value = candidate.value
    local, _, domain = value.rpartition("@")
    if not local or len(local) > 64 or len(domain) > 253 or ".." in value or local[0] == "." or local[-1] == ".":
        return FAILED
    if domain.rsplit(".", 1)[-1].lower() in _FILE_ENDINGS or any(label[:1] == "-" for label in domain.split(".")):
        return FAILED
    if local == "git" and candidate.after(1) == ":":
        return FAILED
    return PLAUSIBLE


def ipv4(candidate: Candidate) -> Check:
    """Octets in range; none of the ranges for this host, for documentation (RFC 5737), for groups and for broadcast."""
    value = candidate.value
    octets = value.split(".")
    if any(int(octet) > 255 or (len(octet) > 1 and octet[0] == "0") for octet in octets):
        return FAILED
    if value.startswith(_NEVER_REPORTED) or int(octets[0]) >= 224:
        return FAILED
    if all(int(octet) < 8 for octet in octets) and candidate.keyword is None:
        # 1.2.3.4 and 2.0.0.1 are far more often versions, sections and examples
        return FAILED
    return PLAUSIBLE


def ipv6(candidate: Candidate) -> Check:
    """Not loopback, link-local, multicast, unspecified or for documentation (2001:db8::/32); not a clock time or a C++ scope."""
    try:
        address = ipaddress.IPv6Address(candidate.value.split("/")[0])
    except ValueError:
        return FAILED
    reserved = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    if reserved or candidate.value.lower().startswith(("2001:db8", "2001:0db8")) or len(candidate.value) < 6:
        return FAILED
    return PLAUSIBLE


def mac_address(candidate: Candidate) -> Check:
    pairs = {candidate.value[index : index + 2].lower() for index in range(0, 17, 3)}
    return FAILED if len(pairs) == 1 else PLAUSIBLE


def phone_international(candidate: Candidate) -> Check:
    """E.164 with a plus sign, valid for its country by Google's metadata; the first call of a process loads it (0.1 s). Without a
    word that makes it personal, when it is reported at low confidence only, the length will do: the metadata costs 0.2 ms."""
    value = candidate.value.rstrip(" .-(")
    end = candidate.start + len(value)
    if candidate.keyword is None:
        return Check(True, False, end=end) if 9 <= sum(map(str.isdigit, value)) <= 15 else FAILED
    import phonenumbers

    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return Check(False, work=_METADATA_WORK)
    return Check(phonenumbers.is_valid_number(number), end=end, work=_METADATA_WORK)


def phone_national(candidate: Candidate) -> Check:
    """Valid in one of the regions whose languages are supported, as written without the country's code; as above, the length
    will do where nothing makes it personal."""
    value = candidate.value.rstrip(" .-(")
    digits = "".join(char for char in value if "0" <= char <= "9")
    if value[:2] in ("19", "20") and value[4:5] in ("-", ".", "/", " ") and not value[5:6].isspace():
        # a date, with or without a time: 2025-06-24 14
        return FAILED
    regions = _regions(digits)
    if candidate.keyword is None:
        return Check(True, False, end=candidate.start + len(value)) if regions else FAILED
    import phonenumbers

    for asked, region in enumerate(regions, 1):
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException:
            break
        if phonenumbers.is_valid_number(number):
            return Check(True, end=candidate.start + len(value), work=asked * _METADATA_WORK)
    return Check(False, work=len(regions) * _METADATA_WORK)


def phone_shape(candidate: Candidate) -> Check:
    """Seven to fifteen digits in groups, or nine to twelve in one; no date, no decimal number, no card number. Valid or not: what a
    text calls a telephone number is one, and is never reported above low confidence."""
    value = candidate.value.partition("x")[0]
    digits = sum(map(str.isdigit, value))
    groups = [group for group in value.replace("(", " ").replace(")", " ").replace(".", " ").replace("-", " ").split() if group]
    if not (7 <= digits <= 15 if len(groups) > 1 else 9 <= digits <= 12) or value.count("(") != value.count(")"):
        return FAILED
    if value[:2] in ("19", "20") and len(groups) > 1 and len(groups[0]) == 4 and len(groups[1]) == 2:
        return FAILED
    four_by_four = len(groups) == 4 and all(len(group) == 4 for group in groups)
    return FAILED if four_by_four or candidate.before(1) in (".", "$", "€", "#", "/", "_") else PLAUSIBLE


def _regions(digits: str) -> tuple[str, ...]:
    """Where a number of these digits can be a national one: asking every region would cost a millisecond."""
    if not 8 <= len(digits) <= 12:
        return ()
    if digits[0] == "0":
        return _TRUNK_REGIONS
    return _PLAIN_REGIONS.get((digits[0], len(digits)), ())

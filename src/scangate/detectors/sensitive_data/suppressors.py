"""Reasons not to believe a match, one small function each. A rule names those that apply to it.

A suppressor drops a match (it is certainly something else) or lowers it to low confidence. Words near the value that speak
for the rule outweigh the weaker reasons: a number in sequence that is called a social security number is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from scangate.detectors.sensitive_data.candidate import Candidate, Effect

Suppressor = Callable[[Candidate], Effect]

_HEX = frozenset("0123456789abcdefABCDEF")
_BLANKS = " \t\xa0\u202f"
_LONGER_THAN_SUMS = 13
_DIRECTLY = 5
_CURRENCIES = "$€£¥₹₽￥"
_SEQUENCE = "01234567890123456789"
_LOG_WORDS = ("info", "debug", "warn", "error", "trace", "fatal", "notice")
_ROLES = frozenset(
    {
        "abuse", "account", "accounts", "admin", "administrator", "alerts", "billing", "bookings", "bounce", "bounces",
        "business", "careers", "compliance", "contact", "contacts", "contacto", "contato", "customercare", "customerservice",
        "datenschutz", "donotreply", "dpo", "editor", "editorial", "enquiries", "feedback", "finance", "git", "hello", "help",
        "helpdesk", "hr", "info", "information", "inquiries", "it", "jobs", "kontakt", "legal", "mail", "marketing", "media",
        "news", "newsletter", "no-reply", "no_reply", "noreply", "notification", "notifications", "office", "orders",
        "partners", "payments", "postmaster", "press", "presse", "privacy", "pr", "recruiting", "reservations", "returns",
        "root", "sales", "security", "service", "services", "shop", "soporte", "spam", "staff", "subscribe", "suporte",
        "support", "supporto", "team", "tech", "unsubscribe", "webmaster", "welcome", "ventas", "vertrieb", "rechnung",
        "buchhaltung", "assistenza", "atendimento",
    }
)  # fmt: skip
_VERSION_WORDS = frozenset(
    {"version", "ver", "ver.", "v", "release", "build", "firmware", "sdk", "driver", "версия", "versión", "versione"}
)
_VERSION_MARKS = ("version", "_version", "版本", "バージョン")
_DOCUMENTATION_DOMAINS = ("example.com", "example.org", "example.net", "domain.com", "email.com", "company.com", "test.com")
_DOCUMENTATION_TLDS = (".example", ".test", ".invalid", ".localhost", ".local")


def repeated_digits(candidate: Candidate) -> Effect:
    """All digits alike: 000000000, 999-99-9999."""
    digits = {char for char in candidate.value if char.isdigit()}
    return Effect.DROP if len(digits) == 1 else Effect.KEEP


def sequence(candidate: Candidate) -> Effect:
    """123456789 and 987654321 without a word that says what they are."""
    digits = "".join(char for char in candidate.value if char.isdigit())
    if candidate.keyword is None and len(digits) >= 7 and (digits in _SEQUENCE or digits in _SEQUENCE[::-1]):
        return Effect.LOWER
    return Effect.KEEP


def inside_hash(candidate: Candidate) -> Effect:
    """A group of a UUID, a hash or another long hexadecimal run: hexadecimal digits go on behind a dash or colon."""
    text = candidate.text
    before, after = text[max(0, candidate.start - 14) : candidate.start], text[candidate.end : candidate.end + 14]
    for mark in "-:":
        run = before.rsplit(mark, 1)[0].rsplit(mark, 1)[-1] if before.endswith(mark) else ""
        if len(run) >= 4 and set(run) <= _HEX:
            return Effect.DROP
        run = after[1:].split(mark, 1)[0] if after.startswith(mark) else ""
        if len(run) >= 4 and set(run[:12]) <= _HEX:
            return Effect.DROP
    if before[-2:].lower() == "0x":
        return Effect.DROP
    return Effect.KEEP


def amount(candidate: Candidate) -> Effect:
    """Money and percentages, on the same line and of less than thirteen digits: what is longer is no sum."""
    if sum(map(str.isdigit, candidate.value)) >= _LONGER_THAN_SUMS:
        return Effect.KEEP
    before, after = candidate.before(2).rstrip(_BLANKS), candidate.after(2).lstrip(_BLANKS)
    if (before and before[-1] in _CURRENCIES) or (after and after[0] in _CURRENCIES + "%°"):
        return Effect.DROP
    return Effect.KEEP


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return 1970 <= int(digits[:4]) <= 2069


def timestamp(candidate: Candidate) -> Effect:
    """Unix time in seconds to nanoseconds (2001 to 2065) and yyyymmdd[hhmm[ss]], unless a word says otherwise."""
    value = candidate.value
    if candidate.keyword is not None or not value.isdigit():
        return Effect.KEEP
    unix = len(value) in (10, 13, 16, 19) and 1_000_000_000 <= int(value[:10]) <= 2_999_999_999
    written = len(value) in (8, 10, 12, 14, 17) and _is_day(value)
    return Effect.LOWER if unix or written else Effect.KEEP


def calendar_day(candidate: Candidate) -> Effect:
    """Eight digits that are a day (`20240110`), unless a word of the rule's own stands directly before."""
    keyword = candidate.keyword
    if len(candidate.value) != 8 or not candidate.value.isdigit() or not _is_day(candidate.value):
        return Effect.KEEP
    named = keyword is not None and 0 <= candidate.start - keyword.end <= _DIRECTLY
    return Effect.KEEP if named else Effect.LOWER


def log_line(candidate: Candidate) -> Effect:
    """The line starts as log lines do: a date with a time, or a level."""
    if candidate.keyword is not None:
        return Effect.KEEP
    line = candidate.text.rfind("\n", max(0, candidate.start - 500), candidate.start) + 1
    head = candidate.text[line : min(line + 30, candidate.start)].lower().lstrip("[<")
    dated = head[:4].isdigit() and head[4:5] in "-/" and ":" in head[10:20]
    level = head.startswith(_LOG_WORDS)
    return Effect.LOWER if dated or level else Effect.KEEP


def other_number(candidate: Candidate) -> Effect:
    """Directly behind a word such as order, ticket or SKU, and no word of the rule's own stands nearer."""
    if candidate.other is None:
        return Effect.KEEP
    keyword = candidate.keyword
    if keyword is not None and candidate.other.end <= keyword.end <= candidate.start:
        return Effect.KEEP
    return Effect.LOWER


def in_url(candidate: Candidate) -> Effect:
    """Part of the path of a URL or file: an item's number, not a person's."""
    head = candidate.before(200)
    token = head[max(head.rfind(char) for char in " \t\n\"'<>(") + 1 :]
    if "://" in token and "@" not in token and candidate.keyword is None:
        return Effect.LOWER
    return Effect.DROP if token.endswith("/") and candidate.after(1) == "/" else Effect.KEEP


def version_number(candidate: Candidate) -> Effect:
    """`v1.2.3.4`, `version 10.0.19041.1`, `==1.2.3.4`."""
    head = candidate.before(16).lower().rstrip(" :=\"'(")
    if (
        head.endswith(_VERSION_MARKS)
        or head.rpartition(" ")[2] in _VERSION_WORDS
        or candidate.before(2) in ("==", ">=", "<=", "~=", "~>")
    ):
        return Effect.DROP
    if candidate.before(1) in ("v", "/") and candidate.before(3)[-3:] != "://":
        return Effect.DROP if candidate.before(1) == "v" or candidate.before(2)[:1].isalpha() else Effect.KEEP
    return Effect.KEEP


def documentation_key(candidate: Candidate) -> Effect:
    """Keys printed in documentation: they say so themselves."""
    value = candidate.value.lower()
    return Effect.LOWER if "example" in value or "sample" in value else Effect.KEEP


def role_address(candidate: Candidate) -> Effect:
    """Public mailboxes (`support@`, `info@`, `noreply@`) always; the domains reserved for documentation (RFC 2606) unless a word
    says whose address it is."""
    local, _, domain = candidate.value.lower().rpartition("@")
    if local.split("+")[0] in _ROLES:
        return Effect.LOWER
    reserved = domain in _DOCUMENTATION_DOMAINS or domain.endswith(_DOCUMENTATION_TLDS)
    return Effect.LOWER if reserved and candidate.keyword is None else Effect.KEEP


SUPPRESSORS: Final[Mapping[str, Suppressor]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            repeated_digits,
            sequence,
            inside_hash,
            amount,
            timestamp,
            calendar_day,
            log_line,
            other_number,
            in_url,
            version_number,
            documentation_key,
            role_address,
        )
    }
)
"""By the name that rules use."""

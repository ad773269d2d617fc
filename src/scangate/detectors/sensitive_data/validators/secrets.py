"""Keys, tokens and passwords: is the value random, self-checking or password-like, or merely a stand-in for one?"""

from __future__ import annotations

import base64
import binascii
import json
from itertools import pairwise
from typing import Final

from scangate.detectors.sensitive_data.candidate import FAILED, PLAUSIBLE, PROVEN, Candidate, Check
from scangate.detectors.sensitive_data.validators.placeholders import (
    holds_alphabet,
    is_identifier,
    is_placeholder,
    is_reference,
)
from scangate.matching.checksums import base62_crc32
from scangate.matching.entropy import character_classes, class_changes, shannon_bits

_LONGEST_SECRET: Final = 4_096
_SHORT_TOKEN: Final = 48
"""Up to here an alphabet inside makes a token a made-up one."""
_LONGEST_KEY_BLOCK: Final = 20_000
_KEY_BLOCK_WORK: Final = 10
"""Reading a key's body, in units of `Check.work`."""
_KEY_BODY: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n \\nrt\"',")
_QUOTES: Final = frozenset("\"'`“”«»「」『』")
_CLOSERS: Final = ".,;:!?)]}>\"'`»”」』。、，；！？…"
_ENDS: Final = _QUOTES | frozenset("<>,;：、，。；\\")
_OTHER_KEYS: Final = (
    "public", "pubkey", "publishable", "csrf", "xsrf", "next_token", "nexttoken", "page_token", "pagetoken", "continuation",
    "primary_key", "foreign_key", "sort_key", "partition_key", "cache_key", "bucket_key", "object_key", "storage_key",
    "idempotency", "row_key", "cursor", "etag", "checksum", "credentialsid", "credentials_id", "key_id", "keyid", "key_name",
    "token_type", "token_url", "key_version", "secret_name", "ssh_host_key", "fingerprint", "integrity",
)  # fmt: skip
_LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "host", "hostname", "server", "example", "0.0.0.0")  # noqa: S104 - a name
_USERS: Final = frozenset({"user", "username", "usr", "login", "name", "email", "your_username", "myuser"})


def _tail(value: str) -> str:
    """A token without its provider's prefix."""
    for mark in ("_", "-", ".", ":"):
        head, found, rest = value.partition(mark)
        if found and len(head) <= 10 and len(rest) >= 12:
            return rest
    return value


def token(candidate: Candidate) -> Check:
    """A token with a provider's prefix: proven unless it is a placeholder or too regular to be random."""
    value = candidate.value
    if is_reference(value) or len(value) > _LONGEST_SECRET:
        return FAILED
    tail = _tail(value)
    if len(tail) <= _SHORT_TOKEN and holds_alphabet(tail):
        return FAILED
    if is_placeholder(tail) and not _random_all_the_same(tail):
        return FAILED
    bits = shannon_bits(tail)
    return PROVEN if bits >= 2.8 or (len(tail) < 16 and bits >= 2.3) else FAILED


def _random_all_the_same(value: str) -> bool:
    """Whether what is random about a value outweighs a word in it: letters that spell `fake` turn up by chance, and `example` in a
    key that otherwise looks real is for the suppressors to judge."""
    return shannon_bits(value) > 3.2 and ("example" in value.lower() or class_changes(value) >= 4)


def mixed_token(candidate: Candidate) -> Check:
    """As `token`, for prefixes that words may have too: digits or both letter cases, mixed."""
    tail = _tail(candidate.value)
    if class_changes(tail) < 2 and not (any(map(str.islower, tail)) and any(map(str.isupper, tail[1:]))):
        return FAILED
    return token(candidate)


def assigned_token(candidate: Candidate) -> Check:
    """The value of a setting named after its provider, without a prefix: as `token`, and neither a name, a word nor an alphabet."""
    value = candidate.value
    letters = "".join(filter(str.isalpha, value))
    cases = sum(left.isupper() != right.isupper() for left, right in pairwise(letters))
    generated = class_changes(value) + cases >= 5 or (class_changes(value) >= 2 and any(map(str.isdigit, value)))
    return token(candidate) if generated else FAILED


def distinct_characters(candidate: Candidate) -> Check:
    """For settings whose name leaves no doubt: any value that is not one character or a pair of them repeated."""
    return PROVEN if len(set(candidate.value.lower()) - set("-:")) >= 5 else FAILED


def letters_token(candidate: Candidate) -> Check:
    """As `token`, for tokens of letters alone (Hugging Face): upper and lower case in about equal parts."""
    tail = _tail(candidate.value)
    upper = sum(char.isupper() for char in tail)
    return token(candidate) if 0.2 <= upper / max(len(tail), 1) <= 0.8 else FAILED


def last_segment(candidate: Candidate) -> Check:
    """Slack: numbers of the workspace and the user, then the secret itself, which is what must be random."""
    value = candidate.value
    secret = value.rpartition("-")[2]
    if is_reference(value) or secret.isdigit() or (is_placeholder(secret) and not _random_all_the_same(secret)):
        return FAILED
    return PROVEN if shannon_bits(secret) >= 2.5 else FAILED


def crc_token(candidate: Candidate) -> Check:
    """GitHub and npm: proven by the CRC-32 in the last six characters, plausible when random without it (older ones, samples)."""
    value = candidate.value
    if base62_crc32(value.partition("_")[2]):
        return PROVEN
    return PLAUSIBLE if token(candidate).valid else FAILED


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def jwt(candidate: Candidate) -> Check:
    """RFC 7519: the first segment decodes to a JSON object with `alg`."""
    if len(candidate.value) > _LONGEST_SECRET * 4:
        return FAILED
    try:
        decoded = _decoded(candidate.value.split(".", 1)[0])
    except (ValueError, binascii.Error):
        return FAILED
    try:
        header = json.loads(decoded)
    except (ValueError, RecursionError):
        # copied by hand or damaged, and a token all the same: what its segments hold is readable
        return PROVEN if b'"alg' in decoded and b'"typ"' in decoded else FAILED
    return PROVEN if isinstance(header, dict) and "alg" in header else FAILED


def basic_credentials(candidate: Candidate) -> Check:
    """RFC 7617: base64 of `user:password`, printable but for a character or two: clients do not agree on the encoding."""
    try:
        decoded = base64.b64decode(candidate.value + "=" * (-len(candidate.value) % 4)).decode(errors="replace")
    except (ValueError, binascii.Error):
        return FAILED
    user, separator, password = decoded.partition(":")
    strange = sum(not char.isprintable() or char == "\ufffd" for char in decoded)
    if not separator or strange > len(decoded) // 24 or (not user and not password):
        return FAILED
    return FAILED if is_placeholder(password) and is_placeholder(user) else PROVEN


def private_key_block(candidate: Candidate) -> Check:
    """From the BEGIN line to the END line; a body of base64 makes it a key, its absence a mention of one."""
    text, start = candidate.text, candidate.start
    # the next key, if one follows, is not this one's body
    window = text[candidate.end : candidate.end + _LONGEST_KEY_BLOCK].partition("-----BEGIN")[0]
    footer = window.find("-----END")
    if footer >= 0:
        close = window.find("-----", footer + 8)
        end = candidate.end + (close + 5 if close >= 0 else footer + 8)
        body = window[:footer]
    else:
        body = "".join(_leading(window))
        end = candidate.end + len(body)
    letters = [char for char in body if char.isalnum() or char in "+/="]
    if len(letters) < 40 or len(set(letters)) < 12 or any(part in body.lower() for part in ("...", "xxxx", "your ", "<")):
        return Check(False, work=_KEY_BLOCK_WORK)
    return Check(True, True, start, end, work=_KEY_BLOCK_WORK)


def _leading(window: str) -> list[str]:
    kept = []
    for char in window:
        if char not in _KEY_BODY:
            break
        kept.append(char)
    return kept


def putty_key(candidate: Candidate) -> Check:
    """A PuTTY private key file, from its first line to its MAC."""
    window = candidate.text[candidate.end : candidate.end + _LONGEST_KEY_BLOCK]
    private = window.find("Private-Lines:")
    if private < 0:
        return FAILED
    mac = window.find("Private-MAC:", private)
    end = window.find("\n", mac) if mac >= 0 else len(window)
    return Check(True, True, candidate.start, candidate.end + (end if end >= 0 else len(window)))


def _quoted(candidate: Candidate) -> bool:
    return candidate.before(1) in _QUOTES and candidate.before(1) != ""


def _trimmed(candidate: Candidate) -> tuple[str, int]:
    """An unquoted value without the punctuation of its sentence, and its new end."""
    value = candidate.value
    if not _quoted(candidate):
        value = value.rstrip(_CLOSERS) if not value.rstrip("!?").endswith("\\") else value
        # a final ! belongs to a password that already looks like one
        kept = candidate.value[len(value) :]
        if kept[:1] == "!" and character_classes(value) >= 3:
            value += "!"
    return value, candidate.start + len(value)


def _password_like(value: str) -> bool:
    """At least two character classes with a digit or an inner symbol: what policies ask for, what words lack."""
    inner = value.strip("-_.'’")
    digits = any(char.isdigit() for char in value)
    symbols = any(not char.isalnum() and char not in "-_.'’/" for char in inner)
    letters = any(char.isalpha() for char in value)
    return len(value) >= 6 and ((digits and letters) or symbols) and shannon_bits(value) >= 1.8


def _is_expression(value: str) -> bool:
    """Code where a password would stand: a type (`Optional[str]`), a role of a docstring (`:py:data:`), a condition."""
    head, bracket, _ = value.partition("[")
    name = head.replace(".", "").replace("_", "")
    return value[:1] == ":" or (bracket == "[" and name.isalpha()) or "||" in value or "&&" in value or "===" in value


def password_value(candidate: Candidate) -> Check:
    """The right side of `password = …`: proven when password-like, plausible when a word, failed when code or placeholder."""
    quoted = _quoted(candidate)
    value, end = _trimmed(candidate)
    after = candidate.text[end : end + 1]
    if len(value) < 4 or len(value) > 128 or is_placeholder(value):
        return FAILED
    if not quoted and (after in ("(", "[", "<") or is_identifier(value) or "(" in value or "://" in value or "=>" in value):
        return FAILED
    if not quoted and _is_expression(value):
        return FAILED
    if quoted and after and after not in _QUOTES and after not in "\\":
        return FAILED
    if end == candidate.end and after and after < "\u2e80" and not after.isspace() and after not in _ENDS:
        # longer than the pattern reads: no password
        return FAILED
    if value[:1] in "/\\.~" and "/" in value[1:]:
        return FAILED
    return Check(True, _password_like(value), end=end)


def spoken_password(candidate: Candidate) -> Check:
    """The X of `my password is X`: as `password_value`; a bare lower-case word only counts in quotes."""
    check = password_value(candidate)
    if not check.valid:
        return FAILED
    value = candidate.text[candidate.start : check.end]
    if not _quoted(candidate) and not check.proven and (value.isalpha() or not value.isascii()):
        return FAILED
    return check


def secret_value(candidate: Candidate) -> Check:
    """The right side of `api_key = …`: random enough, not a name, a path, a URL, an alphabet or a version."""
    quoted = _quoted(candidate)
    value, end = _trimmed(candidate)
    if not 10 <= len(value) <= _LONGEST_SECRET or is_placeholder(value) or holds_alphabet(value):
        return FAILED
    if ".." in candidate.value or _names_no_secret(candidate):
        return FAILED
    if "://" in value or value[:1] in "/." or value.count("/") > 4 + len(value) // 16 or value.count(".") > 3:
        return FAILED
    after = candidate.text[end : end + 1]
    if not quoted and (after in ("(", "[") or is_identifier(value)):
        return FAILED
    digits = sum(char.isdigit() for char in value)
    if not digits or value.isdigit() or class_changes(value) < 3 or shannon_bits(value) < 3.0:
        return FAILED
    words = [part for part in value.replace("_", "-").split("-") if part.isalpha() and len(part) > 2]
    if sum(map(len, words)) > len(value) // 2:
        return FAILED
    return Check(True, True, end=end)


def _names_no_secret(candidate: Candidate) -> bool:
    """The name that the value is given speaks of another kind of key or token: `public_key`, `csrf-token`, `next_token`."""
    head = candidate.before(64).rstrip("\"'`:=>?[] \t,").lower()
    if "::" in head[-40:].rpartition(" ")[2]:
        # the name of a type: AWS::SecretsManager::Secret
        return True
    name = "".join(char if char.isalnum() else "_" for char in head[-40:].rpartition(" ")[2])
    return any(part in name for part in _OTHER_KEYS)


def hex_secret(candidate: Candidate) -> Check:
    """Hexadecimal digits, random."""
    return PROVEN if shannon_bits(candidate.value) >= 2.8 else FAILED


def aws_secret(candidate: Candidate) -> Check:
    """Forty base64 characters in both cases with digits; not a hash, not a path."""
    value = candidate.value
    if value.isdigit() or value == value.lower() or value == value.upper() or not any(map(str.isdigit, value)):
        return FAILED
    if holds_alphabet(value) or value.count("/") > 6:
        return FAILED
    return PROVEN if shannon_bits(value) >= 4.0 else FAILED


def url_password(candidate: Candidate) -> Check:
    """The password of `scheme://user:password@host`; plausible where user and host are placeholders too."""
    value = candidate.value
    if is_reference(value) or len(set(value)) < 2 or value.startswith("//") or is_placeholder(value):
        return FAILED
    head = candidate.before(120)
    user = head.rpartition("://")[2].rstrip(":").lower()
    host = candidate.after(60)[1:].lower()
    if is_reference(user) or "{" in host[:1] or (user in _USERS and not _password_like(value)):
        return PLAUSIBLE
    return PLAUSIBLE if host.startswith(_LOCAL_HOSTS) and not _password_like(value) else PROVEN


def user_and_password(candidate: Candidate) -> Check:
    """The `user:password` behind `curl -u`; either side may be empty."""
    user, separator, password = candidate.value.partition(":")
    secret = password or user
    if not separator or len(secret) < 4 or is_placeholder(secret) or is_reference(user):
        return FAILED
    return PROVEN if _password_like(secret) or _mixed_case(secret) else PLAUSIBLE


def _mixed_case(value: str) -> bool:
    """Letters whose case changes as in a generated string, not as in a name."""
    changes = sum(left.isupper() != right.isupper() for left, right in pairwise(value))
    return value.isalpha() and len(value) >= 12 and changes >= 5


def telegram_token(candidate: Candidate) -> Check:
    return PROVEN if shannon_bits(candidate.value.partition(":")[2]) >= 3.5 else FAILED


def discord_token(candidate: Candidate) -> Check:
    """The first segment is the base64 of the bot's numeric id."""
    try:
        number = _decoded(candidate.value.split(".", 1)[0])
    except (ValueError, binascii.Error):
        return FAILED
    return PROVEN if number.isdigit() and 16 <= len(number) <= 20 else FAILED


def uuid_secret(candidate: Candidate) -> Check:
    """A UUID that a word near it calls a key."""
    return PLAUSIBLE if len(set(candidate.value.replace("-", "").lower())) >= 8 else FAILED

"""What may stand next to a value. Patterns see word boundaries only (re2 has no look-around); the rest is decided here.

number   not inside a word, a decimal, a longer digit run or a longer run of equal groups
digits   as number, but beside equal groups (another card, an expiry date); not inside an IBAN
address  not inside a word or a longer dotted number (IP addresses)
token    not inside a longer word
none     anything
"""

from __future__ import annotations

from scangate.detectors.sensitive_data.candidate import Candidate

_WORD_END = "\u2e80"
"""Scripts from here on write words without spaces: their characters may touch a number."""


def _in_word(char: str) -> bool:
    return char == "_" or (char < _WORD_END and char.isalnum())


def _digit(text: str, index: int) -> bool:
    return 0 <= index < len(text) and "0" <= text[index] <= "9"


def _is_free(candidate: Candidate) -> bool:
    text, start, end = candidate.text, candidate.start, candidate.end
    before_ok = start == 0 or not _in_word(text[start - 1]) or not _in_word(text[start])
    after_ok = end == len(text) or not _in_word(text[end]) or not _in_word(text[end - 1])
    return before_ok and after_ok


def _continues(text: str, end: int) -> bool:
    """A decimal fraction or a dashed number goes on behind `end`."""
    return end < len(text) and text[end] in ".-" and _digit(text, end + 1)


def _preceded(text: str, start: int) -> bool:
    """A decimal or dashed number goes on before `start`, or a plus sign makes it a telephone number."""
    if start == 0:
        return False
    return text[start - 1] == "+" or (text[start - 1] in ".-" and _digit(text, start - 2))


def _separator(candidate: Candidate) -> str:
    return next((char for char in candidate.value if char in " -"), "")


def _group_behind(candidate: Candidate) -> bool:
    """The value's own groups go on behind it: `1234 5678 9012` in `1234 5678 9012 3456`."""
    separator = _separator(candidate)
    if not separator:
        return False
    last = len(candidate.value.rsplit(separator, 1)[-1])
    behind = candidate.after(last + 2)
    return len(behind) > last and behind[0] == separator and behind[1 : 1 + last].isdigit() and not behind[1 + last :].isdigit()


def _group_ahead(candidate: Candidate) -> bool:
    """The same before it."""
    separator = _separator(candidate)
    if not separator:
        return False
    first = len(candidate.value.split(separator, 1)[0])
    ahead = candidate.before(first + 2)
    return (
        len(ahead) > first and ahead[-1] == separator and ahead[-1 - first : -1].isdigit() and not ahead[: -1 - first].isdigit()
    )


def _behind_iban_head(candidate: Candidate) -> bool:
    """Country and check digits of an account number stand before it: `RS35 2600 0560 1001`."""
    head = candidate.before(6)
    return len(head) > 4 and head[-1] == _separator(candidate) and head[-5:-3].isupper() and head[-3:-1].isdigit()


def stands_alone(kind: str, candidate: Candidate) -> bool:
    """Whether the value's surroundings allow it, by the rule's kind of edges."""
    if kind == "none":
        return True
    if not _is_free(candidate):
        return False
    if kind == "token":
        return True
    text, start, end = candidate.text, candidate.start, candidate.end
    if kind == "address":
        return not (end < len(text) and text[end] == "." and _digit(text, end + 1)) and not (
            start > 1 and text[start - 1] == "." and _digit(text, start - 2)
        )
    if _continues(text, end) or _preceded(text, start):
        return False
    if kind == "digits":
        return not _behind_iban_head(candidate)
    return not _group_behind(candidate) and not _group_ahead(candidate)

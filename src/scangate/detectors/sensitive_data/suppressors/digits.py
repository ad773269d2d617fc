"""Digits that nobody was ever given: all alike, in sequence."""

from __future__ import annotations

from typing import Final

from scangate.detectors.sensitive_data.candidate import Candidate, Effect

_SEQUENCE: Final = "01234567890123456789"


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

"""Sums of money, percentages, degrees."""

from __future__ import annotations

from typing import Final

from scangate.detectors.sensitive_data.candidate import Candidate, Effect

_BLANKS: Final = " \t\xa0\u202f"
_LONGER_THAN_SUMS: Final = 13
_CURRENCIES: Final = "$€£¥₹₽￥"


def amount(candidate: Candidate) -> Effect:
    """Money and percentages, on the same line and of less than thirteen digits: what is longer is no sum."""
    if sum(map(str.isdigit, candidate.value)) >= _LONGER_THAN_SUMS:
        return Effect.KEEP
    before, after = candidate.before(2).rstrip(_BLANKS), candidate.after(2).lstrip(_BLANKS)
    if (before and before[-1] in _CURRENCIES) or (after and after[0] in _CURRENCIES + "%°"):
        return Effect.DROP
    return Effect.KEEP

"""Timestamps, days, lines of logs."""

from __future__ import annotations

from datetime import date
from typing import Final

from scangate.detectors.sensitive_data.candidate import Candidate, Effect

_DIRECTLY: Final = 5
_LOG_WORDS: Final = ("info", "debug", "warn", "error", "trace", "fatal", "notice")


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

"""Rough sentences of nine languages, for composing rows; and the stretch of a long context that speaks of a claim."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_END = re.compile(r"(?<=[.!?])\s+(?=[\"'«“(A-ZÀ-ÞА-ЯЁ0-9])|(?<=[。！？])|\n+")
_WORD = re.compile(r"[^\W_]+")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def sentences(text: str) -> list[str]:
    """Sentences with anything but spaces in them, in order."""
    return [part.strip() for part in _END.split(text) if part and part.strip()]


def terms(text: str) -> list[str]:
    """Words in lower case cut to six letters, a rough stem; pairs of characters for Chinese and Japanese."""
    found = []
    for word in _WORD.findall(text.lower()):
        if _IDEOGRAPH.search(word):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        else:
            found.append(word[:6])
    return found


def about(context: str, wanted: str, letters: int) -> str:
    """Consecutive sentences of the context, about `letters` characters, that share most terms with `wanted`; rare terms count more."""
    if len(context) <= letters:
        return context
    parts = sentences(context)
    held = [frozenset(terms(part)) for part in parts]
    spread = Counter(term for one in held for term in one)
    asked = set(terms(wanted))
    worth = [sum(math.log(1 + len(parts) / spread[term]) for term in asked & one) for one in held]
    best, chosen = -1.0, (0, 1)
    for first in range(len(parts)):
        last = _reach(parts, first, letters)
        # a term that stands in two sentences of the stretch counts once and a half
        total = sum(worth[first:last]) / math.sqrt(last - first)
        if total > best:
            best, chosen = total, (first, last)
    return " ".join(parts[chosen[0] : chosen[1]])


def _reach(parts: Sequence[str], first: int, letters: int) -> int:
    last, used = first + 1, len(parts[first])
    while last < len(parts) and used + len(parts[last]) < letters:
        used += len(parts[last]) + 1
        last += 1
    return last

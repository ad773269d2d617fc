"""How random a short string looks: Shannon entropy and the mix of character classes."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise


def shannon_bits(text: str) -> float:
    """Bits per character of the string's own distribution, 0 (one character repeated) to log2(length)."""
    if not text:
        return 0.0
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values())


def character_classes(text: str) -> int:
    """How many of lower case, upper case, digit and other occur, 0 to 4."""
    return (
        any(char.islower() for char in text)
        + any(char.isupper() for char in text)
        + any(char.isdigit() for char in text)
        + any(not char.isalnum() for char in text)
    )


def class_changes(text: str) -> int:
    """How often neighbours differ in class (letter, digit, other): high in generated tokens, low in words and names."""
    kinds = [0 if char.isalpha() else 1 if char.isdigit() else 2 for char in text]
    return sum(left != right for left, right in pairwise(kinds))

"""What the detector reports about one value. The value itself is nowhere in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from scangate.domain.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveDataFinding(Finding):
    """`rule` is the data pattern's name as users know it; `context_keyword` is a word of our own lists, never of the text."""

    rule_id: str
    context_keyword: str = ""
    version: int = 1

    @property
    def pattern_id(self) -> str:
        """24 hexadecimal digits that stand for the pattern's name."""
        return hashlib.sha256(self.rule.encode()).hexdigest()[:24]

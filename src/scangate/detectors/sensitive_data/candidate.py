"""What validators and suppressors look at: one match in one view of the text, with what stands around it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from scangate.matching.literals import Keyword


class Candidate(NamedTuple):
    """`start` and `end` are code points of `text`, the whole view. `keyword` is the context word that counts, if any."""

    text: str
    start: int
    end: int
    keyword: Keyword | None = None
    other: Keyword | None = None
    """The nearest word before the value that says it is some other number (an order, a ticket)."""

    @property
    def value(self) -> str:
        return self.text[self.start : self.end]

    def before(self, length: int) -> str:
        return self.text[max(0, self.start - length) : self.start]

    def after(self, length: int) -> str:
        return self.text[self.end : self.end + length]


@dataclass(frozen=True, slots=True)
class Check:
    """A validator's answer; `start` and `end` correct the span where the pattern took too much or too little.

    `work` is what the answer cost beyond an ordinary check, in ordinary checks (about 3 µs each).
    """

    valid: bool
    proven: bool = False
    start: int | None = None
    end: int | None = None
    work: int = 0


FAILED = Check(valid=False)
PLAUSIBLE = Check(valid=True)
PROVEN = Check(valid=True, proven=True)


class Effect(Enum):
    """A suppressor's answer."""

    KEEP = "keep"
    LOWER = "lower"
    """Reported at low confidence at most."""
    DROP = "drop"

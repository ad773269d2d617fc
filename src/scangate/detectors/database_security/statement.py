"""The words of this detector: operations, effects, and the statements that the finders hand to the detector."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from scangate.domain.content import Span
from scangate.domain.finding import Finding


class Operation(StrEnum):
    """What a statement does to the data; the four sub-types of a report."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"

    @property
    def category(self) -> str:
        return f"database-security-{self.value}"


class Effect(StrEnum):
    """How much a statement matters beside its operation."""

    PLAIN = "plain"
    """A read like any other."""
    WRITE = "write"
    """Changes data, structure or rights."""
    RISKY = "risky"
    """Reads what it should not, or is shaped like an attack."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in one reading: half-open byte offsets, what it does, and whether it is only talked about.

    `risks` are stable words (`credentials`, `tautology`, `catalog`, …) for reports and tests; never content.
    """

    start: int
    end: int
    rule: str
    operation: Operation
    effect: Effect
    engine: str = "sql"
    risks: tuple[str, ...] = ()
    is_mention: bool = False
    is_certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFinding(Finding):
    """A finding with the engine it is written for (`sql`, `mongodb`, `redis`, …) and what makes it risky."""

    engine: str = "sql"
    risks: tuple[str, ...] = ()


class Reading(Protocol):
    """A text to look for statements in; all offsets of finders are byte offsets of `data`."""

    @property
    def data(self) -> bytes: ...

    @property
    def flat(self) -> str:
        """`data` with one character per byte (Latin-1), so that byte offsets index it."""
        ...

    def is_new(self, start: int, end: int) -> bool:
        """A statement there is not in the view as it stands as well."""
        ...

    @property
    def is_cased(self) -> bool:
        """`data` has the case of the text as sent."""
        ...

    def is_upper(self, start: int, end: int) -> bool:
        """Whether the bytes `[start, end)` are in capitals in the text as sent."""
        ...

    def to_raw(self, start: int, end: int) -> Span:
        """The code points of the part as sent that the bytes `[start, end)` came from."""
        ...

"""The words of this detector: operations, effects, and the statements that the finders hand to the detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from scangate.detectors.contract import Kinds
from scangate.domain.content import Span
from scangate.domain.finding import Finding

CATEGORY_PREFIX: Final = "database-security-"


class Operation(StrEnum):
    """What a statement does to the data; the four sub-types of a report."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"

    @property
    def category(self) -> str:
        return f"{CATEGORY_PREFIX}{self.value}"


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
    is_example: bool = False
    """Its object is a placeholder, as in a description of the syntax: `DROP TABLE table_name`."""
    is_certain: bool = True
    dialect: str = ""
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFinding(Finding):
    """A finding with the engine it is written for (`sql`, `mongodb`, `redis`, …) and what makes it risky.

    `dialect` and `tables` are of SQL only: the dialect that its words betray (else `generic`), and the objects that it names.
    `is_mention` says that the text around only talks about it, `is_plain` that it is a read like any other.
    """

    engine: str = "sql"
    risks: tuple[str, ...] = ()
    dialect: str = ""
    tables: tuple[str, ...] = ()
    is_mention: bool = False
    is_plain: bool = False


def _operations(findings: Sequence[Finding]) -> frozenset[str]:
    """The operations of the statements that a text holds and does not only mention."""
    return frozenset(
        finding.category.removeprefix(CATEGORY_PREFIX)
        for finding in findings
        if not (isinstance(finding, DatabaseFinding) and finding.is_mention)
    )


KINDS: Final = Kinds(names=tuple(Operation), of=_operations, prefix=CATEGORY_PREFIX)


class Reading(Protocol):
    """A text to look for statements in; all offsets of finders are byte offsets of `data`."""

    @property
    def data(self) -> bytes: ...

    @property
    def flat(self) -> str:
        """`data` with one character per byte (Latin-1), so that byte offsets index it."""
        ...

    def is_new(self, start: int, end: int) -> bool:
        """A statement there is not in the view as it stands as well. Cheap: finders ask it about a candidate's reach, too."""
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

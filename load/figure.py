"""A row of the tables that benchmarks print."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `good` is None where there is no target."""

    name: str
    measured: str
    target: str = ""
    good: bool | None = None

    def row(self) -> str:
        mark = "" if self.good is None else "yes" if self.good else "**no**"
        return f"| {self.name} | {self.measured} | {self.target} | {mark} |"

"""Fragments of SQL injection: they are no statements, but nothing else looks like them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from scangate.detectors.database_security.patterns import GAP, pattern
from scangate.detectors.database_security.statement import Effect, Operation, Reading, Statement

_MAX_HITS: Final = 50
_FRAGMENTS: Final[tuple[tuple[str, Operation, bytes], ...]] = tuple(
    (rule, operation, expression.replace(b"~", GAP))
    for rule, operation, expression in (
        ("sql.injection-tautology", Operation.READ, rb"['\"]\s*\)?~?(?:or|\|\|)~?\(?\s*(?:'(\w{0,8})'\s*=\s*'\w{0,8}|\d{1,4}\s*=\s*\d{1,4}|true\b)".replace(b"~?", rb"\s*")),
        ("sql.injection-union", Operation.READ, rb"(?:['\")]|\d)\s*union~(?:all~)?select\b"),
        ("sql.injection-stacked", Operation.DELETE, rb"['\")\d]\s*;\s*(?:drop|delete|truncate|update|insert|alter|exec|shutdown)~[\w.]+[^\n]{0,80}(?:--|#|/\*)"),
        ("sql.injection-delay", Operation.READ, rb"\b(?:sleep|pg_sleep|benchmark)\s*\(\s*\d+|\bwaitfor~delay\s*'"),
        ("sql.command", Operation.UPDATE, rb"\bxp_cmdshell\b\s*['\"(]|\bto~program\s*'"),
    )
)  # fmt: skip


def find_fragments(reading: Reading) -> Iterator[Statement]:
    """At most _MAX_HITS of each kind."""
    for rule, operation, expression in _FRAGMENTS:
        for match in islice(pattern(expression).finditer(reading.data), _MAX_HITS):
            yield Statement(match.start(), match.end(), rule, operation, Effect.RISKY, risks=("injection",))

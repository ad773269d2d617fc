"""What may stand directly beside a value."""

from __future__ import annotations

import pytest

from scangate.detectors.sensitive_data.candidate import Candidate
from scangate.detectors.sensitive_data.edges import stands_alone


def _allowed(kind: str, marked: str) -> bool:
    """`marked` holds the value between « and »."""
    start = marked.index("«")
    text = marked.replace("«", "").replace("»", "")
    return stands_alone(kind, Candidate(text, start, marked.index("»") - 1))


@pytest.mark.parametrize(
    ("kind", "marked", "allowed"),
    [
        ("number", "a «123456789» b", True),
        ("number", "«123456789»", True),
        ("number", "号码«123456789»です", True),
        ("number", "(«123456789»).", True),
        ("number", "x«123456789»", False),
        ("number", "«123456789»_b", False),
        ("number", "é«123456789»", False),
        ("number", "1.«123456789»", False),
        ("number", "12-«123456789»", False),
        ("number", "«123456789».5", False),
        ("number", "«123456789»-1", False),
        ("number", "+«123456789»", False),
        ("number", "total «123456789». Next", True),
        ("number", "«1234 5678 9012» 3456", False),
        ("number", "1234 «5678 9012 3456»", False),
        ("number", "«1234 5678 9012» 34567", True),
        ("digits", "«1234 5678 9012» 3456", True),
        ("digits", "3456 «1234 5678 9012»", True),
        ("digits", "RS35 «2600 0560 1001»", False),
        ("digits", "card «2600 0560 1001»", True),
        ("digits", "no 123 «2600 0560 1001»", True),
        ("digits", "«123456789».5", False),
        ("address", "«10.20.30.40».", True),
        ("address", "«10.20.30.40».5", False),
        ("address", "1.«20.30.40.50»", False),
        ("address", "«10.20.30.40»:8080", True),
        ("token", "«abc123», «abc", True),
        ("token", "1.«abc123».5", True),
        ("token", "x«abc123»", False),
        ("none", "x«abc123»y", True),
    ],
)
def test_edges(kind: str, marked: str, allowed: bool) -> None:
    assert _allowed(kind, marked) is allowed

"""The vocabulary of URL categories: data/categories.yaml, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from scangate.matching.documents import read_yaml

RiskLevel = Literal["high", "medium", "low", "Not Given"]

MALICIOUS: Final = "malicious"
"""What profiles write for the whole set of malicious categories."""
UNKNOWN: Final = "unknown"
NOT_RESOLVED: Final = "not-resolved"
HIGH_RISK: Final = "high-risk"
PRIVATE_ADDRESS: Final = "private-ip-addresses"
JUDGED_BY_FORM: Final = "real-time-detection"

_UNLISTED: Final = (UNKNOWN,)
_RISKS: Final[tuple[RiskLevel, ...]] = ("Not Given", "low", "medium", "high")


@dataclass(frozen=True, slots=True)
class UrlCategory:
    """`derived`: decided from the URL itself or from the lack of a listing, so that no list can carry it."""

    name: str
    about: str
    risk: RiskLevel
    malicious: bool
    derived: bool


@cache
def url_categories() -> dict[str, UrlCategory]:
    """All categories by name."""
    document = read_yaml(files(__package__).joinpath("data/categories.yaml").read_text("utf-8"))
    return {
        name: UrlCategory(name, row["about"], row["risk"], bool(row.get("malicious")), bool(row.get("derived")))
        for name, row in document.items()
    }


@cache
def malicious_categories() -> frozenset[str]:
    return frozenset(name for name, category in url_categories().items() if category.malicious)


def risk_of(categories: tuple[str, ...]) -> RiskLevel:
    """The highest risk among known categories; "Not Given" without any."""
    if categories == _UNLISTED:
        return "Not Given"
    known = url_categories()
    return max((known[name].risk for name in categories if name in known), key=_RISKS.index, default="Not Given")

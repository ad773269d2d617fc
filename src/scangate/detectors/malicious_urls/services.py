"""Services behind whose names other people's pages stand: dynamic DNS, URL shorteners, open platforms (data/services.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from scangate.matching.documents import read_yaml


@dataclass(frozen=True, slots=True)
class Services:
    """Lower-case domains; a name below one of them belongs to it."""

    dynamic_dns: frozenset[str]
    shorteners: frozenset[str]
    open_platforms: frozenset[str]
    pictures: frozenset[str]


@cache
def load_services() -> Services:
    """The services that come with the package."""
    document = read_yaml(files(__package__).joinpath("data/services.yaml").read_text("utf-8"))
    sets = {name: frozenset(text.split()) for name, text in document.items()}
    return Services(sets["dynamic_dns"], sets["shorteners"], sets["open_platforms"], sets["pictures"])


def is_below(labels: tuple[str, ...], domains: frozenset[str]) -> bool:
    """Whether the host, or a parent of it with at least two labels, is one of the domains."""
    return any(".".join(labels[start:]) in domains for start in range(len(labels) - 1))

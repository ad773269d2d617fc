"""Well-known brands and the domains that are really theirs: data/brands.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import yaml


@dataclass(frozen=True, slots=True)
class Brands:
    """`owned` maps a brand to its domains, `domains` is their union."""

    owned: Mapping[str, frozenset[str]]
    domains: frozenset[str]


def load_brands() -> Brands:
    """Read the file that comes with the package."""
    document = yaml.safe_load(files(__package__).joinpath("data/brands.yaml").read_text("utf-8"))
    owned = {str(name): frozenset(map(str, domains)) for name, domains in document.items()}
    return Brands(owned, frozenset[str]().union(*owned.values()))

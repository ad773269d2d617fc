"""Words of nine languages that claims are read with; see the comments in the files."""

from __future__ import annotations

from importlib import resources
from typing import Any

from scangate.matching.documents import read_yaml


def read_lexicon(name: str) -> Any:
    """A file of this folder as plain objects."""
    return read_yaml(resources.files(__package__).joinpath(name).read_text("utf-8"))

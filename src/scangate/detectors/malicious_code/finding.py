"""What the detector says about one piece of code."""

from __future__ import annotations

from dataclasses import dataclass

from scangate.detectors.malicious_code.rulebook import Kind
from scangate.domain.content import Span
from scangate.domain.finding import Finding

CODE_BLOCK = "code_block"
"""Rule of a finding that says no more than that code stands here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFinding(Finding):
    """One piece of code and the strongest rule that holds for it; or an unflagged one that only says that it is code.

    `span` is what the rule's patterns cover, `code` the whole piece, both in code points of the part. `layers` counts what had to
    be undone before the rule held. `rules` are all that count, strongest first.
    """

    code: Span
    language: str
    sha256: str
    kind: Kind = Kind.SCRIPT
    layers: int = 0
    rules: tuple[str, ...] = ()

"""A finding of this detector, and the languages as kinds for evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scangate.detectors.contract import Kinds
from scangate.detectors.source_code.evidence import SOURCE_LANGUAGES
from scangate.detectors.source_code.scoring import FLAGGED
from scangate.domain.finding import Finding
from scangate.matching.code_blocks import BlockKind

CATEGORY: Final = "code-detection"
UNKNOWN_LANGUAGE: Final = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCodeFinding(Finding):
    """`language` is a name of `inference.code_language`, empty where nothing tells; `lines` are those that are not blank."""

    language: str = ""
    kind: BlockKind = BlockKind.UNFENCED
    lines: int = 0


def _languages(findings: Sequence[Finding]) -> frozenset[str]:
    """The languages of what is source code, whatever a profile does about it."""
    return frozenset(
        finding.language or UNKNOWN_LANGUAGE
        for finding in findings
        if isinstance(finding, SourceCodeFinding) and finding.score >= FLAGGED
    )


KINDS: Final = Kinds(names=tuple(sorted(SOURCE_LANGUAGES)), of=_languages)

"""The detector: blocks of code of a part, how likely each is source code, and in which language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.source_code.candidates import candidates
from scangate.detectors.source_code.evidence import SOURCE_LANGUAGES, evidence_of, features_of, language_of
from scangate.detectors.source_code.finding import CATEGORY, SourceCodeFinding
from scangate.detectors.source_code.framing import is_aside
from scangate.detectors.source_code.options import SourceCodeOptions
from scangate.detectors.source_code.scoring import ASIDE_AT_MOST, FLAGGED, HIGH, PRESENT, Trees, bounded, load_trees
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Confidence, Encoding, PartKind
from scangate.matching.code_blocks import BlockKind, CodeBlock, code_blocks
from scangate.matching.views import View

MAX_FINDINGS: Final = 50
MAX_FLAGGED: Final = 5
"""Blocks of one part that are flagged, the longest first: what else there is changes nothing."""
_TREES: Final = "source_code.trees"
_MIN_CHARACTERS: Final = 20
_CARRYING: Final = frozenset(
    (Encoding.BASE64, Encoding.BASE32, Encoding.HEX, Encoding.URL, Encoding.HTML, Encoding.GZIP, Encoding.ZLIB)
)
"""Encodings that a file is carried in; the rest (ROT13, spelling) only ever hide words."""


@dataclass(frozen=True, slots=True)
class _Scored:
    span: Span
    score: float
    kind: BlockKind
    language: str
    lines: int
    encodings: tuple[Encoding, ...]


@dataclass(frozen=True, slots=True)
class SourceCodeDetector:
    """Immutable; `detect` is pure and linear in the text."""

    options: SourceCodeOptions
    trees: Trees

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """Blocks that hold code, by place, disjoint. Those that are likely enough source code are flagged.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        found = [scored for scored in self._scored(subject) if scored.score >= PRESENT]
        return [self._finding(scored) for scored in _disjoint(found)]

    def score(self, subject: Subject) -> float:
        """How likely the likeliest block is source code; 0 where there is no block."""
        return max((scored.score for scored in self._scored(subject)), default=0.0)

    def _scored(self, subject: Subject) -> Iterator[_Scored]:
        flagged: list[tuple[View, Span]] = []
        asides: dict[int, bool] = {}
        for view, block, others in _blocks(subject):
            if len(flagged) >= MAX_FLAGGED or any(of is view and span.overlaps(block.span) for of, span in flagged):
                continue
            subject.checkpoint()
            evidence = evidence_of(block, view.text)
            score = bounded(self.trees.probability(features_of(evidence)), evidence.lines, len(block.span))
            if evidence.is_configuration and evidence.hint not in SOURCE_LANGUAGES:
                score = min(score, ASIDE_AT_MOST)
            if score >= FLAGGED and block.kind is BlockKind.UNFENCED:
                if id(view) not in asides:
                    asides[id(view)] = is_aside(view.text, others)
                score = min(score, ASIDE_AT_MOST) if asides[id(view)] else score
            if score >= FLAGGED:
                flagged.append((view, block.span))
            yield _Scored(
                span=view.to_raw(block.span.start, block.span.end),
                score=score,
                kind=block.kind,
                language=language_of(evidence),
                lines=evidence.lines,
                encodings=view.encodings,
            )

    def _finding(self, scored: _Scored) -> SourceCodeFinding:
        is_flagged = scored.score >= FLAGGED and self.options.action is not Action.ALLOW
        return SourceCodeFinding(
            rule=f"source_code.{scored.kind.value}",
            span=scored.span,
            confidence=_confidence(scored.score),
            score=round(scored.score, 4),
            action=self.options.action if is_flagged else Action.ALLOW,
            severity=self.options.severity,
            category=CATEGORY,
            flagged=is_flagged,
            encodings=scored.encodings,
            language=scored.language,
            kind=scored.kind,
            lines=scored.lines,
        )


def _blocks(subject: Subject) -> Iterator[tuple[View, CodeBlock, Sequence[CodeBlock]]]:
    """Candidates with all blocks of their view: the raw one's, and those of what was decoded. A part that is sent as code is one block,
    declared as in a fence."""
    raw = subject.text.raw
    if subject.part.kind is PartKind.CODE:
        found = code_blocks(raw.text)
        is_fenced = len(found) == 1 and found[0].kind is BlockKind.FENCED
        yield raw, found[0] if is_fenced else _whole(raw.text, found), found
    else:
        yield from ((raw, *one) for one in _long_enough(subject.code_blocks()))
    for view in subject.text.decoded:
        if view.encodings and _CARRYING.issuperset(view.encodings):
            subject.checkpoint()
            yield from ((view, *one) for one in _long_enough(code_blocks(view.text)))


def _long_enough(blocks: Sequence[CodeBlock]) -> Iterator[tuple[CodeBlock, Sequence[CodeBlock]]]:
    return ((block, blocks) for block in candidates(blocks) if len(block.span) >= _MIN_CHARACTERS)


def _whole(text: str, found: Sequence[CodeBlock]) -> CodeBlock:
    span = Span(0, len(text))
    lines = max(1, sum(1 for line in text.split("\n") if line.strip()))
    return CodeBlock(BlockKind.FENCED, span, span, "", lines, min(lines, sum(block.code_lines for block in found)))


def _confidence(score: float) -> Confidence:
    if score < FLAGGED:
        return Confidence.LOW
    return Confidence.HIGH if score >= HIGH else Confidence.MEDIUM


def _disjoint(found: Sequence[_Scored]) -> list[_Scored]:
    """Of blocks that overlap the one that would be flagged, then the longer, stays."""
    kept: list[_Scored] = []
    for scored in sorted(found, key=lambda one: (one.score < FLAGGED, -len(one.span))):
        if len(kept) < MAX_FINDINGS and not any(other.span.overlaps(scored.span) for other in kept):
            kept.append(scored)
    return sorted(kept, key=lambda one: one.span.start)


def compile_source_code(options: SourceCodeOptions, resources: Resources) -> CompiledDetector:
    """Load the trees (once a process) and make a detector of the options."""
    return SourceCodeDetector(options, resources.shared(_TREES, load_trees))

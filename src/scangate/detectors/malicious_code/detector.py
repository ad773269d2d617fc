"""The detector: views of a part to pieces of code, pieces to evidence, evidence to findings."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.malicious_code.arguments import arguments
from scangate.detectors.malicious_code.evidence import ENOUGH, Evidence, score
from scangate.detectors.malicious_code.finding import CODE_BLOCK, CodeFinding
from scangate.detectors.malicious_code.layers import MAX_DEPTH, Budget, Layer, behind
from scangate.detectors.malicious_code.options import MaliciousCodeOptions
from scangate.detectors.malicious_code.pieces import MARKED, Piece, pieces_of, rejoined
from scangate.detectors.malicious_code.rulebook import Hit, Kind, RuleBook, load_rules
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Confidence, Encoding
from scangate.inference.code_language import identify
from scangate.matching.code_blocks import BlockKind, CodeBlock
from scangate.matching.decoded import Source
from scangate.matching.views import View

MAX_FINDINGS: Final = 100
_RULES: Final = "malicious_code.rules"
_ENCODED: Final = "hiding.encoded"
"""Wants decoding only; every other rule of that kind wants folding too."""
_SURE: Final = 0.7
"""Confidence in a language from which on rules of other languages do not count: shredded code looks like any."""
_MODEL_PASSES: Final = 1
"""Pieces of one part whose language the model may be asked for."""
_MODEL_FROM: Final = 8000
"""Characters of a harmless block that are worth the model's ten milliseconds; of a flagged one any length is."""


@dataclass(frozen=True, slots=True)
class MaliciousCodeDetector:
    """Immutable; `detect` is pure and linear in the text."""

    options: MaliciousCodeOptions
    rules: RuleBook

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """Flagged pieces of code, and every other block of code unflagged; at most `MAX_FINDINGS`, by place.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        scan = _Scan(self, subject)
        found = list(scan.findings())
        found.sort(key=lambda finding: (not finding.flagged, finding.code.start, -len(finding.code)))
        return sorted(_distinct(found)[:MAX_FINDINGS], key=lambda finding: (finding.code.start, finding.code.end))


class _Scan:
    """One run over one part."""

    def __init__(self, detector: MaliciousCodeDetector, subject: Subject) -> None:
        self._options, self._rules = detector.options, detector.rules
        self._subject = subject
        self._budget = Budget(subject.checkpoint)
        self._model_passes = _MODEL_PASSES
        self._is_about_code = False

    def findings(self) -> Iterator[CodeFinding]:
        text = self._subject.text
        source = Source.of(text.raw.text)
        hits = self._hits(source.data)
        blocks = self._subject.code_blocks() if may_hold_code(source.data) else ()
        if hits:
            is_flagged = False
            for piece in pieces_of(self._subject, source, blocks):
                self._subject.checkpoint()
                self._is_about_code |= piece.is_mention
                for finding in self._examined(piece, hits if piece.is_whole else None):
                    is_flagged |= finding.flagged
                    yield finding
            if not is_flagged and (rest := rejoined(source, blocks)) is not None:
                yield from (finding for finding in self._examined(rest, hits) if finding.flagged)
        if not any(block.kind in MARKED for block in blocks):
            yield from self._injections()
        for view in self._hidden_views():
            yield from self._view(view)
        # a word in backticks is no code to report
        yield from (self._block(block) for block in blocks if block.kind is not BlockKind.INLINE)

    def _hits(self, data: bytes) -> list[Hit]:
        self._subject.checkpoint()
        return self._rules.hits(data, self._subject.checkpoint)

    def _hidden_views(self) -> Iterator[View]:
        """Readings beside the raw one that may say something else."""
        text = self._subject.text
        if not text.raw.text.isascii() and text.folded.text != text.raw.text.casefold():
            yield text.folded
        yield from text.decoded

    def _view(self, view: View) -> Iterator[CodeFinding]:
        self._subject.checkpoint()
        hits = self._hits(Source.of(view.text).data)
        if hits:
            # what is folded is the same text in other letters, what was encoded is hidden
            piece = Piece(view.text, Span(0, len(view.text)), is_mention=self._is_about_code and not view.encodings)
            yield from self._examined(piece, hits, view, depth=len(view.encodings))

    def _examined(
        self, piece: Piece, hits: Sequence[Hit] | None, view: View | None = None, depth: int = 0
    ) -> Iterator[CodeFinding]:
        found = hits if hits is not None else self._hits(Source.of(piece.text).data)
        if not found:
            return
        guess = identify(piece.text, piece.hint)
        language = guess.name if guess.confidence >= _SURE else ""
        evidence = Evidence(is_mention=piece.is_mention, language=language)
        evidence.add((hit for hit in found if hit.rule.kind is not Kind.INJECTION), depth)
        self._look_behind(Layer(piece.text, 0, guess.name), evidence, found, depth)
        counted = evidence.counted()
        if counted:
            yield self._finding(piece, evidence, view or self._subject.text.raw, Kind.SCRIPT)

    def _look_behind(self, code: Layer, evidence: Evidence, hits: Sequence[Hit], depth: int) -> None:
        """Layer by layer, as long as a layer hides something and the evidence is not enough."""
        waiting = deque([(code, hits)])
        while waiting and evidence.points() < ENOUGH:
            outer, found = waiting.popleft()
            hiding = {hit.rule.id for hit in found if hit.rule.kind is Kind.HIDING}
            if not hiding or outer.depth >= MAX_DEPTH:
                continue
            for layer in behind(outer, self._budget, fold=bool(hiding - {_ENCODED})):
                inner = self._hits(Source.of(layer.text).data)
                evidence.add((hit for hit in inner if hit.rule.kind is not Kind.INJECTION), depth + layer.depth)
                waiting.append((layer, inner))

    def _injections(self) -> Iterator[CodeFinding]:
        for argument in arguments(self._subject):
            hits = [hit for hit in self._hits(Source.of(argument.text).data) if hit.rule.kind is Kind.INJECTION]
            if hits:
                evidence = Evidence()
                evidence.add(hits)
                yield self._finding(argument, evidence, self._subject.text.raw, Kind.INJECTION)

    def _finding(self, piece: Piece, evidence: Evidence, view: View, kind: Kind) -> CodeFinding:
        points = evidence.points()
        flagged = points >= ENOUGH
        counted = evidence.counted()
        strongest, depth = counted[0]
        covered = evidence.span() if not view.encodings else None
        start, end = (covered.start, covered.end) if covered else (0, len(piece.text))
        code = view.to_raw(piece.span.start, piece.span.end)
        return CodeFinding(
            rule=strongest.rule.id,
            span=view.to_raw(piece.span.start + start, piece.span.start + max(end, start)),
            confidence=(Confidence.HIGH if points > ENOUGH or depth else Confidence.MEDIUM) if flagged else Confidence.LOW,
            score=score(points),
            action=self._options.action if flagged else Action.ALLOW,
            severity=self._options.severity,
            category=strongest.rule.family,
            flagged=flagged,
            encodings=view.encodings,
            code=code,
            language=self._language(piece.text, piece.hint, is_worth_it=flagged),
            sha256=_digest(piece.text),
            kind=kind,
            layers=depth,
            rules=tuple(hit.rule.id for hit, _ in counted),
        )

    def _block(self, block: CodeBlock) -> CodeFinding:
        raw = self._subject.text.raw
        text = block.text(raw.text)
        span = raw.to_raw(block.span.start, block.span.end)
        return CodeFinding(
            rule=CODE_BLOCK,
            span=span,
            confidence=Confidence.LOW,
            score=0.0,
            action=Action.ALLOW,
            severity=self._options.severity,
            flagged=False,
            encodings=_NONE,
            code=span,
            language=self._language(text, block.language_hint),
            sha256=_digest(text),
        )

    def _language(self, code: str, hint: str, *, is_worth_it: bool = False) -> str:
        may = self._model_passes > 0 and (is_worth_it or len(code) >= _MODEL_FROM)
        guess = identify(code, hint, may_use_model=may)
        self._model_passes -= guess.evidence.value == "model"
        return guess.name


_NONE: Final[tuple[Encoding, ...]] = ()
_SIGNS_OF_CODE: Final = (
    b"`",
    b"~~~",
    b"{",
    b";",
    b"$",
    b"()",
    b" = ",
    b"|",
    b"\\",
    b"#!",
    b"%",
    b'("',
    b"('",
    b" -",
    b"=",
    b":\n",
)


def may_hold_code(data: bytes) -> bool:
    """Whether it is worth looking for code at all: plain prose has none of the signs."""
    return any(sign in data for sign in _SIGNS_OF_CODE)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def _distinct(findings: list[CodeFinding]) -> list[CodeFinding]:
    """Of findings about the same piece, the first; a mere block inside a flagged piece says nothing new."""
    kept: list[CodeFinding] = []
    places: set[tuple[int, int, Kind]] = set()
    flagged = [finding for finding in findings if finding.flagged]
    for finding in findings:
        place = (finding.code.start, finding.code.end, finding.kind)
        if place in places:
            continue
        if finding.rule == CODE_BLOCK and any(one.code.contains(finding.code) for one in flagged):
            continue
        places.add(place)
        kept.append(finding)
    return kept


def compile_malicious_code(options: MaliciousCodeOptions, resources: Resources) -> CompiledDetector:
    """Load the rules (once a process) and make a detector of the options."""
    return MaliciousCodeDetector(options, resources.shared(_RULES, lambda: load_rules(resources.data_dir)))

"""The detector: readings of a part, finders over each, statements to findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scangate.detectors.contract import CompiledDetector, Resources, Subject
from scangate.detectors.database_security.context import Surroundings
from scangate.detectors.database_security.effort import Effort
from scangate.detectors.database_security.options import DatabaseSecurityOptions
from scangate.detectors.database_security.readings import ViewReading, joined, neighbourhood
from scangate.detectors.database_security.redis import RedisFinder
from scangate.detectors.database_security.rulebook import RuleBook, load_rules
from scangate.detectors.database_security.sql.finder import SqlFinder
from scangate.detectors.database_security.statement import DatabaseFinding, Effect, Operation, Reading, Statement
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Action, Confidence, Encoding, PartKind
from scangate.errors import DeadlineExceededError
from scangate.matching.views import PreparedText, View

MAX_FINDINGS: Final = 100
_ENOUGH_FINDINGS: Final = 300
"""That many findings of the strongest action that are no plain reads, overlapping ones included, and the rest changes nothing."""
_RULES: Final = "database_security.rules"


@dataclass(frozen=True, slots=True)
class _Finders:
    sql: SqlFinder
    redis: RedisFinder
    rules: RuleBook

    def find(self, reading: Reading, surroundings: Surroundings, effort: Effort) -> Iterator[Statement]:
        yield from self.sql.find(reading, surroundings, effort)
        yield from self.redis.find(reading, surroundings, effort)
        yield from self.rules.find(reading, surroundings, effort)


@dataclass(frozen=True, slots=True)
class DatabaseSecurityDetector:
    """Immutable; `detect` is pure and linear in the text."""

    options: DatabaseSecurityOptions
    finders: _Finders

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """The findings, at most `MAX_FINDINGS`, by place.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`; or the text has more candidates than one scan reads, and
                what was read does not yet call for the strongest action of the profile.
        """
        effort = Effort(subject.checkpoint)
        collected: list[DatabaseFinding] = []
        decided, telling = False, 0
        for finding in self._findings(subject, effort):
            collected.append(finding)
            is_decisive = finding.flagged and finding.action is self.options.strongest_action
            decided = decided or is_decisive
            telling += is_decisive and not finding.is_plain
            if telling >= _ENOUGH_FINDINGS:
                break
        if effort.is_incomplete and not decided and self.options.strongest_action is not Action.ALLOW:
            raise DeadlineExceededError("the text has more possible database statements than one scan reads")
        return _distinct(collected)

    def _findings(self, subject: Subject, effort: Effort) -> Iterator[DatabaseFinding]:
        for view, is_case_folded in _views(subject.text):
            subject.checkpoint()
            for reading, surroundings in _readings(view, subject, is_case_folded, effort):
                for statement in self.finders.find(reading, surroundings, effort):
                    if not reading.is_new(statement.start, statement.end):
                        continue
                    finding = self._finding(statement, reading, view.encodings)
                    if finding is not None:
                        yield finding

    def _finding(self, statement: Statement, reading: Reading, encodings: tuple[Encoding, ...]) -> DatabaseFinding | None:
        rule = self.options.rule(statement.operation)
        if rule is None:
            return None
        is_plain = statement.effect is Effect.PLAIN
        counts = not is_plain or (self.options.plain_reads and statement.operation is Operation.READ)
        is_use = counts and not (statement.is_mention or statement.is_example)
        confidence = Confidence.LOW if not is_use else Confidence.HIGH if statement.is_certain else Confidence.MEDIUM
        flagged = is_use and rule.action is not Action.ALLOW
        return DatabaseFinding(
            rule=statement.rule,
            span=reading.to_raw(statement.start, statement.end),
            confidence=confidence,
            score=_SCORES[confidence],
            action=rule.action if flagged else Action.ALLOW,
            severity=rule.severity,
            category=statement.operation.category,
            flagged=flagged,
            encodings=encodings,
            engine=statement.engine,
            risks=statement.risks,
            dialect=statement.dialect,
            tables=statement.tables,
            is_mention=statement.is_mention,
            is_plain=is_plain,
        )


_SCORES: Final = {Confidence.LOW: 0.3, Confidence.MEDIUM: 0.7, Confidence.HIGH: 0.95}


def compile_database_security(options: DatabaseSecurityOptions, resources: Resources) -> CompiledDetector:
    """Load the rules (once a process) and make a detector of the options."""
    rules = resources.shared(_RULES, load_rules)
    return DatabaseSecurityDetector(options, _Finders(SqlFinder(), RedisFinder(), rules))


def _views(text: PreparedText) -> Iterator[tuple[View, bool]]:
    """The views worth reading; the folded one only where it differs from the raw one by more than case."""
    yield text.raw, False
    if text.folded.text != text.raw.text:
        yield text.folded, True
    for view in text.decoded:
        yield view, False


def _readings(view: View, subject: Subject, is_case_folded: bool, effort: Effort) -> Iterator[tuple[Reading, Surroundings]]:
    is_raw = view is subject.text.raw
    base = ViewReading(view, subject.part.text if is_case_folded else None)
    if not base.is_changed:
        return
    is_code = is_raw and subject.part.kind is PartKind.CODE
    segments = base.segments(subject.text.segments) if is_raw else ()
    reading = neighbourhood(base)
    yield reading, Surroundings(reading.flat, reading.data, is_code=is_code, segments=segments)
    spliced = joined(base, effort)
    if spliced is not None:
        yield spliced, Surroundings(spliced.flat, spliced.data, is_code=is_code)


def _distinct(findings: list[DatabaseFinding]) -> list[DatabaseFinding]:
    """One finding per place and operation: of two that overlap the flagged one stays, plain reads last, then the statement before
    the fragment, then the wider, then the earlier reading's. A fragment of injection inside a flagged statement says nothing new.
    """
    ranked = sorted(enumerate(findings), key=lambda item: (*_rank(item[1]), -len(item[1].span), item[0]))
    kept: list[DatabaseFinding] = []
    covered: dict[str, list[Span]] = {}
    for _, finding in ranked:
        taken = [
            span for category, spans in covered.items() for span in spans if category == finding.category or _is_fragment(finding)
        ]
        if any(span.overlaps(finding.span) or span == finding.span for span in taken) or _is_part(finding, kept):
            continue
        covered.setdefault(finding.category, []).append(finding.span)
        kept.append(finding)
        if len(kept) >= MAX_FINDINGS:
            break
    return sorted(kept, key=lambda finding: (finding.span.start, finding.category))


def _rank(finding: DatabaseFinding) -> tuple[bool, bool, bool]:
    return (not finding.flagged or finding.is_plain, not finding.flagged, _is_fragment(finding))


def _is_part(finding: DatabaseFinding, kept: Sequence[DatabaseFinding]) -> bool:
    """A plain read inside of a wider statement of the same engine that does something else: what that one works on. Or a CALL of
    a routine that another engine's rule knows by name.
    """
    return (
        finding.category == Operation.READ.category
        and (finding.is_plain or not finding.flagged)
        and any(
            (other.engine == finding.engine or finding.rule == "sql.execute")
            and other.category != finding.category
            and other.span.start <= finding.span.start
            and finding.span.end <= other.span.end
            for other in kept
        )
    )


def _is_fragment(finding: DatabaseFinding) -> bool:
    return finding.rule.startswith("sql.injection.")

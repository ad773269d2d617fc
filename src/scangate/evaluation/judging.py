"""One row to one judgement, in this process: the very functions that `scangate scan` and the server call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scangate.detectors.contract import CompiledDetector, DetectorSpec, Entities, Entity, Kinds, Scoring, Subject
from scangate.domain.finding import DetectorOutcome, Finding
from scangate.domain.taxonomy import Action, DetectorName, OutcomeStatus, Side
from scangate.engine.deadline import Deadline
from scangate.engine.pipeline import scan
from scangate.engine.plan import ScanPlan
from scangate.errors import DeadlineExceededError, ProfileInvalidError, RequestInvalidError
from scangate.evaluation.rows import Row


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the detector said about a row. Neither `flagged` nor `score` means anything unless `status` is OK."""

    row: Row
    status: OutcomeStatus
    flagged: bool = False
    score: float = 0.0
    elapsed_ms: float = 0.0
    kinds: frozenset[str] = frozenset()
    """What was found, for rows that are labelled with kinds: `flagged` then says whether it is anything at all."""
    entities: tuple[Entity, ...] = ()
    """The places that were found, for rows that are labelled with spans."""


Progress = Callable[[], None]
"""Called after every row."""


def spec_named(task: str, registry: Sequence[DetectorSpec[Any]]) -> DetectorSpec[Any]:
    """
    Raises:
        RequestInvalidError: no detector has that name.
    """
    for spec in registry:
        if spec.name.value == task:
            return spec
    raise RequestInvalidError(f"no detector is called {task!r}; known: {', '.join(spec.name.value for spec in registry)}")


def check_sides(rows: Iterable[Row], plan: ScanPlan, detector: DetectorName) -> None:
    """
    Raises:
        ProfileInvalidError: the profile has the detector switched off where a row needs it.
    """
    on = {side for side in Side if any(planned.spec.name is detector for planned in plan.side(side).detectors)}
    for row in rows:
        if row.side not in on:
            raise ProfileInvalidError(
                f"line {row.line}: the profile {plan.profile_name!r} has {detector.value} switched off for the side {row.side.value}"
            )


class _Remembering:
    """A detector that keeps the subject it was given, so that its score needs no second preparation of the text."""

    def __init__(self, inner: CompiledDetector) -> None:
        self.inner = inner
        self.subject: Subject | None = None

    def detect(self, subject: Subject) -> Sequence[Finding]:
        self.subject = subject
        return self.inner.detect(subject)


class Judge:
    """One detector under one plan. Not for several threads: it keeps the row in hand."""

    def __init__(self, plan: ScanPlan, detector: DetectorName) -> None:
        self._detector = detector
        self._detectors: dict[Side, _Remembering] = {}
        self._kinds: Kinds | None = None
        self._entities: Entities | None = None
        sides = {}
        for side, side_plan in plan.sides.items():
            for planned in side_plan.detectors:
                if planned.spec.name is detector:
                    self._detectors[side] = _Remembering(planned.compiled)
                    self._kinds = planned.spec.kinds
                    self._entities = planned.spec.entities
                    sides[side] = replace(side_plan, detectors=(replace(planned, compiled=self._detectors[side]),))
        self._plan = replace(plan, sides=sides)
        asked = [planned.options.model_dump_json() for side_plan in sides.values() for planned in side_plan.detectors]
        self._blocks = any(f'"{Action.BLOCK.value}"' in options for options in asked)

    def judge(self, row: Row) -> Judgement:
        """The profile must have the detector switched on for the row's side, see `check_sides`."""
        remembering = self._detectors[row.side]
        remembering.subject = None
        verdict = scan(row.content(), self._plan)
        side = verdict.of(row.side)
        outcome = side.outcome(self._detector) if side else None
        if outcome is None or outcome.status is not OutcomeStatus.OK:
            return Judgement(row, outcome.status if outcome else OutcomeStatus.ERROR, elapsed_ms=verdict.elapsed_ms)
        status, score = self._score(remembering, outcome)
        if row.kinds is not None and self._kinds is not None:
            kinds = self._kinds.of(outcome.all_findings)
            return Judgement(row, status, bool(kinds), score, verdict.elapsed_ms, kinds)
        flagged = self._counts(outcome)
        if row.spans is not None and self._entities is not None:
            entities = tuple(self._entities.of(outcome.all_findings))
            return Judgement(row, status, flagged, score, verdict.elapsed_ms, entities=entities)
        return Judgement(row, status, flagged, score, verdict.elapsed_ms)

    def _counts(self, outcome: DetectorOutcome) -> bool:
        """What a profile blocks; where it only watches, what it flags. So `high:block, moderate:allow` is judged at high."""
        return outcome.action is Action.BLOCK if self._blocks else outcome.flagged

    def _score(self, remembering: _Remembering, outcome: DetectorOutcome) -> tuple[OutcomeStatus, float]:
        detector, subject = remembering.inner, remembering.subject
        if not isinstance(detector, Scoring) or subject is None:
            return OutcomeStatus.OK, max((finding.score for finding in outcome.all_findings), default=0.0)
        deadline = Deadline.after(self._plan.timeout_seconds)
        try:
            score = detector.score(replace(subject, checkpoint=deadline.check))
        except DeadlineExceededError:
            return OutcomeStatus.TIMEOUT, 0.0
        except Exception:  # the isolation boundary, as in the engine: a failure is counted and never a verdict
            return OutcomeStatus.ERROR, 0.0
        return (OutcomeStatus.OK, score) if 0.0 <= score <= 1.0 else (OutcomeStatus.ERROR, 0.0)


def judge_rows(rows: Iterable[Row], plan: ScanPlan, detector: DetectorName, progress: Progress = lambda: None) -> list[Judgement]:
    """A judgement for each row, in their order.

    Raises:
        ProfileInvalidError: the profile has the detector switched off where a row needs it.
    """
    rows = list(rows)
    check_sides(rows, plan, detector)
    return list(_judged(rows, Judge(plan, detector), progress))


def _judged(rows: Iterable[Row], judge: Judge, progress: Progress) -> Iterator[Judgement]:
    for row in rows:
        yield judge.judge(row)
        progress()

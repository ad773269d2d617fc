"""(Content, ScanPlan) -> Verdict. Pure and synchronous: the API, the CLI, a worker and a cluster job call this one function."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from scangate.detectors.contract import Subject
from scangate.domain.content import Content
from scangate.domain.finding import DetectorOutcome, Finding
from scangate.domain.taxonomy import DetectorName, OutcomeStatus, Side
from scangate.domain.verdict import SideVerdict, Verdict
from scangate.engine.deadline import Deadline
from scangate.engine.masking import mask_parts
from scangate.engine.plan import PlannedDetector, ScanPlan
from scangate.engine.policy import decide
from scangate.errors import DeadlineExceededError
from scangate.matching.prepare import prepare

Observer = Callable[[DetectorOutcome, BaseException | None], None]
"""Told about every outcome, for metrics and logs; must not raise and never sees content."""


def _unobserved(_outcome: DetectorOutcome, _error: BaseException | None) -> None:
    return None


def scan(content: Content, plan: ScanPlan, *, deadline: Deadline | None = None, observe: Observer = _unobserved) -> Verdict:
    """Run every enabled detector over every side of the content.

    A detector that raises becomes the outcome `error`, one that passes the deadline `timeout`; neither is ever "clean".
    Sides without an enabled detector are not looked at at all.
    """
    started = time.perf_counter()
    deadline = deadline or Deadline.after(plan.timeout_seconds)
    sides = tuple(_scan_side(content, side, plan, deadline, observe) for side in content.sides)
    category, action = decide(sides, plan.timeout_action)
    return Verdict(category, action, sides, content.tool, elapsed_ms=(time.perf_counter() - started) * 1000)


def _scan_side(content: Content, side: Side, plan: ScanPlan, deadline: Deadline, observe: Observer) -> SideVerdict:
    side_plan = plan.side(side)
    parts = content.of(side)
    if not side_plan.detectors:
        return SideVerdict(side, parts, (), (None,) * len(parts))
    try:
        texts = [prepare(part.text, part.kind, deadline.check) for part in parts]
    except Exception as error:
        nothing: tuple[tuple[Finding, ...], ...] = ((),) * len(parts)  # reports go through findings part by part
        outcomes = tuple(_failed(planned.spec.name, error, 0.0, observe, nothing) for planned in side_plan.detectors)
        return SideVerdict(side, parts, outcomes, (None,) * len(parts))
    subjects = [
        Subject(part, text, content.history, content.grounding_context, deadline.check)
        for part, text in zip(parts, texts, strict=True)
    ]
    outcomes = tuple(_run(planned, subjects, observe) for planned in side_plan.detectors)
    masked = mask_parts(parts, outcomes) if side_plan.masks else (None,) * len(parts)
    return SideVerdict(side, parts, outcomes, masked)


def _run(planned: PlannedDetector, subjects: Sequence[Subject], observe: Observer) -> DetectorOutcome:
    started = time.perf_counter()
    found: list[tuple[Finding, ...]] = []
    try:
        for subject in subjects:
            subject.checkpoint()
            found.append(tuple(planned.compiled.detect(subject)))
    except Exception as error:  # the isolation boundary: one detector's failure is that detector's outcome
        found += [()] * (len(subjects) - len(found))
        return _failed(planned.spec.name, error, (time.perf_counter() - started) * 1000, observe, tuple(found))
    outcome = DetectorOutcome(planned.spec.name, OutcomeStatus.OK, tuple(found), (time.perf_counter() - started) * 1000)
    observe(outcome, None)
    return outcome


def _failed(
    detector: DetectorName,
    error: Exception,
    elapsed_ms: float,
    observe: Observer,
    found: tuple[tuple[Finding, ...], ...] = (),
) -> DetectorOutcome:
    """What was found before the failure counts: a timeout in the second part does not undo a hit in the first."""
    status = OutcomeStatus.TIMEOUT if isinstance(error, DeadlineExceededError) else OutcomeStatus.ERROR
    outcome = DetectorOutcome(detector, status, found, elapsed_ms)
    observe(outcome, error)
    return outcome

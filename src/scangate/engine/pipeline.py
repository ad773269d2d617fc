"""(Content, ScanPlan) -> Verdict. Pure and synchronous: the API, the CLI, a worker and a cluster job call this one function."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from scangate.detectors.contract import Subject
from scangate.domain.content import Content, Part
from scangate.domain.finding import DetectorOutcome, Finding
from scangate.domain.taxonomy import DetectorName, OutcomeStatus, PartKind, Side
from scangate.domain.verdict import SideVerdict, Verdict
from scangate.engine.deadline import Deadline
from scangate.engine.masking import mask_parts
from scangate.engine.plan import PlannedDetector, ScanPlan
from scangate.engine.policy import decide
from scangate.errors import DeadlineExceededError
from scangate.matching.prepare import prepare

CONTEXT_PARTS: Final = 64
"""Of what stood before an earlier part, so much is its context: a conversation costs no more than its length."""

Observer = Callable[[DetectorOutcome, BaseException | None], None]
"""Told about every outcome, for metrics and logs; must not raise and never sees content."""


def _unobserved(_outcome: DetectorOutcome, _error: BaseException | None) -> None:
    return None


def scan(content: Content, plan: ScanPlan, *, deadline: Deadline | None = None, observe: Observer = _unobserved) -> Verdict:
    """Run every enabled detector over every side of the content.

    A detector that raises becomes the outcome `error`, one that passes the deadline `timeout`; neither is ever "clean".
    Sides without an enabled detector are not looked at at all. Under a plan that inspects conversations the earlier elements are
    scanned as the newest one is, all within the one deadline.
    """
    started = time.perf_counter()
    deadline = deadline or Deadline.after(plan.timeout_seconds)
    present = {part.side for part in (*content.parts, *_inspected(content, plan))}
    sides = tuple(_scan_side(content, side, plan, deadline, observe) for side in Side if side in present)
    category, action = decide(sides, plan.timeout_action)
    return Verdict(category, action, sides, content.tool, elapsed_ms=(time.perf_counter() - started) * 1000)


def _inspected(content: Content, plan: ScanPlan) -> tuple[Part, ...]:
    return content.history if plan.inspects_conversation else ()


def _scan_side(content: Content, side: Side, plan: ScanPlan, deadline: Deadline, observe: Observer) -> SideVerdict:
    side_plan = plan.side(side)
    history = content.history
    earlier = [index for index, part in enumerate(_inspected(content, plan)) if part.side is side][::-1]
    parts = (*content.of(side), *(history[index] for index in earlier))
    if not side_plan.detectors:
        return SideVerdict(side, parts, (), (None,) * len(parts), len(earlier))
    try:
        texts = [prepare(part.text, part.kind, deadline.check, declares=part.declares) for part in parts]
    except Exception as error:
        nothing: tuple[tuple[Finding, ...], ...] = ((),) * len(parts)  # reports go through findings part by part
        outcomes = tuple(_failed(planned.spec.name, error, 0.0, observe, nothing) for planned in side_plan.detectors)
        return SideVerdict(side, parts, outcomes, (None,) * len(parts), len(earlier))
    newest = len(parts) - len(earlier)
    question = _question(content)
    subjects = [
        Subject(part, text, history, content.grounding_context, deadline.check, question=question)
        for part, text in zip(parts[:newest], texts[:newest], strict=True)
    ] + [
        Subject(history[index], text, history[max(0, index - CONTEXT_PARTS) : index], None, deadline.check)
        for index, text in zip(earlier, texts[newest:], strict=True)
    ]
    outcomes = tuple(_run(planned, subjects, observe) for planned in side_plan.detectors)
    masked = mask_parts(parts, outcomes) if side_plan.masks else (None,) * len(parts)
    declared = tuple(one.declared for text in texts[:newest] for one in text.declarations if one.declared is not None)
    return SideVerdict(side, parts, outcomes, masked, len(earlier), declared)


def _question(content: Content) -> str:
    """The prompt that the newest element's response answers."""
    prompts = (part.text for part in (*content.of(Side.PROMPT), *reversed(content.history)) if _is_prompt(part))
    return next(prompts, "")


def _is_prompt(part: Part) -> bool:
    return part.side is Side.PROMPT and part.kind is PartKind.TEXT


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

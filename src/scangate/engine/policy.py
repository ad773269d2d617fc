"""Outcomes to a verdict: category and action. Semantics: "Sync scan response" of the wire behaviour."""

from __future__ import annotations

from collections.abc import Sequence

from scangate.domain.taxonomy import Action, Category, OutcomeStatus
from scangate.domain.verdict import SideVerdict


def decide(sides: Sequence[SideVerdict], timeout_action: Action) -> tuple[Category, Action]:
    """Malicious beats timeout beats error beats benign; block as soon as one finding or one failure asks for it."""
    outcomes = [outcome for side in sides for outcome in side.outcomes]
    statuses = {outcome.status for outcome in outcomes}
    failed = bool(statuses & {OutcomeStatus.TIMEOUT, OutcomeStatus.ERROR})
    blocks = any(outcome.action is Action.BLOCK for outcome in outcomes) or (failed and timeout_action is Action.BLOCK)
    if any(outcome.flagged for outcome in outcomes):
        category = Category.MALICIOUS
    elif OutcomeStatus.TIMEOUT in statuses:
        category = Category.TIMEOUT
    elif OutcomeStatus.ERROR in statuses:
        category = Category.ERROR
    else:
        category = Category.BENIGN
    return category, Action.BLOCK if blocks else Action.ALLOW

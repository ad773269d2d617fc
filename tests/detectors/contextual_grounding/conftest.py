"""The detector with checks alone and with the shipped model, asked about one response."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scangate.detectors.contextual_grounding.checks import Beside, check
from scangate.detectors.contextual_grounding.claims import claims
from scangate.detectors.contextual_grounding.detector import ContextualGroundingDetector
from scangate.detectors.contextual_grounding.options import ContextualGroundingOptions
from scangate.detectors.contextual_grounding.passages import Passages
from scangate.detectors.contract import Subject
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.matching.prepare import prepare

OPTIONS = ContextualGroundingOptions(action=Action.BLOCK)


def nothing() -> None:
    return None


@pytest.fixture(scope="session")
def checks_alone() -> ContextualGroundingDetector:
    return ContextualGroundingDetector(OPTIONS, None)


@pytest.fixture(scope="session")
def signs() -> Callable[[str, str, str], set[str]]:
    """Names of what the checks see in a response to a question about a context."""

    def seen(context: str, response: str, question: str = "") -> set[str]:
        beside = Beside(Passages(context, nothing), question)
        return {sign.name for claim in claims(response, question) for sign in check(claim, beside).signs}

    return seen


def subject(
    response: str,
    context: str | None,
    question: str = "",
    kind: PartKind = PartKind.TEXT,
    checkpoint: Callable[[], None] = nothing,
) -> Subject:
    part = Part(Side.RESPONSE, kind, response)
    return Subject(part, prepare(response, kind), (), context, checkpoint, question=question)

"""Attacks that are spread over several turns: the last prompt as it reads after the prompts before it.

Only prompts count: what a model answered is not the user's doing. A long prompt stands for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scangate.detectors.contract import Subject
from scangate.domain.taxonomy import PartKind, Side

TURNS: Final = 3
TURN_LENGTH: Final = 240
"""Of each earlier prompt its last code points."""
LAST_LENGTH: Final = 400


@dataclass(frozen=True, slots=True)
class Turns:
    """The end of each earlier prompt, one a line, and the prompt that is scanned."""

    earlier: str
    last: str


def conversation(subject: Subject) -> Turns | None:
    """None where there is nothing before the prompt, or the prompt is long."""
    part = subject.part
    if part.side is not Side.PROMPT or part.kind is not PartKind.TEXT or not 0 < len(part.text) <= LAST_LENGTH:
        return None
    prompts = [
        turn.text for turn in subject.history if turn.side is Side.PROMPT and turn.kind is PartKind.TEXT and turn.text.strip()
    ]
    if not prompts:
        return None
    return Turns("\n".join(text[-TURN_LENGTH:] for text in prompts[-TURNS:]), part.text)

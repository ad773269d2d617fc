"""One training row of the grounding model: a claim, a passage, and what the passage says of the claim."""

from __future__ import annotations

from dataclasses import dataclass

SUPPORTED, CONTRADICTED, ABSENT = range(3)
VERDICTS = ("supported", "contradicted", "absent")
UNSUPPORTED = -1
"""Of rows whose source only says that the claim is not supported, and not whether the passage contradicts it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`passage` may be longer than a model takes; `focus` is what a shortened one should be chosen by (the claim where empty).

    Pairs of one `group` (the same context, or twins) stay on one side of every split.
    """

    claim: str
    passage: str
    verdict: int
    source: str
    lang: str
    group: str
    kind: str = ""
    twin: int = -1
    weight: float = 1.0
    focus: str = ""

"""The closed vocabulary of the guard model's outputs and one training row: what recipe, model and export share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

KINDS = ("direct_override", "jailbreak", "prompt_extraction", "indirect", "obfuscated")

CATEGORIES = (
    "violent-crime",
    "hate",
    "sexual-content",
    "indiscriminate-weapon",
    "self-harm",
    "cybercrime",
    "controlled-substance",
    "other-nonviolent-crime",
)
"""The eight toxic categories of the scan API, in the order of the toxic head."""

ABUSE = "abuse"
"""A ninth output for insults and profanity, which none of the eight categories covers; a policy may ignore it."""

TOXIC_OUTPUTS = (*CATEGORIES, ABUSE)

HEADS = ("injection", "agent", "toxic", "kind")

LANGUAGES = ("en", "es", "ru", "de", "fr", "ja", "pt", "it", "zh")

UNKNOWN = -1.0
"""Target value that masks an output: nothing is learnt from it."""

Surface = Literal[
    "prompt", "response", "document", "tool_output", "tool_input", "tool_declaration", "memory", "comment", "fragment"
]


@dataclass(frozen=True, slots=True)
class Row:
    """A text with the targets of every head. Targets are probabilities in [0, 1] or UNKNOWN.

    `toxic` has one value for each of TOXIC_OUTPUTS; `any_toxic` is the target for "at least one of them", used where a source
    says that a text is toxic but not in which way. `group` is the cluster of near duplicates or the matched pair: rows of one
    group stay on one side of every split. `focus` is the part of the text, as a range of code points, that a shortened text
    must contain.
    """

    text: str
    source: str
    lang: str
    surface: Surface
    group: str
    injection: float = UNKNOWN
    kind: int = -1
    agent: float = UNKNOWN
    toxic: tuple[float, ...] = (UNKNOWN,) * len(TOXIC_OUTPUTS)
    any_toxic: float = UNKNOWN
    weight: float = 1.0
    focus: tuple[int, int] | None = None

    def with_text(self, text: str, focus: tuple[int, int] | None = None) -> Self:
        return replace(self, text=text, focus=focus)

    @property
    def is_attack(self) -> bool:
        return self.injection > 0.5


def no_toxic() -> tuple[float, ...]:
    """Targets of a text that is known to be harmless in every category."""
    return (0.0,) * len(TOXIC_OUTPUTS)


def only(category: str, strength: float = 1.0, others: float = 0.0) -> tuple[float, ...]:
    """Targets with one category set. `others` is UNKNOWN where a source labels a single aspect."""
    return tuple(strength if name == category else others for name in TOXIC_OUTPUTS)

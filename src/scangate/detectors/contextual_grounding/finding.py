"""What a claim was found to be, and how much of a response was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Self

from scangate.domain.content import Span
from scangate.domain.finding import Finding

UNGROUNDED: Final = "grounding.claim"
SUMMARY: Final = "grounding.summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class UngroundedClaim(Finding):
    """One claim that the context does not support; `span` is its sentence.

    `passage` is the nearest sentence of the context and `passage_span` its place there; `detail` what in the claim is wrong.
    """

    passage: str = ""
    passage_span: Span = field(default_factory=lambda: Span(0, 0))
    detail: str = ""

    def hidden(self, raw: str, masked: str) -> Self:  # noqa: ARG002 - the passage is the context's, of which nothing is masked
        return replace(self, passage="", detail="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Finding):
    """How a response was looked at; never flagged. `unread` of the claims no model read, for want of time; `note` says what else was
    not done."""

    claims: int = 0
    unread: int = 0
    note: str = ""

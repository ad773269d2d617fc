"""What topic guardrails find."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """`rule` of a finding; its `category` is the topic's name, but for the last."""

    BLOCKED = "blocked-topic"
    ALLOWED = "allowed-topic"
    OUTSIDE = "outside-allowed-topics"
    """No allowed topic matches the text, and it is no small talk."""

"""What a profile says about malicious code: one action, one severity."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from scangate.domain.profile import Protections
from scangate.domain.taxonomy import Action, Severity

DEFAULT_SEVERITY: Final = Severity.HIGH
"""What the live service fills in when a profile names none."""


class MaliciousCodeOptions(BaseModel):
    """On wherever the profile names an action."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(description="block or alert on malicious code; allow reports it and lets it pass")
    severity: Severity = Field(default=DEFAULT_SEVERITY, description="Severity of a finding")


def from_protections(protections: Protections) -> MaliciousCodeOptions | None:
    """`app-protection.malicious-code-protection` of a profile; None when it has no action."""
    app = protections.app_protection
    entry = app.malicious_code_protection if app else None
    if entry is None or not entry.action:
        return None
    return MaliciousCodeOptions(action=Action(entry.action), severity=entry.severity or DEFAULT_SEVERITY)

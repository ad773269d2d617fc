"""What a profile asks of the source code detector."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from scangate.domain.profile import Protections
from scangate.domain.taxonomy import Action, Severity


class SourceCodeOptions(BaseModel):
    """The entry `source-code-detection` of `data-protection`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(description="block or alert flag source code; allow reports it with a benign verdict")
    severity: Severity = Field(Severity.HIGH, description="Severity of every finding.")


def from_protections(protections: Protections) -> SourceCodeOptions | None:
    """None when there is no entry, or one without an action."""
    entry = protections.data_protection and protections.data_protection.source_code_detection
    if not entry or not entry.action:
        return None
    return SourceCodeOptions(action=Action(entry.action), severity=entry.severity or Severity.HIGH)

"""What a profile asks of contextual grounding."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from scangate.domain.profile import Protections
from scangate.domain.taxonomy import Action, Severity


class ContextualGroundingOptions(BaseModel):
    """The last entry `contextual-grounding` of `model-protection`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(description="What happens to a response that says what its context does not.")
    severity: Severity = Field(Severity.MEDIUM, description="Severity of every finding.")


def from_protections(protections: Protections) -> ContextualGroundingOptions | None:
    """None when there is no entry, or one without an action."""
    entry = protections.model("contextual-grounding")
    action = entry.simple_action() if entry else None
    if entry is None or action is None:
        return None
    return ContextualGroundingOptions(action=action, severity=entry.severity or Severity.MEDIUM)

"""What a profile asks of the agent security detector."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from scangate.domain.profile import Protections
from scangate.domain.taxonomy import Action, Severity


class AgentSecurityOptions(BaseModel):
    """The last entry `agent-security` of `agent-protection`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(description="What happens to an attack on an agent.")
    severity: Severity = Field(Severity.MEDIUM, description="Severity of every finding.")


def from_protections(protections: Protections) -> AgentSecurityOptions | None:
    """None when there is no entry, or one without an action."""
    for entry in reversed(protections.agent_protection):
        if not entry.action:
            return None
        return AgentSecurityOptions(action=Action(entry.action), severity=entry.severity or Severity.MEDIUM)
    return None

"""What a profile asks of the prompt-injection detector."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from scangate.domain.profile import ModelProtection, Protections
from scangate.domain.taxonomy import Action, Severity


class PromptInjectionOptions(BaseModel):
    """Findings of high confidence are flagged; those of medium confidence are reported only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action | None = Field(None, description="What to do about injections other than jailbreaks; null: not looked for.")
    jailbreak_action: Action | None = Field(None, description="What to do about jailbreaks and role-play attacks.")
    severity: Severity = Field(Severity.MEDIUM, description="Severity of a finding.")


def from_protections(protections: Protections) -> PromptInjectionOptions | None:
    """The entries `prompt-injection` and `jailbreak`; None when neither has an action.

    Without an entry of its own a jailbreak is treated like any other injection.
    """
    injection, jailbreak = protections.model("prompt-injection"), protections.model("jailbreak")
    action = injection.simple_action() if injection else None
    jailbreak_action = (jailbreak.simple_action() if jailbreak else None) or action
    if action is None and jailbreak_action is None:
        return None
    return PromptInjectionOptions(
        action=action, jailbreak_action=jailbreak_action, severity=_severity(injection) or _severity(jailbreak) or Severity.MEDIUM
    )


def _severity(entry: ModelProtection | None) -> Severity | None:
    return entry.severity if entry else None

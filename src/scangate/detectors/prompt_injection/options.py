"""What a profile asks of the prompt injection detector."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from scangate.domain.profile import ModelProtection, Protections
from scangate.domain.taxonomy import Action, Severity
from scangate.errors import ProfileInvalidError


class PromptInjectionOptions(BaseModel):
    """At least one of the two actions is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action | None = Field(
        None, description="For overrides, prompt extraction, indirect and obfuscated attacks; null: they are not reported."
    )
    jailbreak_action: Action | None = Field(None, description="For jailbreaks; null: `action` holds for them, too.")
    severity: Severity = Field(Severity.MEDIUM, description="Severity of every finding.")


def from_protections(protections: Protections) -> PromptInjectionOptions | None:
    """The options of the entries `prompt-injection` and `jailbreak`; None when neither has an action.

    Raises:
        ProfileInvalidError: an entry has an action by confidence level, as only toxic content has.
    """
    injection = protections.model("prompt-injection")
    jailbreak = protections.model("jailbreak")
    action, jailbreak_action = _action(injection), _action(jailbreak)
    if action is None and jailbreak_action is None:
        return None
    severities = [entry.severity for entry in (injection, jailbreak) if entry is not None and entry.severity is not None]
    return PromptInjectionOptions(
        action=action, jailbreak_action=jailbreak_action, severity=severities[0] if severities else Severity.MEDIUM
    )


def _action(entry: ModelProtection | None) -> Action | None:
    if entry is None:
        return None
    try:
        return entry.simple_action()
    except ValueError:
        raise ProfileInvalidError("takes one of allow, block, alert", path=f"model-protection.{entry.name}.action") from None

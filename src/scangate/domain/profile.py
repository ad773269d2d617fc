"""AI security profiles: the policy document as clients send it, and what it says for one side of the conversation.

One class per JSON object, used by API, database and engine alike. Unknown fields survive a round trip (`extra="allow"`);
what is named but does not exist (a protection, an action, a toxic category) is refused with the path to the fault.
Shapes: "AIProfileObject" of the management API; directional profiles as captured from the live service in 2026-10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError

from scangate.domain.taxonomy import Action, Severity, Side
from scangate.errors import ProfileInvalidError

PROFILE_NAME_MAX = 100

TOXIC_CATEGORIES: Final = (
    "violent-crime",
    "hate",
    "sexual-content",
    "indiscriminate-weapon",
    "self-harm",
    "cybercrime",
    "controlled-substance",
    "other-nonviolent-crime",
)
MODEL_PROTECTIONS: Final = ("prompt-injection", "jailbreak", "toxic-content", "contextual-grounding", "topic-guardrails")
DATABASE_OPERATIONS: Final = ("create", "read", "update", "delete")


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class _Document(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True, alias_generator=_kebab, strict=False)


def _simple_action(value: object) -> object:
    return "" if value is None else value


_ActionWord = Literal["", "allow", "block", "alert"]
SimpleAction = Annotated[_ActionWord, BeforeValidator(_simple_action)]
"""allow, block, alert, or "" for a detector that is off."""


def parse_toxic_action(text: str) -> dict[str, Action]:
    """`"high:block, moderate:allow"` (with or without the space) to `{"high": BLOCK, "moderate": ALLOW}`.

    A plain `block`, `allow` or `alert` holds for both levels; `""` is an empty mapping (off).

    Raises:
        ValueError: neither form.
    """
    text = text.strip()
    if not text:
        return {}
    if ":" not in text:
        return {"high": Action(text), "moderate": Action(text)}
    parsed: dict[str, Action] = {}
    for item in text.split(","):
        level, _, action = item.strip().partition(":")
        if level not in ("high", "moderate"):
            raise ValueError(f"unknown confidence level {level!r}; known: high, moderate")
        parsed[level] = Action(action.strip())
    return parsed


def _checked_toxic_action(text: str) -> str:
    parse_toxic_action(text)
    return text


ToxicAction = Annotated[str, BeforeValidator(_simple_action), AfterValidator(_checked_toxic_action)]


class Latency(_Document):
    inline_timeout_action: SimpleAction = "block"
    max_inline_latency: Annotated[int, Field(ge=1, le=300)] = 5
    """Seconds that a scan may take, 1 to 300."""


class DlpMember(_Document):
    """Reference to a data profile: by `id` when it is not empty, else by `text` (its name)."""

    text: str = ""
    id: str = ""
    version: str = ""
    _own: object = PrivateAttr(default=None)

    @property
    def own(self) -> object:
        """What the detector knows of the tenant's own data profile that this means; None where it is a predefined one, or not looked
        up yet. No part of the document: `bind` sets it."""
        return self._own

    def bind(self, own: object) -> None:
        """Say which of the tenant's own data profiles this means, before the policy is compiled."""
        self._own = own


class DataLeakDetection(_Document):
    action: SimpleAction = ""
    member: list[DlpMember] | None = None
    mask_data_inline: bool = False
    severity: Severity | None = None


class DatabaseRule(_Document):
    name: Literal["database-security-create", "database-security-read", "database-security-update", "database-security-delete"]
    action: SimpleAction = ""
    severity: Severity | None = None
    plain_reads: bool | None = None
    """An extension, of the read operation: `false` flags only risky reads, those of credentials or catalogs, with injection or delays."""


class SourceCodeDetection(_Document):
    action: SimpleAction = ""
    severity: Severity | None = None


class DataProtection(_Document):
    data_leak_detection: DataLeakDetection | None = None
    database_security: list[DatabaseRule] | None = None
    source_code_detection: SourceCodeDetection | None = None


class UrlCategories(_Document):
    member: list[str] | None = None


class UrlList(_Document):
    member: list[str] | None = None
    """Hosts (with all below them), `host/path`, addresses; `*.host` covers the customers of a hosting service."""


class MaliciousCodeProtection(_Document):
    name: Literal["malicious-code"] = "malicious-code"
    action: SimpleAction = ""
    severity: Severity | None = None


class AppProtection(_Document):
    default_url_category: UrlCategories | None = None
    allow_url_category: UrlCategories | None = None
    block_url_category: UrlCategories | None = None
    alert_url_category: UrlCategories | None = None
    allow_url_list: UrlList | None = None
    block_url_list: UrlList | None = None
    alert_url_list: UrlList | None = None
    url_detected_action: SimpleAction = ""
    url_detected_severity: Severity | None = None
    malicious_code_protection: MaliciousCodeProtection | None = None


class ToxicCategoryRule(_Document):
    category: Literal[
        "violent-crime",
        "hate",
        "sexual-content",
        "indiscriminate-weapon",
        "self-harm",
        "cybercrime",
        "controlled-substance",
        "other-nonviolent-crime",
    ]
    action: ToxicAction = ""
    severity_by_confidence: dict[Literal["high", "moderate"], Severity] | None = None


class TopicReference(_Document):
    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True, alias_generator=None)
    topic_name: str = ""
    topic_id: str = ""
    revision: int | None = None
    severity: Severity | None = None
    description: str | None = None
    """With `examples` it is the topic itself, for profiles that are scanned under without a server; a server's own topic counts more."""
    examples: list[str] | None = None
    _own: object = PrivateAttr(default=None)

    @property
    def own(self) -> object:
        """The tenant's topic that this means; None where it was not looked up or does not exist. No part of the document."""
        return self._own

    def bind(self, own: object) -> None:
        """Say which topic this means, before the policy is compiled."""
        self._own = own


class TopicList(_Document):
    action: Literal["allow", "block"]
    topic: Annotated[list[TopicReference], BeforeValidator(lambda value: [] if value is None else value)] = []


class ModelProtection(_Document):
    """One entry of `model-protection`; which optional fields apply depends on `name`."""

    name: Literal["prompt-injection", "jailbreak", "toxic-content", "contextual-grounding", "topic-guardrails"]
    action: ToxicAction = ""
    severity: Severity | None = None
    severity_by_confidence: dict[Literal["high", "moderate"], Severity] | None = None
    toxic_category_list: list[ToxicCategoryRule] | None = None
    topic_list: list[TopicList] | None = None

    def simple_action(self) -> Action | None:
        """The action of a detector without confidence levels; None when it is off."""
        return Action(self.action) if self.action else None


class AgentProtection(_Document):
    name: Literal["agent-security"]
    action: SimpleAction = ""
    severity: Severity | None = None


def _none_to_list(value: object) -> object:
    return [] if value is None else value


class Protections(_Document):
    """What is asked of the detectors: for all sides, or for one direction of a directional profile."""

    app_protection: AppProtection | None = None
    data_protection: DataProtection | None = None
    model_protection: Annotated[list[ModelProtection], BeforeValidator(_none_to_list)] = []
    agent_protection: Annotated[list[AgentProtection], BeforeValidator(_none_to_list)] = []

    def model(self, name: str) -> ModelProtection | None:
        """The last entry of `model-protection` with that name, as later ones override."""
        return next((entry for entry in reversed(self.model_protection) if entry.name == name), None)


class ModelConfiguration(Protections):
    latency: Latency = Latency()
    mask_data_in_storage: bool = False
    enable_full_conversation_inspection: bool = False


class SecurityProfile(_Document):
    """One entry of `ai-security-profiles`."""

    model_type: str = "default"
    content_type_mode: str | None = None
    model_configuration: ModelConfiguration = ModelConfiguration()
    content_type_configurations: dict[str, Protections] | None = None

    def protections(self, side: Side) -> Protections:
        """What holds for one side; in a directional profile a direction that is absent has nothing switched on."""
        if self.content_type_mode != "per_content_type":
            return self.model_configuration
        return (self.content_type_configurations or {}).get(_DIRECTIONS[side], Protections())


_DIRECTIONS: Final[Mapping[Side, str]] = {
    Side.PROMPT: "prompt",
    Side.RESPONSE: "response",
    Side.TOOL_INPUT: "tool-call",
    Side.TOOL_OUTPUT: "tool-response",
}


class ProfilePolicy(_Document):
    """The `policy` of an AIProfileObject: exactly one security profile, and the DLP data profiles that it uses."""

    ai_security_profiles: Annotated[list[SecurityProfile], Field(min_length=1, max_length=1)]
    dlp_data_profiles: Annotated[list[dict[str, Any]], BeforeValidator(_none_to_list)] = []

    @property
    def security_profile(self) -> SecurityProfile:
        return self.ai_security_profiles[0]

    def _scopes(self) -> list[tuple[str, Protections]]:
        profile, start = self.security_profile, "ai-security-profiles[0]"
        scopes: list[tuple[str, Protections]] = [(f"{start}.model-configuration", profile.model_configuration)]
        for direction, protections in (profile.content_type_configurations or {}).items():
            scopes.append((f"{start}.content-type-configurations.{direction}", protections))
        return scopes

    def topic_references(self) -> list[TopicReference]:
        """Every topic that is named, for all sides and by direction."""
        return [
            reference
            for _, scope in self._scopes()
            for entry in scope.model_protection
            for bucket in entry.topic_list or ()
            for reference in bucket.topic
        ]

    def data_profile_members(self) -> list[tuple[str, DlpMember]]:
        """`(path, reference)` of every data profile that is named, for all sides and by direction."""
        return [
            (f"{path}.data-protection.data-leak-detection.member[{number}]", member)
            for path, scope in self._scopes()
            if scope.data_protection is not None and scope.data_protection.data_leak_detection is not None
            for number, member in enumerate(scope.data_protection.data_leak_detection.member or ())
        ]


def parse_policy(document: object) -> ProfilePolicy:
    """Validate a policy document.

    Raises:
        ProfileInvalidError: with the path to the first fault, e.g.
            `ai-security-profiles[0].model-configuration.model-protection[1].name`.
    """
    try:
        return ProfilePolicy.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise ProfileInvalidError(first["msg"], path=document_path(first["loc"])) from None


def document_path(location: Iterable[int | str]) -> str:
    """`("a-b", 0, "c")` to `a-b[0].c`."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def dump_policy(policy: ProfilePolicy) -> dict[str, Any]:
    """The document as it goes over the wire: kebab-case keys, unknown fields kept, unset fields absent."""
    return policy.model_dump(mode="json", by_alias=True, exclude_unset=True)

"""The closed vocabularies of the product: every enum that crosses a module border is declared here, once.

Wire strings are the ones of the scan API (`reference` of the docs: "Wire behaviour"); a value outside these enums is a bug,
because the official clients reject unknown ones.
"""

from __future__ import annotations

from enum import StrEnum


class DetectorName(StrEnum):
    """The registry's names, one folder each below `scangate.detectors`."""

    PROMPT_INJECTION = "prompt_injection"
    TOXIC_CONTENT = "toxic_content"
    SENSITIVE_DATA = "sensitive_data"
    MALICIOUS_URLS = "malicious_urls"
    MALICIOUS_CODE = "malicious_code"
    SOURCE_CODE = "source_code"
    DATABASE_SECURITY = "database_security"
    AGENT_SECURITY = "agent_security"
    TOPIC_GUARDRAILS = "topic_guardrails"
    CONTEXTUAL_GROUNDING = "contextual_grounding"


class Flag(StrEnum):
    """Key in `prompt_detected`, `response_detected` and tool `detections`; also `errors[].feature`."""

    INJECTION = "injection"
    TOXIC_CONTENT = "toxic_content"
    URL_CATS = "url_cats"
    DLP = "dlp"
    DB_SECURITY = "db_security"
    MALICIOUS_CODE = "malicious_code"
    SOURCE_CODE = "source_code"
    AGENT = "agent"
    TOPIC_VIOLATION = "topic_violation"
    UNGROUNDED = "ungrounded"


class Service(StrEnum):
    """`detection_service` of a report row."""

    PI = "pi"
    TC = "tc"
    UF = "uf"
    DLP = "dlp"
    DBS = "dbs"
    MALICIOUS_CODE = "malicious_code"
    SOURCE_CODE = "source_code"
    AGENT_SECURITY = "agent_security"
    TOPIC_GUARDRAILS = "topic_guardrails"
    CONTEXTUAL_GROUNDING = "contextual_grounding"


class Side(StrEnum):
    """Where a part of the content stands in the conversation."""

    PROMPT = "prompt"
    RESPONSE = "response"
    TOOL_INPUT = "tool_input"
    TOOL_OUTPUT = "tool_output"


class PartKind(StrEnum):
    TEXT = "text"
    CODE = "code"
    JSON = "json"


class Action(StrEnum):
    ALLOW = "allow"
    BLOCK = "block"
    ALERT = "alert"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(StrEnum):
    """How sure a finding is. The toxic detector's wire word for MEDIUM is `moderate`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Verdict(StrEnum):
    BENIGN = "benign"
    MALICIOUS = "malicious"


class Category(StrEnum):
    """Top-level `category` of a scan."""

    BENIGN = "benign"
    MALICIOUS = "malicious"
    ERROR = "error"
    TIMEOUT = "timeout"


class Threat(StrEnum):
    """`threats` of a tool event, in the order in which they are listed. The first two are the hosted service's own.

    Each is read from findings (see "Threats" of the docs' wire compatibility); a rug pull and a shadowed tool also from what the MCP relay
    remembers.
    """

    CREDENTIAL_LEAKAGE = "credential leakage"
    """Sensitive data in a call or a result, or a result that asks for credentials."""
    CONTEXT_POISONING = "context poisoning"
    """Whatever blocks a tool event: it would have become part of the model's context."""
    TOOL_POISONING = "tool poisoning"
    """A declaration that gives the model orders."""
    TOOL_SHADOWING = "tool shadowing"
    """A declaration that changes when or how another tool is used, or takes its name."""
    RUG_PULL = "rug pull"
    """A declaration that is no longer the accepted one."""
    CROSS_TOOL_ESCALATION = "cross-tool escalation"
    """A result or a declaration that has the model call another tool."""
    DATA_EXFILTRATION = "data exfiltration"
    """An order to send data somewhere else, or to hand it over in an argument."""
    MEMORY_MANIPULATION = "memory manipulation"
    """An order to remember something for good, or a memory that gives orders."""
    EXCESSIVE_AGENCY = "excessive agency"
    """A result that orders what only the user may order: payments, deletions, grants."""
    COMMAND_INJECTION = "command injection"
    """A command smuggled into an argument."""
    PATH_TRAVERSAL = "path traversal"
    """An argument that leads out of a folder, or to files that hold secrets."""
    SSRF = "ssrf"
    """An argument that has a server fetch what only it can reach."""


class OutcomeStatus(StrEnum):
    OK = "ok"
    TIMEOUT = "timeout"
    ERROR = "error"


class Encoding(StrEnum):
    """How a decoded view was hidden in the raw text."""

    BASE64 = "base64"
    BASE32 = "base32"
    HEX = "hex"
    URL = "url"
    HTML = "html"
    UNICODE_ESCAPE = "unicode_escape"
    ROT13 = "rot13"
    REVERSED = "reversed"
    GZIP = "gzip"
    ZLIB = "zlib"
    SPELLING = "spelling"
    """Spaced-out or leet spelling, undone."""
    TAGS = "tags"
    """Text hidden in Unicode tag characters (U+E0000 block)."""

"""Every detector of the product, in the order of report rows. A new detector is its folder and one line here."""

from __future__ import annotations

from typing import Any, Final

from scangate.detectors.agent_security import SPEC as AGENT_SECURITY
from scangate.detectors.contextual_grounding import SPEC as CONTEXTUAL_GROUNDING
from scangate.detectors.contract import DetectorSpec
from scangate.detectors.database_security import SPEC as DATABASE_SECURITY
from scangate.detectors.malicious_code import SPEC as MALICIOUS_CODE
from scangate.detectors.malicious_urls import SPEC as MALICIOUS_URLS
from scangate.detectors.prompt_injection import SPEC as PROMPT_INJECTION
from scangate.detectors.sensitive_data import SPEC as SENSITIVE_DATA
from scangate.detectors.source_code import SPEC as SOURCE_CODE
from scangate.detectors.topic_guardrails import SPEC as TOPIC_GUARDRAILS
from scangate.detectors.toxic_content import SPEC as TOXIC_CONTENT

REGISTRY: Final[tuple[DetectorSpec[Any], ...]] = (
    DATABASE_SECURITY,
    SENSITIVE_DATA,
    PROMPT_INJECTION,
    TOXIC_CONTENT,
    AGENT_SECURITY,
    MALICIOUS_URLS,
    MALICIOUS_CODE,
    SOURCE_CODE,
    TOPIC_GUARDRAILS,
    CONTEXTUAL_GROUNDING,
)

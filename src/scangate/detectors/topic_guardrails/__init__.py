"""Topic guardrails: topics that a tenant describes, blocked or alone allowed, on every side."""

from __future__ import annotations

from typing import Final

from scangate.detectors.contract import DetectorSpec
from scangate.detectors.topic_guardrails.detector import compile_topic_guardrails
from scangate.detectors.topic_guardrails.options import TopicGuardrailsOptions, from_protections
from scangate.detectors.topic_guardrails.report import details, report
from scangate.detectors.topic_guardrails.row_topics import row_protection
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC: Final = DetectorSpec(
    name=DetectorName.TOPIC_GUARDRAILS,
    flag=Flag.TOPIC_VIOLATION,
    service=Service.TOPIC_GUARDRAILS,
    sides=frozenset(Side),
    options=TopicGuardrailsOptions,
    from_protections=from_protections,
    compile=compile_topic_guardrails,
    report=report,
    runs_model=True,
    details=details,
    row_protection=row_protection,
)

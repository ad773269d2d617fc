"""The shapes of the scan API's answers, for its OpenAPI document. Answers are built in `wire.py`; tests hold the two together."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scangate.domain.taxonomy import Flag, Service

Location = Annotated[list[int], Field(min_length=2, max_length=2)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Detected(_Answer):
    """A key for each enabled detector of that side, and no other."""

    url_cats: bool | None = None
    dlp: bool | None = None
    injection: bool | None = None
    toxic_content: bool | None = None
    malicious_code: bool | None = None
    source_code: bool | None = None
    agent: bool | None = None
    topic_violation: bool | None = None
    db_security: bool | None = None
    ungrounded: bool | None = None


class PatternDetection(_Answer):
    pattern: str
    locations: list[Location]
    """`[start, end]`, end inclusive, in code points."""


class MaskedData(_Answer):
    data: str
    pattern_detections: list[PatternDetection]


class ScanError(_Answer):
    content_type: Literal["prompt", "response"]
    feature: Flag
    status: Literal["error", "timeout"]


class ToolEventMetadataAnswer(_Answer):
    ecosystem: str
    method: str
    server_name: str
    tool_invoked: str | None = None
    direction: Literal["input", "output"] | None = None


class ScanSummary(_Answer):
    detections: Detected
    threats: list[str]


class ToolDetectionEntry(_Answer):
    tool_invoked: str | None = None
    detections: Detected
    threats: list[str]
    details: dict[str, Any] | None = None
    masked_data: MaskedData | None = None


class IoDetected(_Answer):
    detection_entries: list[ToolDetectionEntry]


class ToolDetected(_Answer):
    """`{}` when the request had no tool event."""

    verdict: str | None = None
    metadata: ToolEventMetadataAnswer | None = None
    summary: ScanSummary | None = None
    input_detected: IoDetected | None = None
    output_detected: IoDetected | None = None


class ScanResponse(_Answer):
    source: str
    report_id: str
    scan_id: str
    tr_id: str
    session_id: str
    transaction_id: str
    profile_id: str | None = None
    profile_name: str | None = None
    category: Literal["benign", "malicious", "error", "timeout"]
    action: Literal["allow", "block"]
    timeout: bool
    error: bool
    errors: list[ScanError]
    prompt_detected: Detected
    response_detected: Detected
    tool_detected: ToolDetected
    prompt_masked_data: MaskedData | None = None
    response_masked_data: MaskedData | None = None
    prompt_detection_details: dict[str, Any] | None = None
    response_detection_details: dict[str, Any] | None = None
    created_at: datetime
    completed_at: datetime


class AsyncScanResponse(_Answer):
    received: datetime
    scan_id: str
    report_id: str
    source: str


class ScanIdResult(_Answer):
    source: str
    req_id: int
    status: Literal["complete", "pending"]
    scan_id: str
    result: ScanResponse | None = None


class DetectionServiceResult(_Answer):
    data_type: Literal["prompt", "response", "tool_event"]
    detection_service: Service
    verdict: Literal["benign", "malicious", "error", "timeout"]
    action: Literal["allow", "block"]
    metadata: ToolEventMetadataAnswer | None = None
    result_detail: dict[str, Any]
    found_in: list[Literal["newest", "earlier"]] | None = None
    """Under a profile that inspects whole conversations: which elements what was found stood in."""
    rules: list[str]
    elapsed_ms: float


class ThreatScanReport(_Answer):
    source: str
    report_id: str
    scan_id: str
    req_id: int
    transaction_id: str
    session_id: str
    profile_id: str | None = None
    profile_name: str | None = None
    profile_revision: int | None = None
    detection_results: list[DetectionServiceResult]


class RetryAfter(_Answer):
    interval: int
    unit: Literal["minute"]


class ErrorBody(_Answer):
    message: str
    detail: str | None = None
    retry_after: RetryAfter | None = None


class ErrorEnvelope(_Answer):
    error: ErrorBody

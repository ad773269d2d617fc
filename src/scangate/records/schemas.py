"""Shapes of the scan log's routes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from scangate.records.entry import ContentStorage


class LogFilter(StrEnum):
    """Which rows: those without a finding, those with one, or all (refused requests, errors and timeouts too)."""

    ALL = "all"
    BENIGN = "benign"
    THREAT = "threat"

    @property
    def category(self) -> str | None:
        """The category of these rows; None for all."""
        return {LogFilter.ALL: None, LogFilter.BENIGN: "benign", LogFilter.THREAT: "malicious"}[self]


class LogQuery(BaseModel):
    """The body of a query for the scan log; all of it may be left out."""

    model_config = ConfigDict(extra="ignore")

    page_token: str | None = Field(None, max_length=400, description="Of the page before; beats `pageNumber`.")


class SeverityCounts(BaseModel):
    """Detectors by the severity of what they found in the item."""

    critical: int
    high: int
    medium: int
    low: int


class ScanLogEntry(BaseModel):
    """One scanned item, or one refused request.

    For each detector that was on there are also `<d>_final_verdict` and, per side of the content, `<side>_<d>_verdict` and
    `<side>_<d>_action`: `<d>` is pi, tc, uf, dlp, dbs, mc, sc, agent, tg or cg, `<side>` is prompt, response, tool_input or
    tool_output; `<side>_verdict` sums up.
    """

    model_config = ConfigDict(extra="allow")

    csp_id: str
    tsg_id: str
    scan_id: str
    scan_sub_req_id: int
    item: int
    report_id: str
    api_key_name: str
    application_id: str
    app_name: str
    transaction_id: str
    session_id: str
    profile_id: str
    profile_name: str
    profile_revision: int
    model_name: str
    user: str
    user_ip: str
    environment: str
    cloud_provider: str
    agent_framework: str
    agent_id: str
    agent_version: str
    agent_arn: str
    received_ts: str
    completed_ts: str
    latency_ms: float
    status: str = Field(description="`complete`, or `rejected` for a request that was refused.")
    reason: str = Field(description="The code of the error; of a refused request and of an item that could not be scanned.")
    verdict: str = Field(description="The scan's category, or `rejected`.")
    action: str
    is_sync: bool
    timeout: bool
    error: bool
    content_masked: bool
    is_prompt: bool
    is_response: bool
    is_tool_event: bool
    detection_service_flags: int = Field(
        description="Bit n for the n-th of pi, tc, uf, dlp, dbs, mc, sc, agent, tg, cg: what found something."
    )
    tokens: int
    text_records: int
    severities: SeverityCounts


class ScanResultForDashboard(BaseModel):
    """Counts are those of the whole window, whatever the filter and the page."""

    text_records_count: int
    api_calls_count: int
    threats_count: int
    all_transactions_count: int
    benign_transaction_count: int
    scan_result_entries: list[ScanLogEntry]


class PaginatedScanResults(BaseModel):
    """`page_token` is there where more follows."""

    scan_result_for_dashboard: ScanResultForDashboard
    total_pages: int
    page_number: int
    page_size: int
    page_token: str | None = None


class ScanContentReport(BaseModel):
    """`scan_contents` is null where the tenant had no content stored when the item was scanned."""

    report_id: str
    scan_id: str
    sub_scan_req_id: int
    transaction_id: str
    scan_contents: dict[str, Any] | None


class ScanLogSettings(BaseModel):
    """What a tenant keeps of scans."""

    model_config = ConfigDict(extra="forbid")

    content_storage: ContentStorage = Field(
        ContentStorage.NONE, description="Scanned content beside the log: none, masked as the profile masks it, or full."
    )
    retention_days: int = Field(90, description="Days that log, content, results and reports are kept.")


class ScanLogSettingsUpdate(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    content_storage: ContentStorage | None = None
    retention_days: int | None = None

"""Shapes of the dashboard routes, as their clients know them."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ViolationCounts(BaseModel):
    """Violations by severity: one for each detector that found something in an item."""

    critical: int
    high: int
    medium: int
    low: int
    total: int


class DetectorViolations(BaseModel):
    detection_type: str = Field(description="A `detection_service` of the scan API.")
    violation_breakdown: ViolationCounts


class Pagination(BaseModel):
    limit: int
    skip: int
    total_items: int


class SessionsBucket(BaseModel):
    bucket_number: int
    date: str
    total: int
    violated: int


class ApplicationItem(BaseModel):
    """An application is a customer application and one literal `metadata.app_name` of its scans."""

    id: str
    name: str
    cloud: str
    source: str
    created_at: str | None
    sessions: list[SessionsBucket]
    sessions_total: int
    sessions_violated: int


class ApplicationsOverview(BaseModel):
    items: list[ApplicationItem]
    pagination: Pagination


class TokenStats(BaseModel):
    """A token is four characters of scanned content. Scales are K, M, B or empty; the month is the current one in UTC."""

    average_daily_tokens: float
    average_daily_tokens_scale: str
    monthly_total_tokens: float
    monthly_total_tokens_scale: str


class SessionStats(BaseModel):
    total: int
    violating: int
    violation_breakdown: ViolationCounts
    last_session_id: str | None
    most_recent_session_time: str | None


class ApplicationDetail(BaseModel):
    id: str
    name: str
    cloud: str
    source: str
    created_at: str | None
    updated_at: str | None
    has_webhook_sig: bool
    profiles: list[str]
    token_stats: TokenStats
    session_stats: SessionStats


class ViolationBreakdown(BaseModel):
    """`total_violating` counts items."""

    detection_type_violation_breakdown: list[DetectorViolations]
    total_violating: int


class PolicyViolation(BaseModel):
    detection_type: str
    total: int


class TopApplication(BaseModel):
    id: str
    name: str
    policy_violations: list[PolicyViolation]
    total_violations: int


class TopApplications(BaseModel):
    applications: list[TopApplication]


class TrendBucket(BaseModel):
    bucket_number: int
    date: str
    violation_breakdown: ViolationCounts


class ViolationsTrend(BaseModel):
    violations: list[TrendBucket]


class AppName(BaseModel):
    application_id: str
    application_name: str


class AppsList(BaseModel):
    applications: list[AppName]


class ChartBucket(BaseModel):
    bucket_number: int
    time: str
    total: int
    violating: int
    detection_type_violation_breakdown: list[DetectorViolations]
    violation_breakdown: ViolationCounts


class SessionsChart(BaseModel):
    bucket_size_seconds: int
    buckets: list[ChartBucket]


class SessionItem(AppName):
    session_id: str
    last_session_activity: str
    violation_status: str = Field(description="violated or clean.")
    violation_breakdown: ViolationCounts
    detection_type_violation_breakdown: list[DetectorViolations]


class SessionsOverview(BaseModel):
    items: list[SessionItem]
    pagination: Pagination


class SessionAction(AppName):
    """One scanned item; `status` is what was decided: allow or block."""

    session_id: str
    scan_id: str
    scan_sub_req_id: int
    transaction_id: str
    status: str
    start_time: str
    profile_name: str
    kind: list[str]
    correlation_type: str | None
    enable_full_conversation_inspection: bool | None
    detection_type_violation_breakdown: list[DetectorViolations]
    violation_breakdown: ViolationCounts


class SessionApplication(BaseModel):
    id: str
    name: str


class SessionDetail(BaseModel):
    application: SessionApplication
    id: str
    session_actions: list[SessionAction]
    pagination: Pagination
    cloud: str
    source: str
    start_time: str
    end_time: str
    last_session_activity: str
    violation_status: str


class TransactionAttributes(BaseModel):
    environment: str | None
    model_name: str | None
    profile: str
    text_records: int
    user_id: str | None
    user_ip: str | None


class SessionTransaction(SessionAction):
    end_time: str
    ai_traffic_latency_ms: float
    timeout: bool
    tokens: int
    attributes: TransactionAttributes

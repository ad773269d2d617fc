"""The scan log, the content that a tenant lets be stored with it, tenants' settings of both, and how far forwarding has come.

What dashboards are drawn from stands in `rollup_tables`.

Times of the log are integers, microseconds since 1970 in UTC: dashboards divide them into buckets and pages continue from them, in
the same arithmetic on SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from scangate.db.base import Base, UtcDateTime

LOG_ID: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite gives out rising numbers only in an INTEGER column."""
TEXT_MAX: Final = 256
"""Code points of a text of the client's that the log keeps."""


class ScanLogRow(Base):
    """One scanned item, or one request that was refused (`category` is then `rejected` and `reason` the error's code).

    Numbers of `log_id` rise in the order of commits and are never given out twice: forwarding goes by them.
    """

    __tablename__ = "scan_log"
    __table_args__ = (
        Index("ix_scan_log_received", "tsg_id", "received_us", "log_id"),
        Index("ix_scan_log_category", "tsg_id", "category", "received_us", "text_records"),
        Index("ix_scan_log_session", "tsg_id", "application_id", "app_name", "session_id", "received_us", "log_id", "category"),
        # what violates in a session, without a look at the rest of it
        Index(
            "ix_scan_log_threats",
            "tsg_id", "application_id", "app_name", "session_id", "received_us", "severities",
            sqlite_where=text("category = 'malicious'"), postgresql_where=text("category = 'malicious'"),
        ),
        Index("ix_scan_log_scan", "scan_id"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    log_id: Mapped[int] = mapped_column(LOG_ID, primary_key=True, autoincrement=True)
    tsg_id: Mapped[str] = mapped_column(String(32))
    scan_id: Mapped[str] = mapped_column(String(36))
    item: Mapped[int]
    req_id: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(32))
    transaction_id: Mapped[str] = mapped_column(String(100))
    session_id: Mapped[str] = mapped_column(String(100))
    application_id: Mapped[str] = mapped_column(String(36))
    api_key_id: Mapped[str] = mapped_column(String(36))
    app_name: Mapped[str] = mapped_column(String(TEXT_MAX))
    """`metadata.app_name` as it was sent; where none was, the application's own name."""
    app_user: Mapped[str] = mapped_column(String(TEXT_MAX))
    ai_model: Mapped[str] = mapped_column(String(TEXT_MAX))
    user_ip: Mapped[str] = mapped_column(String(TEXT_MAX))
    agent_id: Mapped[str] = mapped_column(String(TEXT_MAX))
    agent_version: Mapped[str] = mapped_column(String(TEXT_MAX))
    agent_arn: Mapped[str] = mapped_column(String(TEXT_MAX))
    agent_framework: Mapped[str] = mapped_column(String(100))
    profile_id: Mapped[str] = mapped_column(String(36))
    profile_name: Mapped[str] = mapped_column(String(100))
    profile_revision: Mapped[int]
    received_us: Mapped[int] = mapped_column(BigInteger)
    completed_us: Mapped[int] = mapped_column(BigInteger)
    latency_us: Mapped[int] = mapped_column(BigInteger)
    """Time in the engine."""
    category: Mapped[str] = mapped_column(String(10))
    """benign, malicious, error, timeout; rejected for a request that was not scanned."""
    action: Mapped[str] = mapped_column(String(10))
    enabled: Mapped[int] = mapped_column(BigInteger)
    """Side mask (`verdict_bits`) of the detectors that were on, as are the next two."""
    detected: Mapped[int] = mapped_column(BigInteger)
    blocked: Mapped[int] = mapped_column(BigInteger)
    severities: Mapped[int] = mapped_column(BigInteger)
    """Severity mask."""
    sides: Mapped[int]
    """Bit n for the n-th of `verdict_bits.SIDES`: which were in the request."""
    tokens: Mapped[int] = mapped_column(BigInteger)
    text_records: Mapped[int] = mapped_column(BigInteger)
    is_sync: Mapped[bool]
    timed_out: Mapped[bool]
    errored: Mapped[bool]
    content_masked: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(50))


class ScanContentRow(Base):
    """What was scanned, as JSON, only where the tenant wants it stored; goes with the log when its time is over."""

    __tablename__ = "scan_contents"
    __table_args__ = (Index("ix_scan_contents_received", "tsg_id", "received_us"),)

    scan_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True)
    tsg_id: Mapped[str] = mapped_column(String(32))
    received_us: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class TenantSettingsRow(Base):
    """What a tenant keeps of scans and for how long; a tenant without a row has the defaults."""

    __tablename__ = "tenant_settings"

    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), primary_key=True)
    content_storage: Mapped[str] = mapped_column(String(10))
    retention_days: Mapped[int]
    updated_by: Mapped[str] = mapped_column(String(100))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ForwardingCursorRow(Base):
    """The last row of the log that a target has taken, and which process forwards to it until when."""

    __tablename__ = "forwarding_cursors"

    target: Mapped[str] = mapped_column(String(20), primary_key=True)
    log_id: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(String(36))
    leased_until_us: Mapped[int] = mapped_column(BigInteger)

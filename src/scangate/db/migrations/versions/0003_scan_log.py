"""The scan log with its content, tenants' settings of both, and cursors of forwarding."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

LOG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TEXTS = {
    "tsg_id": 32, "scan_id": 36, "source": 32, "transaction_id": 100, "session_id": 100, "application_id": 36, "api_key_id": 36,
    "app_name": 256, "app_user": 256, "ai_model": 256, "user_ip": 256, "agent_id": 256, "agent_version": 256, "agent_arn": 256,
    "agent_framework": 100, "profile_id": 36, "profile_name": 100, "category": 10, "action": 10, "reason": 50,
}  # fmt: skip
_WHOLE = ("item", "profile_revision", "sides")
_BIG = (
    "req_id", "received_us", "completed_us", "latency_us", "enabled", "detected", "blocked", "severities", "tokens",
    "text_records",
)  # fmt: skip
_YES_NO = ("is_sync", "timed_out", "errored", "content_masked")


def upgrade() -> None:
    op.create_table(
        "scan_log",
        sa.Column("log_id", LOG_ID, primary_key=True, autoincrement=True),
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in _TEXTS.items()),
        *(sa.Column(name, sa.Integer, nullable=False) for name in _WHOLE),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _BIG),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in _YES_NO),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scan_log_received", "scan_log", ["tsg_id", "received_us", "log_id"])
    op.create_index("ix_scan_log_category", "scan_log", ["tsg_id", "category", "received_us", "text_records"])
    op.create_index(
        "ix_scan_log_session",
        "scan_log",
        ["tsg_id", "application_id", "app_name", "session_id", "received_us", "category", "tokens", "profile_name"],
    )
    op.create_index("ix_scan_log_scan", "scan_log", ["scan_id"])
    op.create_table(
        "scan_contents",
        sa.Column("scan_id", sa.String(36), primary_key=True),
        sa.Column("item", sa.Integer, primary_key=True),
        sa.Column("tsg_id", sa.String(32), nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_scan_contents_received", "scan_contents", ["tsg_id", "received_us"])
    op.create_table(
        "tenant_settings",
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), primary_key=True),
        sa.Column("content_storage", sa.String(10), nullable=False),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("updated_by", sa.String(100), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "forwarding_cursors",
        sa.Column("target", sa.String(20), primary_key=True),
        sa.Column("log_id", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("leased_until_us", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for name in ("forwarding_cursors", "tenant_settings", "scan_contents", "scan_log"):
        op.drop_table(name)

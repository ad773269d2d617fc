"""Tenants, keys, profiles, scans and jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _identity()
    op.create_table(
        "security_profiles",
        sa.Column("profile_id", sa.String(36), primary_key=True),
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), nullable=False),
        sa.Column("profile_name", sa.String(100), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("policy", sa.JSON, nullable=False),
        sa.Column("updated_by", sa.String(100), nullable=False),
        sa.Column("last_modified_at", TIME, nullable=False),
    )
    op.create_index("ix_security_profiles_name", "security_profiles", ["tsg_id", "profile_name", "revision"], unique=True)
    op.create_table(
        "scans",
        sa.Column("scan_id", sa.String(36), primary_key=True),
        sa.Column("item", sa.Integer, primary_key=True),
        sa.Column("tsg_id", sa.String(32), nullable=False),
        sa.Column("application_id", sa.String(36), nullable=False),
        sa.Column("api_key_id", sa.String(36), nullable=False),
        sa.Column("req_id", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("completed_at", TIME),
        sa.Column("request", sa.LargeBinary),
        sa.Column("result", sa.LargeBinary),
        sa.Column("report", sa.LargeBinary),
        sqlite_with_rowid=True,
    )
    op.create_index("ix_scans_received", "scans", ["tsg_id", "received_at"])
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("available_at", TIME, nullable=False),
        sa.Column("lease", sa.String(36)),
        sa.Column("dead", sa.Boolean, nullable=False),
    )
    op.create_index("ix_jobs_available", "jobs", ["dead", "available_at"])


def _identity() -> None:
    op.create_table(
        "tenants",
        sa.Column("tsg_id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "deployment_profiles",
        sa.Column("auth_code", sa.String(32), primary_key=True),
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), nullable=False, index=True),
        sa.Column("dp_name", sa.String(100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "applications",
        sa.Column("application_id", sa.String(36), primary_key=True),
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), nullable=False, index=True),
        sa.Column("auth_code", sa.String(32), sa.ForeignKey("deployment_profiles.auth_code"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("profile_name", sa.String(100)),
        sa.Column("agent_framework", sa.String(100)),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("api_key_id", sa.String(36), primary_key=True),
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), nullable=False, index=True),
        sa.Column("application_id", sa.String(36), sa.ForeignKey("applications.application_id"), nullable=False),
        sa.Column("name", sa.String(31), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("last8", sa.String(8), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("revoked_at", TIME),
    )
    op.create_table(
        "service_accounts",
        sa.Column("client_id", sa.String(100), primary_key=True),
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), nullable=False, index=True),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("role", sa.String(50), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )


def downgrade() -> None:
    for name in (
        "jobs", "scans", "security_profiles", "service_accounts", "api_keys", "applications", "deployment_profiles", "tenants",
    ):  # fmt: skip
        op.drop_table(name)

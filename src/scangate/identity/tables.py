"""Tenants and who may act for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from scangate.db.base import Base, UtcDateTime


class TenantRow(Base):
    __tablename__ = "tenants"

    tsg_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeploymentProfileRow(Base):
    __tablename__ = "deployment_profiles"

    auth_code: Mapped[str] = mapped_column(String(32), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), index=True)
    dp_name: Mapped[str] = mapped_column(String(100))
    monthly_tokens: Mapped[int | None] = mapped_column(BigInteger)
    """Quota per calendar month (UTC); a token is four characters of scanned content. None: no quota."""
    active: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApplicationRow(Base):
    __tablename__ = "applications"
    __table_args__ = (
        Index("ix_applications_name", "tsg_id", "name", unique=True),
        Index("ix_applications_created", "tsg_id", "created_at", "application_id"),
    )

    application_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), index=True)
    auth_code: Mapped[str] = mapped_column(ForeignKey("deployment_profiles.auth_code"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    profile_name: Mapped[str | None] = mapped_column(String(100))
    """The profile of scans that name none."""
    agent_framework: Mapped[str | None] = mapped_column(String(100))
    environment: Mapped[str] = mapped_column(String(100), default="")
    cloud_provider: Mapped[str] = mapped_column(String(100), default="")
    model_name: Mapped[str] = mapped_column(String(100), default="")
    active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str] = mapped_column(String(100), default="")
    updated_by: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKeyRow(Base):
    """A key's name is its tenant's own among the keys that are not revoked."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index(
            "ix_api_keys_name", "tsg_id", "name", unique=True,
            sqlite_where=text("revoked_at IS NULL"), postgresql_where=text("revoked_at IS NULL"),
        ),
        Index("ix_api_keys_application", "application_id", "tsg_id"),
        Index("ix_api_keys_created", "tsg_id", "created_at", "api_key_id"),
    )  # fmt: skip

    api_key_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), index=True)
    application_id: Mapped[str] = mapped_column(ForeignKey("applications.application_id"))
    name: Mapped[str] = mapped_column(String(31))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    last8: Mapped[str] = mapped_column(String(8))
    rotation_interval: Mapped[int | None]
    rotation_unit: Mapped[str | None] = mapped_column(String(10))
    created_by: Mapped[str] = mapped_column(String(100), default="")
    updated_by: Mapped[str] = mapped_column(String(100), default="")
    modified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ServiceAccountRow(Base):
    """An OAuth 2.0 client of the management plane."""

    __tablename__ = "service_accounts"

    client_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(100), default="")
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    role: Mapped[str] = mapped_column(String(50))
    previous_secret_hash: Mapped[str | None] = mapped_column(String(64))
    """Of the secret before the last rotation, which holds as long as the next says."""
    previous_secret_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UserRow(Base):
    """A human who logs in with a password. The e-mail address, in lower case, is its tenant's own."""

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_email", "tsg_id", "email", unique=True),)

    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"))
    email: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(50))
    password_hash: Mapped[str] = mapped_column(String(200))
    """Argon2id, with its parameters and salt."""
    password_number: Mapped[int]
    """Rises with every new password; access tokens name it, so that they end with the password that they were given for."""
    failed_logins: Mapped[int]
    """Since the last log-in or the last lock; counted before a password is looked at."""
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RoleRow(Base):
    """A custom role; the built-in ones stand in `identity.permissions`."""

    __tablename__ = "roles"

    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    permissions: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SigningKeyRow(Base):
    """A key pair that access tokens are signed with; all servers of an installation share them."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(36), primary_key=True)
    private_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RevokedTokenRow(Base):
    """An access token that was invalidated before its end; the row may go when the token would have expired."""

    __tablename__ = "revoked_tokens"

    jti: Mapped[str] = mapped_column(String(36), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(String(32))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditRow(Base):
    """One management call; rows are never changed, triggers see to that. `before` and `after` hold no secrets."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_at", "tsg_id", "at"),)

    audit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    tsg_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(100))
    remote: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(20))
    entity: Mapped[str] = mapped_column(String(50))
    entity_id: Mapped[str] = mapped_column(String(100))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class TokenUsageRow(Base):
    """Tokens that the applications of a deployment profile scanned in a calendar month (UTC, `YYYY-MM`)."""

    __tablename__ = "token_usage"

    auth_code: Mapped[str] = mapped_column(ForeignKey("deployment_profiles.auth_code"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    tokens: Mapped[int] = mapped_column(BigInteger)

"""Tenants and who may act for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
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
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApplicationRow(Base):
    __tablename__ = "applications"

    application_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), index=True)
    auth_code: Mapped[str] = mapped_column(ForeignKey("deployment_profiles.auth_code"))
    name: Mapped[str] = mapped_column(String(100))
    profile_name: Mapped[str | None] = mapped_column(String(100))
    """The profile of scans that name none."""
    agent_framework: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKeyRow(Base):
    __tablename__ = "api_keys"

    api_key_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), index=True)
    application_id: Mapped[str] = mapped_column(ForeignKey("applications.application_id"))
    name: Mapped[str] = mapped_column(String(31))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    last8: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ServiceAccountRow(Base):
    """An OAuth 2.0 client of the management plane."""

    __tablename__ = "service_accounts"

    client_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(50))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

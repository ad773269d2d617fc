"""Tenants' own data profiles. Of what was imported for them, only keyed hashes are here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from scangate.db.base import Base, UtcDateTime


class DataProfileKeyRow(Base):
    """The key of a tenant's hashes, made with its first data profile."""

    __tablename__ = "data_profile_keys"

    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), primary_key=True)
    hash_key: Mapped[bytes] = mapped_column(LargeBinary)
    """The tenant's half of the key: the pepper, which is not in the database, is the other."""
    pepper_id: Mapped[str] = mapped_column(String(16), server_default="")
    """Of the pepper that belongs to it; "" where the hashes were made without one."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DataProfileRow(Base):
    """An update, and an import too, makes the next revision of the same id; security profiles name the id and take the newest."""

    __tablename__ = "data_profiles"
    __table_args__ = (Index("ix_data_profiles_name", "tsg_id", "data_profile_name", unique=True),)

    data_profile_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"))
    data_profile_name: Mapped[str] = mapped_column(String(100))
    revision: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by: Mapped[str] = mapped_column(String(100))
    updated_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_modified_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DataProfileImportRow(Base):
    """A column of values, or a document. `size`: values, or words. `shape`: how long values are, as sets over the whole column."""

    __tablename__ = "data_profile_imports"

    data_profile_id: Mapped[str] = mapped_column(ForeignKey("data_profiles.data_profile_id"), primary_key=True)
    pattern_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    import_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    """The document's; "" for values, of which a pattern has one column."""
    kind: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    shape: Mapped[dict[str, Any]] = mapped_column(JSON)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    heads: Mapped[bytes] = mapped_column(LargeBinary)
    updated_by: Mapped[str] = mapped_column(String(100))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProfileDataProfileRow(Base):
    """Which own data profiles a revision of a security profile refers to."""

    __tablename__ = "profile_data_profiles"

    data_profile_id: Mapped[str] = mapped_column(ForeignKey("data_profiles.data_profile_id"), primary_key=True)
    profile_id: Mapped[str] = mapped_column(ForeignKey("security_profiles.profile_id"), primary_key=True, index=True)

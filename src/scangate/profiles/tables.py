"""Security profiles: every revision is a row of its own with an id of its own, and none is ever changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from scangate.db.base import Base, UtcDateTime


class SecurityProfileRow(Base):
    __tablename__ = "security_profiles"
    __table_args__ = (Index("ix_security_profiles_name", "tsg_id", "profile_name", "revision", unique=True),)

    profile_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"))
    profile_name: Mapped[str] = mapped_column(String(100))
    revision: Mapped[int]
    active: Mapped[bool]
    policy: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by: Mapped[str] = mapped_column(String(100), default="")
    updated_by: Mapped[str] = mapped_column(String(100))
    last_modified_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProfileNumberRow(Base):
    """The highest revision that a name ever had, where that one was deleted: numbers are not given out twice while the name lives."""

    __tablename__ = "profile_numbers"

    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"), primary_key=True)
    profile_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    revision: Mapped[int]


class TopicRow(Base):
    """A custom topic. An update makes the next revision of the same id; profiles name the id and take the newest."""

    __tablename__ = "custom_topics"
    __table_args__ = (Index("ix_custom_topics_name", "tsg_id", "topic_name", unique=True),)

    topic_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tsg_id: Mapped[str] = mapped_column(ForeignKey("tenants.tsg_id"))
    topic_name: Mapped[str] = mapped_column(String(100))
    revision: Mapped[int]
    active: Mapped[bool]
    description: Mapped[str] = mapped_column(String(250))
    examples: Mapped[list[str]] = mapped_column(JSON)
    created_by: Mapped[str] = mapped_column(String(100))
    updated_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_modified_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProfileTopicRow(Base):
    """Which topics a revision refers to, beside its document, so that nobody searches ten thousand documents for one topic."""

    __tablename__ = "profile_topics"

    topic_id: Mapped[str] = mapped_column(ForeignKey("custom_topics.topic_id"), primary_key=True)
    profile_id: Mapped[str] = mapped_column(ForeignKey("security_profiles.profile_id"), primary_key=True, index=True)

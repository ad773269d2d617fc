"""The embedded queue's table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from scangate.db.base import Base, UtcDateTime


class JobRow(Base):
    """`available_at` is when the job may be taken: now, after a back-off, or when the lease of its worker ends."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_available", "dead", "available_at"),)

    job_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(50))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Ids only; content stays in its own table."""
    attempts: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease: Mapped[str | None] = mapped_column(String(36))
    dead: Mapped[bool] = mapped_column(default=False)

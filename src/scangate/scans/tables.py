"""Scans: one row per item of a batch; a synchronous scan is a batch of one with `req_id` 0."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from scangate.db.base import Base, UtcDateTime


class ScanRow(Base):
    """`request` is there only until the scan is done; `result` and `report` from then on. All three are JSON as it was sent."""

    __tablename__ = "scans"
    __table_args__ = (Index("ix_scans_received", "tsg_id", "received_at"),)

    scan_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True)
    """Position in the batch; clients may send one `req_id` twice."""
    tsg_id: Mapped[str] = mapped_column(String(32))
    application_id: Mapped[str] = mapped_column(String(36))
    api_key_id: Mapped[str] = mapped_column(String(36))
    req_id: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(32))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    request: Mapped[bytes | None] = mapped_column(LargeBinary)
    result: Mapped[bytes | None] = mapped_column(LargeBinary)
    report: Mapped[bytes | None] = mapped_column(LargeBinary)

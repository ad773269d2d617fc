"""What the scan log amounts to, hour by hour and, for the newest hours, five minutes by five minutes: dashboards read no more of it.

A *slot* is such a stretch of time, numbered from 1970 on; its *grain* is its length in seconds. `rollups` writes these tables.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from scangate.db.base import Base
from scangate.records.tables import TEXT_MAX

HOUR_GRAIN: Final = 3600
FINE_GRAIN: Final = 300
GRAINS: Final = (HOUR_GRAIN, FINE_GRAIN)
SESSIONS, VIOLATING, LAST, LAST_VIOLATING = range(4)
"""Kinds of `session_slots`: sessions that were active, those that violated; sessions that were active last, that violated last."""
GAP_MAX: Final = {HOUR_GRAIN: 24, FINE_GRAIN: 1}
"""Slots in the longest bucket of a chart: how far back the slot before this one was matters no further."""


class ScanSlotRow(Base):
    """What an application scanned under a profile in a slot."""

    __tablename__ = "scan_slots"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tsg_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    grain: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    application_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    app_name: Mapped[str] = mapped_column(String(TEXT_MAX), primary_key=True)
    profile_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    tokens: Mapped[int] = mapped_column(BigInteger)
    last_us: Mapped[int] = mapped_column(BigInteger)


class ThreatSlotRow(Base):
    """How many of an application's malicious items in a slot had that severity mask."""

    __tablename__ = "threat_slots"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tsg_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    grain: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    application_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    app_name: Mapped[str] = mapped_column(String(TEXT_MAX), primary_key=True)
    severities: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    items: Mapped[int] = mapped_column(BigInteger)


class SessionSlotRow(Base):
    """How many of an application's sessions were active in a slot, by how many slots before it they were active before.

    `gap` is `GAP_MAX` for sessions that were not, or too long ago to matter; 0 with the kinds that count sessions by their last slot.
    Sums over `gap` are what counts: a single row may be negative once rows of the log are deleted.
    """

    __tablename__ = "session_slots"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tsg_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    grain: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    application_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    app_name: Mapped[str] = mapped_column(String(TEXT_MAX), primary_key=True)
    gap: Mapped[int] = mapped_column(primary_key=True)
    sessions: Mapped[int] = mapped_column(BigInteger)


class SessionHeadRow(Base):
    """The newest row of each session in the log: sessions in the order of their last activity."""

    __tablename__ = "session_heads"
    __table_args__ = (Index("ix_session_heads_last", "tsg_id", "last_us", "log_id"),)

    log_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tsg_id: Mapped[str] = mapped_column(String(32))
    last_us: Mapped[int] = mapped_column(BigInteger)


class RollupProgressRow(Base):
    """One row: up to which row of the log everything is in these tables. It moves in the transaction that adds to them."""

    __tablename__ = "rollup_progress"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    log_id: Mapped[int] = mapped_column(BigInteger)


class RollupFloorRow(Base):
    """From when on a tenant's scans are counted: what is older is being deleted, or longer ago than any window reaches."""

    __tablename__ = "rollup_floors"

    tsg_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    since_us: Mapped[int] = mapped_column(BigInteger)

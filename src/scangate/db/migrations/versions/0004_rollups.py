"""What dashboards are drawn from: the scan log summed up by slots of time. Servers fill it from the log's first row on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SESSION = ["tsg_id", "application_id", "app_name", "session_id", "received_us"]
_APP = {"application_id": 36, "app_name": 256}


def upgrade() -> None:
    op.drop_index("ix_scan_log_session", "scan_log")
    op.create_index("ix_scan_log_session", "scan_log", [*_SESSION, "log_id", "category"])
    threats = sa.text("category = 'malicious'")
    op.create_index("ix_scan_log_threats", "scan_log", [*_SESSION, "severities"], sqlite_where=threats, postgresql_where=threats)
    _slots("scan_slots", [], [sa.Column("profile_name", sa.String(100), primary_key=True)], ["tokens", "last_us"])
    _slots("threat_slots", [], [sa.Column("severities", sa.BigInteger, primary_key=True, autoincrement=False)], ["items"])
    _slots(
        "session_slots",
        [sa.Column("kind", sa.Integer, primary_key=True, autoincrement=False)],
        [sa.Column("gap", sa.Integer, primary_key=True, autoincrement=False)],
        ["sessions"],
    )
    op.create_table(
        "session_heads",
        sa.Column("log_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tsg_id", sa.String(32), nullable=False),
        sa.Column("last_us", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_session_heads_last", "session_heads", ["tsg_id", "last_us", "log_id"])
    progress = op.create_table(
        "rollup_progress",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("log_id", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(progress, [{"id": 1, "log_id": 0}])
    op.create_table(
        "rollup_floors",
        sa.Column("tsg_id", sa.String(32), primary_key=True),
        sa.Column("since_us", sa.BigInteger, nullable=False),
    )


def _slots(name: str, first: list[sa.Column], last: list[sa.Column], values: list[str]) -> None:  # type: ignore[type-arg]
    op.create_table(
        name,
        sa.Column("tsg_id", sa.String(32), primary_key=True),
        sa.Column("grain", sa.Integer, primary_key=True, autoincrement=False),
        *first,
        sa.Column("slot", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(column, sa.String(length), primary_key=True) for column, length in _APP.items()),
        *last,
        *(sa.Column(column, sa.BigInteger, nullable=False) for column in values),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for name in ("rollup_floors", "rollup_progress", "session_heads", "session_slots", "threat_slots", "scan_slots"):
        op.drop_table(name)
    op.drop_index("ix_scan_log_threats", "scan_log")
    op.drop_index("ix_scan_log_session", "scan_log")
    op.create_index("ix_scan_log_session", "scan_log", [*_SESSION, "category", "tokens", "profile_name"])

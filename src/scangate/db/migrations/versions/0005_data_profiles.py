"""Tenants' own data profiles: documents, the keyed hashes of what was imported for them, and which security profiles refer to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "data_profile_keys",
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), primary_key=True),
        sa.Column("hash_key", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "data_profiles",
        sa.Column("data_profile_id", sa.String(36), primary_key=True),
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), nullable=False),
        sa.Column("data_profile_name", sa.String(100), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("updated_by", sa.String(100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_modified_at", TIME, nullable=False),
    )
    op.create_index("ix_data_profiles_name", "data_profiles", ["tsg_id", "data_profile_name"], unique=True)
    op.create_table(
        "data_profile_imports",
        sa.Column("data_profile_id", sa.String(36), sa.ForeignKey("data_profiles.data_profile_id"), primary_key=True),
        sa.Column("pattern_name", sa.String(100), primary_key=True),
        sa.Column("import_name", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("shape", sa.JSON, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.Column("heads", sa.LargeBinary, nullable=False),
        sa.Column("updated_by", sa.String(100), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
    )
    op.create_table(
        "profile_data_profiles",
        sa.Column("data_profile_id", sa.String(36), sa.ForeignKey("data_profiles.data_profile_id"), primary_key=True),
        sa.Column("profile_id", sa.String(36), sa.ForeignKey("security_profiles.profile_id"), primary_key=True),
    )
    op.create_index("ix_profile_data_profiles_profile_id", "profile_data_profiles", ["profile_id"])


def downgrade() -> None:
    for name in ("profile_data_profiles", "data_profile_imports", "data_profiles", "data_profile_keys"):
        op.drop_table(name)

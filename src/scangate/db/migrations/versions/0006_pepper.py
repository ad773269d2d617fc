"""Which pepper the hashes of a tenant's data profiles were made under; "" for those that were made before there was one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("data_profile_keys", sa.Column("pepper_id", sa.String(16), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("data_profile_keys", "pepper_id")

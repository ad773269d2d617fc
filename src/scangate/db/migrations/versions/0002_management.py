"""The management plane: roles, users, access tokens, topics, the audit log, and more of applications, keys and profiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)
LIVE = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    _columns()
    op.create_table(
        "roles",
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), primary_key=True),
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column("permissions", sa.JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    _users()
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(36), primary_key=True),
        sa.Column("private_key", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", sa.String(36), primary_key=True),
        sa.Column("tsg_id", sa.String(32), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
    )
    op.create_table(
        "custom_topics",
        sa.Column("topic_id", sa.String(36), primary_key=True),
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), nullable=False),
        sa.Column("topic_name", sa.String(100), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("description", sa.String(250), nullable=False),
        sa.Column("examples", sa.JSON, nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("updated_by", sa.String(100), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_modified_at", TIME, nullable=False),
    )
    op.create_table(
        "token_usage",
        sa.Column("auth_code", sa.String(32), sa.ForeignKey("deployment_profiles.auth_code"), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("tokens", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_custom_topics_name", "custom_topics", ["tsg_id", "topic_name"], unique=True)
    op.create_table(
        "profile_topics",
        sa.Column("topic_id", sa.String(36), sa.ForeignKey("custom_topics.topic_id"), primary_key=True),
        sa.Column("profile_id", sa.String(36), sa.ForeignKey("security_profiles.profile_id"), primary_key=True),
    )
    op.create_index("ix_profile_topics_profile_id", "profile_topics", ["profile_id"])
    op.create_table(
        "profile_numbers",
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), primary_key=True),
        sa.Column("profile_name", sa.String(100), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    _audit()


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(36), primary_key=True),
        sa.Column("tsg_id", sa.String(32), sa.ForeignKey("tenants.tsg_id"), nullable=False),
        sa.Column("email", sa.String(100), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("role", sa.String(50), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("password_number", sa.Integer, nullable=False),
        sa.Column("failed_logins", sa.Integer, nullable=False),
        sa.Column("locked_until", TIME),
        sa.Column("last_login_at", TIME),
        sa.Column("disabled_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_index("ix_users_email", "users", ["tsg_id", "email"], unique=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(100), nullable=False, server_default="")


def _columns() -> None:
    with op.batch_alter_table("deployment_profiles") as table:
        table.add_column(sa.Column("monthly_tokens", sa.BigInteger))
        table.add_column(sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()))
        table.add_column(sa.Column("expires_at", TIME))
    with op.batch_alter_table("applications") as table:
        for name in ("environment", "cloud_provider", "model_name", "created_by", "updated_by"):
            table.add_column(_text(name))
        table.add_column(sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()))
        table.create_index("ix_applications_name", ["tsg_id", "name"], unique=True)
        table.create_index("ix_applications_auth_code", ["auth_code"])
        table.create_index("ix_applications_created", ["tsg_id", "created_at", "application_id"])
    with op.batch_alter_table("api_keys") as table:
        table.add_column(sa.Column("rotation_interval", sa.Integer))
        table.add_column(sa.Column("rotation_unit", sa.String(10)))
        table.add_column(_text("created_by"))
        table.add_column(_text("updated_by"))
        table.add_column(sa.Column("modified_at", TIME))
        table.create_index("ix_api_keys_application", ["application_id", "tsg_id"])
        table.create_index("ix_api_keys_created", ["tsg_id", "created_at", "api_key_id"])
    _rename_twins()
    op.create_index("ix_api_keys_name", "api_keys", ["tsg_id", "name"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE)
    with op.batch_alter_table("service_accounts") as table:
        table.add_column(_text("name"))
        table.add_column(sa.Column("disabled_at", TIME))
        table.add_column(sa.Column("previous_secret_hash", sa.String(64)))
        table.add_column(sa.Column("previous_secret_until", TIME))
    with op.batch_alter_table("security_profiles") as table:
        table.add_column(_text("created_by"))


def _rename_twins() -> None:
    """Release 0.1 let two live keys have one name: all but the oldest get their last characters behind it."""
    connection = op.get_bind()
    seen: set[tuple[str, str]] = set()
    rows = connection.execute(
        sa.text("SELECT api_key_id, tsg_id, name, last8 FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at")
    ).all()
    for api_key_id, tsg_id, name, last8 in rows:
        if (tsg_id, name) in seen:
            renamed = f"{name[:22]}-{last8}"
            connection.execute(
                sa.text("UPDATE api_keys SET name = :name WHERE api_key_id = :id"), {"name": renamed, "id": api_key_id}
            )
        seen.add((tsg_id, name))


def _audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("audit_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("tsg_id", sa.String(32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("remote", sa.String(64), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("entity", sa.String(50), nullable=False),
        sa.Column("entity_id", sa.String(100), nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["tsg_id", "at"])
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{event.lower()} BEFORE {event} ON audit_log "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION audit_log_is_append_only() RETURNS trigger AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$ LANGUAGE plpgsql"
        )
        op.execute(
            "CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log "
            "FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only()"
        )


def downgrade() -> None:
    op.drop_table("audit_log")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_log_is_append_only()")
    for name in (
        "token_usage", "profile_numbers", "profile_topics", "custom_topics", "revoked_tokens", "signing_keys", "users", "roles",
    ):  # fmt: skip
        op.drop_table(name)
    op.drop_index("ix_api_keys_name", "api_keys")
    op.drop_index("ix_api_keys_application", "api_keys")
    op.drop_index("ix_api_keys_created", "api_keys")
    for name, columns in {
        "security_profiles": ["created_by"],
        "service_accounts": ["name", "disabled_at", "previous_secret_hash", "previous_secret_until"],
        "api_keys": ["rotation_interval", "rotation_unit", "created_by", "updated_by", "modified_at"],
        "deployment_profiles": ["monthly_tokens", "active", "expires_at"],
    }.items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column)
    with op.batch_alter_table("applications") as table:
        table.drop_index("ix_applications_name")
        table.drop_index("ix_applications_auth_code")
        table.drop_index("ix_applications_created")
        for column in ("environment", "cloud_provider", "model_name", "created_by", "updated_by", "active"):
            table.drop_column(column)

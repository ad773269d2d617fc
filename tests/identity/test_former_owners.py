"""Whose key or access token it was, for the log of refusals; and how long rows of nobody are kept: in either database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from tests.identity.test_users import FIRST, identity_of, on

from scangate.cli.operators import command_line
from scangate.db.engine import Database
from scangate.errors import CredentialsInvalidError
from scangate.identity import applications, deployments, keys, scan_tokens
from scangate.identity.deployments import DeploymentChange
from scangate.identity.schemas import APIKeyCreationObject
from scangate.records import repository as records
from scangate.records.entry import Caller, rejected
from scangate.records.repository import NOBODY
from scangate.records.service import NOBODY_DAYS, ScanLog
from scangate.records.tables import ScanLogRow
from scangate.scans.repository import delete_finished


def wanted(auth_code: str) -> APIKeyCreationObject:
    return APIKeyCreationObject.model_validate(
        {
            "auth_code": auth_code, "cust_app": "shop", "api_key_name": "k", "created_by": "x", "rotation_time_interval": 1,
            "rotation_time_unit": "months",
        }
    )  # fmt: skip


def test_former_owners_of_keys_and_tokens(database_url: str) -> None:
    async def work(database: Database, _other: Database) -> None:
        identity = identity_of(database)
        authenticator = identity.authenticator
        deployment = await deployments.create_deployment(identity, FIRST, "d")
        _, key = await keys.create_key(identity, FIRST, wanted(deployment.auth_code))
        minted = await scan_tokens.mint(identity, FIRST, "c", "shop", timedelta(hours=1))
        assert (await authenticator.authenticate(key)).application_name == "shop"
        await deployments.change_deployment(identity, FIRST, deployment.auth_code, DeploymentChange(active=False))
        await keys.revoke_keys(identity, FIRST, "k")
        with pytest.raises(CredentialsInvalidError):
            await authenticator.authenticate(key)
        with pytest.raises(CredentialsInvalidError):
            await authenticator.authenticate_bearer(minted.access_token)
        for former in (await authenticator.former(key=key), await authenticator.former(token=minted.access_token)):
            assert former is not None and (former.tsg_id, former.application_name) == (FIRST.tsg_id, "shop")
        management, _ = await identity.tokens.issue(FIRST.tsg_id, "c", "management", seconds=60)
        for unknown in ({"key": f"{key}x"}, {"token": "a.b.c"}, {"token": management}):
            assert await authenticator.former(**unknown) is None
        await applications.delete_application(identity, FIRST, "shop", by="x")
        assert await authenticator.former(key=key) is None

    on(database_url, work)


def test_credentials_end_with_their_deployment_profile(database_url: str) -> None:
    async def work(database: Database, _other: Database) -> None:
        identity = identity_of(database)
        ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
        deployment = await deployments.create_deployment(identity, FIRST, "d", expires_at=ends)
        _, key = await keys.create_key(identity, FIRST, wanted(deployment.auth_code))
        token = (await scan_tokens.mint(identity, FIRST, "c", "shop", timedelta(hours=1))).access_token
        assert (await identity.authenticator.authenticate(key)).expires_at == ends
        by_token = await identity.authenticator.authenticate_bearer(token)
        assert by_token.expires_at is not None and by_token.expires_at < ends, "the token ends first"
        later = DeploymentChange(expires_at=ends + timedelta(days=90))
        await deployments.change_deployment(identity, command_line(FIRST.tsg_id), deployment.auth_code, later)
        expires_at = (await identity.authenticator.authenticate(key)).expires_at
        assert expires_at is not None and ends < expires_at < ends + timedelta(days=90), "now the key's own end comes first"

    on(database_url, work)


def test_rows_of_nobody_go_after_a_week(database_url: str) -> None:
    async def work(database: Database, _other: Database) -> None:
        now = datetime.now(UTC)
        ages = (timedelta(0), timedelta(days=NOBODY_DAYS - 1), timedelta(days=NOBODY_DAYS + 1))
        entries = [
            rejected(Caller(tsg_id, "", "", "", ""), "s", now - age, "credentials_invalid", is_sync=True)
            for tsg_id in (NOBODY, FIRST.tsg_id)
            for age in ages
        ]
        async with database.write() as connection:
            await records.insert_entries(connection, entries)
        await ScanLog(database, delete_finished).apply_retention()
        row = ScanLogRow
        async with database.read() as connection:
            counts = (await connection.execute(select(row.tsg_id, func.count()).group_by(row.tsg_id))).all()
        assert {found[0]: found[1] for found in counts} == {NOBODY: 2, FIRST.tsg_id: 3}

    on(database_url, work)

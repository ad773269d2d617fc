"""Changing and switching off deployment profiles, by the tenant and by the server's owner."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.identity.tenants import TenantOperator, on_database, scan_status
from tests.identity.test_users import FIRST, SECOND, identity_of, on
from tests.live import LiveServer

from scangate.cli.operators import command_line
from scangate.db.engine import Database
from scangate.domain.moments import timestamp
from scangate.errors import NotFoundError, PermissionDeniedError, RequestInvalidError
from scangate.identity import deployments, usage
from scangate.identity.deployments import NO_LIMIT, DeploymentChange

HELD = 1.0
"""Seconds after which a change by another process holds."""


def change_by_owner(one: TenantOperator, auth_code: str, change: DeploymentChange) -> None:
    async def work(database: Database) -> None:
        await deployments.change_deployment(identity_of(database), command_line(one.tsg_id), auth_code, change)

    on_database(one.server, work, one.url)


def access(one: TenantOperator, app: str) -> str:
    minted = one("POST", "/oauth/client_credential/accesstoken", json={"client_id": "c", "customer_app": app})
    return str(minted["access_token"])


def test_one_that_is_switched_off_refuses_its_keys_and_tokens(server: LiveServer, one: TenantOperator) -> None:
    code = one.deployment()
    key = one.key("off-key", "off-app", auth_code=code)["api_key"]
    token = access(one, "off-app")
    assert (scan_status(server, key=key), scan_status(server, token=token)) == (200, 200)
    changed = one("PUT", f"/deploymentprofiles/{code}", json={"status": "inactive", "dp_name": "resting"})
    assert (changed["status"], changed["dp_name"]) == ("inactive", "resting")
    assert (scan_status(server, key=key), scan_status(server, token=token)) == (403, 403)
    assert one("POST", "/apikey", 409, json=one.wanted("another", "off-app", auth_code=code))["error_message"]
    refused = one("PUT", f"/deploymentprofiles/{code}", 403, json={"status": "active"})
    assert "owner" in refused["error_message"]
    change_by_owner(one, code, DeploymentChange(active=True))
    time.sleep(HELD)
    assert (scan_status(server, key=key), scan_status(server, token=token)) == (200, 200)
    entries = [e for e in one("GET", "/auditlogs")["audit_log"] if e["entity_id"] == code and e["action"] == "update"]
    assert [(e["before"]["status"], e["after"]["status"]) for e in entries] == [
        ("inactive", "activated"),
        ("activated", "inactive"),
    ]


def test_one_that_expires_refuses_though_nothing_was_changed_at_that_moment(server: LiveServer, one: TenantOperator) -> None:
    code = one.deployment()
    key = one.key("end-key", "end-app", auth_code=code)["api_key"]
    token = access(one, "end-app")
    ends = datetime.now(UTC) + timedelta(seconds=2.5)
    changed = one("PUT", f"/deploymentprofiles/{code}", json={"expiration_date": timestamp(ends)})
    assert changed["expiration_date"] == timestamp(ends)
    assert (scan_status(server, key=key), scan_status(server, token=token)) == (200, 200)
    time.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()) + 0.05)
    assert (scan_status(server, key=key), scan_status(server, token=token)) == (403, 403)
    listed = next(d for d in one("GET", "/deploymentprofiles")["deployment_profiles"] if d["auth_code"] == code)
    assert listed["status"] == "expired"
    one("PUT", f"/deploymentprofiles/{code}", 403, json={"expiration_date": None})


def test_a_quota_holds_at_once_and_is_lowered_by_the_tenant_only(server: LiveServer, one: TenantOperator) -> None:
    code = one.deployment()
    key = one.key("quota-key", "quota-app", auth_code=code)["api_key"]
    assert scan_status(server, key=key) == 200
    path = f"/deploymentprofiles/{code}"
    assert one("PUT", path, json={"monthly_tokens": 3})["monthly_tokens"] == 3
    assert scan_status(server, key=key) == 429
    for wider in ({"monthly_tokens": 4}, {"monthly_tokens": None}):
        one("PUT", path, 403, json=wider)
    change_by_owner(one, code, DeploymentChange(monthly_tokens=NO_LIMIT))
    time.sleep(HELD)
    assert scan_status(server, key=key) == 200


@pytest.mark.parametrize(
    "document",
    [
        {"status": "on"},
        {"dp_name": ""},
        {"dp_name": "n" * 101},
        {"monthly_tokens": 0},
        {"expiration_date": "2030-01-01T00:00:00"},
    ],
)
def test_changes_that_make_no_sense(one: TenantOperator, document: dict[str, Any]) -> None:
    code = one.deployment()
    before = one("GET", "/deploymentprofiles")
    one("PUT", f"/deploymentprofiles/{code}", 400, json=document)
    assert one("GET", "/deploymentprofiles") == before


def test_another_tenants_is_not_there(one: TenantOperator, two: TenantOperator) -> None:
    code = one.deployment()
    before = one("GET", "/deploymentprofiles")
    two("PUT", f"/deploymentprofiles/{code}", 404, json={"status": "inactive"})
    assert one("GET", "/deploymentprofiles") == before


def test_who_may_widen_what(database_url: str) -> None:
    async def work(database: Database, _other: Database) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        identity, lenient = identity_of(database), identity_of(database, tenants_raise_quotas=True)
        made = await deployments.create_deployment(identity, FIRST, "d", monthly_tokens=100, expires_at=now + timedelta(days=9))

        async def changed(who: Any, by: Any = FIRST, **values: Any) -> Any:
            return await deployments.change_deployment(who, by, made.auth_code, DeploymentChange(**values))

        later, sooner = now + timedelta(days=10), now + timedelta(days=8)
        for wider in ({"monthly_tokens": 101}, {"monthly_tokens": NO_LIMIT}, {"expires_at": later}, {"expires_at": NO_LIMIT}):
            with pytest.raises(PermissionDeniedError):
                await changed(identity, **wider)
        with pytest.raises(PermissionDeniedError):
            await changed(identity, active=False, monthly_tokens=101)
        with pytest.raises(NotFoundError):
            await changed(lenient, SECOND, active=False)
        with pytest.raises(RequestInvalidError):
            await changed(identity, name="")
        narrower = await changed(identity, monthly_tokens=50, expires_at=sooner, name="e", active=True)
        assert (narrower.monthly_tokens, narrower.expires_at, narrower.dp_name, narrower.active) == (50, sooner, "e", True)
        wide = await changed(lenient, monthly_tokens=NO_LIMIT, expires_at=later)
        assert (wide.monthly_tokens, wide.expires_at) == (None, later)
        off = await changed(identity, active=False)
        assert not off.active and (await changed(identity, command_line(FIRST.tsg_id), active=True, expires_at=NO_LIMIT)).active
        async with database.read() as connection:
            assert await usage.used_tokens(connection, made.auth_code, usage.month_of(now)) == 0

    on(database_url, work)

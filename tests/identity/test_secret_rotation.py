"""New secrets of service accounts, and the old one's last hours."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import httpx
import pytest
from tests.identity.tenants import TOKEN, TenantOperator
from tests.identity.test_users import FIRST, SECOND, identity_of, on
from tests.live import LiveServer

from scangate.db.engine import Database
from scangate.errors import NotFoundError
from scangate.identity import accounts
from scangate.identity.oauth import OAuthError, client_credentials


def status(server: LiveServer, client_id: str, secret: str) -> int:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return httpx.post(server.http_url + TOKEN, data=form, timeout=60, trust_env=False).status_code


def account(one: TenantOperator) -> tuple[str, str]:
    made = one("POST", "/serviceaccounts", json={"name": f"a {secrets.token_hex(3)}", "role": "view_only_administrator"})
    return made["client_id"], made["client_secret"]


def test_the_old_secret_holds_beside_the_new_one_until_the_next_rotation(server: LiveServer, one: TenantOperator) -> None:
    client_id, first = account(one)
    path = f"/serviceaccounts/{client_id}/rotate"
    rotated = one("POST", path)
    second = rotated["client_secret"]
    assert second != first and rotated["old_secret_until"]
    assert [status(server, client_id, secret) for secret in (first, second)] == [200, 200]
    listed = next(a for a in one("GET", "/serviceaccounts")["service_accounts"] if a["client_id"] == client_id)
    assert listed["old_secret_until"] == rotated["old_secret_until"] and "client_secret" not in listed
    third = one("POST", path, json={"grace_seconds": 600})["client_secret"]
    assert [status(server, client_id, secret) for secret in (first, second, third)] == [401, 200, 200]
    entry = one("GET", "/auditlogs", params={"limit": 1})["audit_log"][0]
    assert (entry["action"], entry["entity_id"], entry["after"]["secret"]) == ("update", client_id, "rotated")
    assert not any(secret in str(entry) for secret in (first, second, third))


def test_without_grace_the_old_secret_ends_at_once(server: LiveServer, one: TenantOperator) -> None:
    client_id, first = account(one)
    rotated = one("POST", f"/serviceaccounts/{client_id}/rotate", json={"grace_seconds": 0})
    assert "old_secret_until" not in rotated
    assert [status(server, client_id, secret) for secret in (first, rotated["client_secret"])] == [401, 200]


def test_the_grace_ends(server: LiveServer, one: TenantOperator) -> None:
    client_id, first = account(one)
    new = one("POST", f"/serviceaccounts/{client_id}/rotate", json={"grace_seconds": 1})["client_secret"]
    time.sleep(1.1)
    assert [status(server, client_id, secret) for secret in (first, new)] == [401, 200]


@pytest.mark.parametrize("grace", [-1, 10**9, "600", 1.5])
def test_a_grace_that_makes_no_sense(server: LiveServer, one: TenantOperator, grace: Any) -> None:
    client_id, secret = account(one)
    one("POST", f"/serviceaccounts/{client_id}/rotate", 400, json={"grace_seconds": grace})
    assert status(server, client_id, secret) == 200


def test_who_may_not_rotate(one: TenantOperator, two: TenantOperator) -> None:
    client_id, _ = account(one)
    two("POST", f"/serviceaccounts/{client_id}/rotate", 404)
    one("POST", "/roles", json={"name": "rotator", "permissions": ["airs_api.service_accounts:update"]})
    lesser = one.account("rotator")
    assert "cannot be given" in lesser("POST", f"/serviceaccounts/{client_id}/rotate", 403)["error_message"]
    one("DELETE", f"/serviceaccounts/{client_id}")
    one("POST", f"/serviceaccounts/{client_id}/rotate", 404)


def test_rotations_at_once_leave_two_secrets(database_url: str) -> None:
    async def work(database: Database, other: Database) -> None:
        identity = identity_of(database)
        made, first = await accounts.create_account(identity, FIRST, "a", "superuser")
        rotations = [accounts.rotate_secret(identity_of(one), FIRST, made.client_id) for one in (database, other) * 3]
        new = [secret for _, secret in await asyncio.gather(*rotations)]

        async def holds(secret: str) -> bool:
            form = {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": secret}
            try:
                await client_credentials(database, identity.tokens, form, None, seconds=60)
            except OAuthError:
                return False
            return True

        assert sum([await holds(secret) for secret in new]) == 2 and not await holds(first)
        with pytest.raises(NotFoundError):
            await accounts.rotate_secret(identity, SECOND, made.client_id)

    on(database_url, work)

"""Roles and service accounts: what they permit, and that nobody gives more than they have."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.identity.tenants import TOKEN, TenantOperator, access_token

from scangate.identity.permissions import BUILT_IN, EVERYTHING

HELD = 1.0


def test_built_in_roles_come_first_then_the_own_ones_by_name(one: TenantOperator) -> None:
    for name in ("zulu", "alpha", "mike"):
        one("POST", "/roles", json={"name": name, "permissions": ["airs_api.api_keys:read"]})
    every = one("GET", "/roles")["roles"]
    assert [role["name"] for role in every][:2] == list(BUILT_IN)
    own = [role["name"] for role in every if not role["built_in"]]
    assert own == sorted(own) and set(own) >= {"zulu", "alpha", "mike"}
    paged = [
        role for offset in range(len(every) + 1) for role in one("GET", "/roles", params={"offset": offset, "limit": 1})["roles"]
    ]
    assert paged == every
    assert set(every[0]["permissions"]) == EVERYTHING


def test_a_custom_role_permits_exactly_what_it_names(one: TenantOperator) -> None:
    one("POST", "/roles", json={"name": "key reader", "permissions": ["airs_api.api_keys:read", "airs_api.roles:read"]})
    reader = one.account("key reader")
    reader("GET", "/apikeys")
    refused = reader("GET", "/customerapps", 403)
    assert refused == {"status_code": 403, "error_message": "the role key reader does not permit airs_api.customer_app:read"}
    reader("DELETE", "/apikey/delete/default", 403, params={"updated_by": "x"})
    changed = one("PUT", "/roles/key%20reader", json={"permissions": ["airs_api.customer_app:read"]})
    assert changed == {"name": "key reader", "permissions": ["airs_api.customer_app:read"], "built_in": False}
    time.sleep(HELD)
    reader("GET", "/customerapps")
    reader("GET", "/apikeys", 403)


def test_a_role_in_use_is_not_deleted(one: TenantOperator) -> None:
    one("POST", "/roles", json={"name": "used", "permissions": []})
    user = one("POST", "/serviceaccounts", json={"name": "user", "role": "used"})
    assert one("DELETE", "/roles/used", 409)["payload"] == [{"client_id": user["client_id"], "name": "user"}]
    one("DELETE", f"/serviceaccounts/{user['client_id']}")
    assert one("DELETE", "/roles/used") == "successfully deleted role: used"
    one("DELETE", "/roles/used", 404)
    one("PUT", "/roles/used", 404, json={"permissions": []})


def test_nobody_gives_more_than_they_have(one: TenantOperator) -> None:
    may = ["airs_api.roles:create", "airs_api.roles:update", "airs_api.roles:read", "airs_api.service_accounts:create"]
    one("POST", "/roles", json={"name": "delegate", "permissions": may})
    delegate = one.account("delegate")
    delegate("POST", "/roles", 403, json={"name": "stronger", "permissions": ["airs_api.api_keys:create"]})
    delegate("PUT", "/roles/delegate", 403, json={"permissions": [*may, "airs_api.api_keys:create"]})
    delegate("POST", "/serviceaccounts", 403, json={"name": "x", "role": "superuser"})
    delegate("POST", "/serviceaccounts", 403, json={"name": "x", "role": "view_only_administrator"})
    delegate("POST", "/roles", json={"name": "weaker", "permissions": may[:1]})
    delegate("POST", "/serviceaccounts", json={"name": "x", "role": "weaker"})
    assert "stronger" not in one.names("/roles", "roles", "name")


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({"name": "superuser", "permissions": []}, 409),
        ({"name": "", "permissions": []}, 400),
        ({"name": "n" * 51, "permissions": []}, 400),
        ({"name": "a\u0007b", "permissions": []}, 400),
        ({"name": "odd", "permissions": ["airs_api.api_keys:fly"]}, 400),
        ({"name": "odd", "permissions": ["*"]}, 400),
        ({"name": "odd", "permissions": "all"}, 400),
        ({"name": "odd", "permissions": [1]}, 400),
        ({"name": "odd", "permissions": ["airs_api.roles:read"] * 1001}, 400),
        ({"name": "odd"}, 400),
    ],
)
def test_a_role_that_cannot_be(one: TenantOperator, document: dict[str, Any], status: int) -> None:
    assert one("POST", "/roles", status, json=document)["status_code"] == status


@pytest.mark.parametrize("name", list(BUILT_IN))
def test_built_in_roles_stay_as_they_are(one: TenantOperator, name: str) -> None:
    before = one("GET", "/roles")
    assert one("PUT", f"/roles/{name}", 409, json={"permissions": []})["status_code"] == 409
    assert one("DELETE", f"/roles/{name}", 409)["status_code"] == 409
    assert one("GET", "/roles") == before


def test_a_service_account_shows_its_secret_once(one: TenantOperator) -> None:
    created = one("POST", "/serviceaccounts", json={"name": "ci", "role": "superuser"})
    assert created["client_id"].endswith(f"@{one.tsg_id}") and created["disabled"] is False
    listed = one("GET", "/serviceaccounts")
    (entry,) = [account for account in listed["service_accounts"] if account["client_id"] == created["client_id"]]
    assert entry == {name: value for name, value in created.items() if name != "client_secret"}
    log = one("GET", "/auditlogs", params={"limit": 1})["audit_log"]
    assert log[0]["entity_id"] == created["client_id"] and created["client_secret"] not in str(log)
    access_token(one.server, created["client_id"], created["client_secret"])


def test_a_disabled_account_gets_no_token_and_its_tokens_stop(one: TenantOperator) -> None:
    created = one("POST", "/serviceaccounts", json={"name": "leaver", "role": "superuser"})
    token = access_token(one.server, created["client_id"], created["client_secret"])
    bearer = {"authorization": f"Bearer {token}"}
    one("GET", "/roles", headers=bearer)
    assert one("DELETE", f"/serviceaccounts/{created['client_id']}").startswith("successfully disabled")
    time.sleep(HELD)
    one("GET", "/roles", 401, headers=bearer)
    with one.server.client("") as client:
        form = {name: created[name] for name in ("client_id", "client_secret")} | {"grant_type": "client_credentials"}
        assert client.post(TOKEN, data=form).status_code == 401
    one("DELETE", f"/serviceaccounts/{created['client_id']}", 404)
    states = {account["client_id"]: account["disabled"] for account in one("GET", "/serviceaccounts")["service_accounts"]}
    assert states[created["client_id"]] is True


def test_the_last_superuser_stays(two: TenantOperator) -> None:
    assert two("DELETE", f"/serviceaccounts/{two.tenant.client_id}", 409)["status_code"] == 409
    other = two("POST", "/serviceaccounts", json={"name": "second", "role": "superuser"})
    two("DELETE", f"/serviceaccounts/{other['client_id']}")
    assert two("DELETE", f"/serviceaccounts/{two.tenant.client_id}", 409)["status_code"] == 409
    states = {account["client_id"]: account["disabled"] for account in two("GET", "/serviceaccounts")["service_accounts"]}
    assert (states[two.tenant.client_id], states[other["client_id"]]) == (False, True)


def test_another_tenants_roles_and_accounts_are_not_found(one: TenantOperator, two: TenantOperator) -> None:
    two("POST", "/roles", json={"name": "foreign", "permissions": []})
    one("PUT", "/roles/foreign", 404, json={"permissions": []})
    one("DELETE", "/roles/foreign", 404)
    one("POST", "/serviceaccounts", 404, json={"name": "x", "role": "foreign"})
    one("DELETE", f"/serviceaccounts/{two.tenant.client_id}", 404)
    assert "foreign" not in one.names("/roles", "roles", "name")
    assert two.tenant.client_id not in one.names("/serviceaccounts", "service_accounts", "client_id")


@pytest.mark.parametrize(
    "document", [{"name": "x"}, {"role": "superuser"}, {"name": "", "role": "superuser"}, {"name": "x", "role": 1}]
)
def test_an_account_that_cannot_be(one: TenantOperator, document: dict[str, Any]) -> None:
    before = one("GET", "/serviceaccounts")
    assert one("POST", "/serviceaccounts", 400, json=document)["status_code"] == 400
    assert one("GET", "/serviceaccounts") == before

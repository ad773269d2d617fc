"""`scangate tenants`, `deployments`, `apps`, `keys`, `roles` and `accounts` beside a running server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.live import SYNC, LiveServer, running
from typer.testing import CliRunner, Result

from scangate.cli.main import command_line
from scangate.errors import ConflictError, ScangateError

HELD = 1.0


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with running(tmp_path_factory.mktemp("tenants") / "data") as server:
        yield server


def run(live: LiveServer, *arguments: str, typed: str | None = None) -> Result:
    """In this process: the commands of one module start dozens of times."""
    return CliRunner().invoke(command_line(), [*arguments, "--data-dir", str(live.data_dir)], input=typed)


def document(live: LiveServer, *arguments: str, typed: str | None = None) -> Any:
    done = run(live, *arguments, "--json", typed=typed)
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def tenant(live: LiveServer) -> dict[str, Any]:
    created: dict[str, Any] = document(live, "tenants", "create", "second")
    return created


def status(live: LiveServer, key: str) -> int:
    body = {"ai_profile": {"profile_name": "default"}, "contents": [{"prompt": "Hello"}]}
    return httpx.post(live.http_url + SYNC, json=body, headers={"x-pan-token": key}, timeout=60, trust_env=False).status_code


def management(live: LiveServer, client_id: str, client_secret: str) -> int:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    answer = httpx.post(live.http_url + "/oauth2/access_token", data=form, timeout=60, trust_env=False)
    if answer.status_code != 200:
        return answer.status_code
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.get(live.http_url + "/v1/mgmt/apikeys", headers=headers, timeout=60, trust_env=False).status_code


def test_a_new_tenant_can_scan_and_manage_at_once(live: LiveServer, tenant: dict[str, Any]) -> None:
    assert status(live, tenant["api_key"]) == 200
    assert management(live, tenant["client_id"], tenant["client_secret"]) == 200
    assert tenant["profiles"] == ["default", "monitor", "mask-sensitive-data"]
    listed = document(live, "tenants", "list")
    assert [one["name"] for one in listed] == ["default", "second"] and listed[1]["tsg_id"] == tenant["tsg_id"]
    everything = run(live, "tenants", "list").stdout + run(live, "keys", "list", "--tenant", "second").stdout
    assert tenant["tsg_id"] in everything and tenant["api_key"] not in everything
    again = run(live, "tenants", "create", "second")
    assert isinstance(again.exception, ConflictError)


def test_keys_apps_and_deployments_of_a_tenant(live: LiveServer, tenant: dict[str, Any]) -> None:
    of = ("--tenant", tenant["tsg_id"])
    code = document(live, "deployments", "create", "more", "--monthly-tokens", "5000", "--days", "30", *of)["auth_code"]
    found = {one["auth_code"]: one for one in document(live, "deployments", "list", *of)}
    assert found[code]["monthly_tokens"] == 5000 and found[code]["status"] == "unactivated"
    created_app = document(
        live, "apps", "create", "shop", "--auth-code", code, "--profile", "monitor", "--environment", "dev", *of
    )
    assert (created_app["auth_code"], created_app["ai_sec_profile_name"], created_app["environment"]) == (code, "monitor", "dev")
    created = document(live, "keys", "create", "shop-key", "--application", "shop", "--days", "9", *of)
    assert created["cust_app"] == "shop" and status(live, created["api_key"]) == 200
    renewed = document(live, "keys", "regenerate", "shop-key", "--interval", "2", "--unit", "months", *of)
    assert renewed["api_key_id"] == created["api_key_id"] and renewed["rotation_time_unit"] == "months"
    time.sleep(HELD)
    assert (status(live, created["api_key"]), status(live, renewed["api_key"])) == (403, 200)
    names = [one["api_key_name"] for one in document(live, "keys", "list", *of)]
    assert names == ["default", "shop-key"]
    assert [one["api_key_name"] for one in document(live, "keys", "list")] == ["default"]
    assert document(live, "keys", "revoke", "shop-key", *of) == {"revoked": 1}
    assert [one["app_name"] for one in document(live, "apps", "list", *of)] == ["default", "shop"]
    assert document(live, "apps", "delete", "shop", *of) == {"deleted": "shop"}
    time.sleep(HELD)
    assert status(live, renewed["api_key"]) == 403


def log_in(live: LiveServer, email: str, password: str) -> int:
    form = {"grant_type": "password", "username": email, "password": password}
    return httpx.post(live.http_url + "/oauth2/access_token", data=form, timeout=60, trust_env=False).status_code


def test_users(live: LiveServer) -> None:
    created = document(live, "users", "create", "Ada@Example.com", "--name", "Ada")
    assert (created["email"], created["role"], created["status"]) == ("ada@example.com", "view_only_administrator", "active")
    assert log_in(live, "ada@example.com", created["password"]) == 200
    typed = document(
        live, "users", "create", "bo@example.com", "--role", "superuser", "--password-stdin", typed="typed by hand\n"
    )
    assert "password" not in typed and log_in(live, "bo@example.com", "typed by hand") == 200
    listed = document(live, "users", "list")
    assert [(user["email"], user["name"]) for user in listed] == [
        ("ada@example.com", "Ada"),
        ("bo@example.com", "bo@example.com"),
    ]
    shown = run(live, "users", "list").stdout
    assert created["password"] not in shown and "typed by hand" not in shown
    assert document(live, "users", "change", "ada@example.com", "--role", "superuser")["role"] == "superuser"
    reset = document(live, "users", "reset-password", "ada@example.com")["password"]
    assert (log_in(live, "ada@example.com", created["password"]), log_in(live, "ada@example.com", reset)) == (400, 200)
    assert document(live, "users", "disable", created["user_id"])["status"] == "disabled"
    assert log_in(live, "ada@example.com", reset) == 400
    assert document(live, "users", "change", "ada@example.com", "--enable")["status"] == "active"
    assert log_in(live, "ada@example.com", reset) == 200
    again = run(live, "users", "reset-password", "ada@example.com")
    assert "password: " in again.stdout and "active" in again.stdout


def test_an_account_gets_another_secret(live: LiveServer) -> None:
    account = document(live, "accounts", "create", "rotated", "--role", "view_only_administrator")
    beside = document(live, "accounts", "rotate", account["client_id"])
    assert beside["old_secret_until"]
    for secret in (account["client_secret"], beside["client_secret"]):
        assert management(live, account["client_id"], secret) == 200
    only = document(live, "accounts", "rotate", account["client_id"], "--grace-seconds", "0")
    states = [management(live, account["client_id"], one["client_secret"]) for one in (account, beside, only)]
    assert states == [401, 401, 200]
    printed = run(live, "accounts", "rotate", account["client_id"]).stdout
    assert "client_secret: sgs_" in printed and "The old secret holds until 2" in printed
    document(live, "accounts", "disable", account["client_id"])


def test_a_deployment_is_changed_and_switched_off(live: LiveServer, tenant: dict[str, Any]) -> None:
    of = ("--tenant", tenant["tsg_id"])
    code = document(live, "deployments", "create", "changing", "--monthly-tokens", "5000", "--days", "30", *of)["auth_code"]
    document(live, "apps", "create", "changing", "--auth-code", code, *of)
    key = document(live, "keys", "create", "changing", "--application", "changing", *of)["api_key"]
    assert status(live, key) == 200
    assert document(live, "deployments", "disable", code, *of)["status"] == "inactive"
    time.sleep(HELD)
    assert status(live, key) == 403
    changed = document(live, "deployments", "change", code, "--enable", "--name", "changed", "--no-quota", "--no-end", *of)
    assert (changed["status"], changed["dp_name"]) == ("activated", "changed")
    assert "monthly_tokens" not in changed and "expiration_date" not in changed
    time.sleep(HELD)
    assert status(live, key) == 200
    assert document(live, "deployments", "change", code, "--monthly-tokens", "1", *of)["monthly_tokens"] == 1
    time.sleep(HELD)
    assert status(live, key) == 429
    assert "changed): activated" in run(live, "deployments", "change", code, "--days", "3", *of).stdout
    document(live, "apps", "delete", "changing", *of)


def test_roles_and_accounts(live: LiveServer) -> None:
    role = document(live, "roles", "create", "keys only", "airs_api.api_keys:read", "airs_api.api_keys:delete")
    assert role["permissions"] == ["airs_api.api_keys:delete", "airs_api.api_keys:read"]
    account = document(live, "accounts", "create", "ci", "--role", "keys only")
    assert management(live, account["client_id"], account["client_secret"]) == 200
    assert isinstance(run(live, "roles", "delete", "keys only").exception, ConflictError)
    assert account["client_secret"] not in run(live, "accounts", "list", "--json").stdout
    assert document(live, "accounts", "disable", account["client_id"]) == {"disabled": account["client_id"]}
    assert management(live, account["client_id"], account["client_secret"]) == 401
    assert document(live, "roles", "delete", "keys only") == {"deleted": "keys only"}
    assert [one["name"] for one in document(live, "roles", "list")] == ["superuser", "view_only_administrator"]
    disabled = {one["name"]: one["disabled"] for one in document(live, "accounts", "list")}
    assert (disabled["default"], disabled["ci"]) == (False, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys", "list", "--tenant", "nobody"],
        ["keys", "regenerate", "no-such-key"],
        ["keys", "regenerate", "default", "--unit", "fortnights"],
        ["keys", "create", "default"],
        ["apps", "create", ""],
        ["apps", "create", "default"],
        ["apps", "create", "x", "--auth-code", "D0"],
        ["apps", "create", "x", "--profile", "no-such-profile"],
        ["apps", "delete", "no-such-app"],
        ["roles", "create", "x", "everything"],
        ["roles", "delete", "superuser"],
        ["accounts", "create", "x", "--role", "no-such-role"],
        ["accounts", "disable", "nobody"],
        ["accounts", "rotate", "nobody"],
        ["users", "create", "no address"],
        ["users", "create", "x@example.com", "--role", "no-such-role"],
        ["users", "disable", "nobody@example.com"],
        ["users", "reset-password", "nobody@example.com"],
        ["users", "change", "nobody@example.com", "--enable"],
        ["deployments", "change", "D0", "--enable"],
        ["deployments", "change", "D0", "--monthly-tokens", "5", "--no-quota"],
        ["deployments", "disable", "D0"],
        ["deployments", "create", "n" * 101],
        ["tenants", "create", " "],
    ],
)
def test_what_cannot_be_done_is_refused(live: LiveServer, arguments: list[str]) -> None:
    """`scangate.cli.main.run` makes one line and exit code 2 of it."""
    error = run(live, *arguments).exception
    assert isinstance(error, ScangateError) and len(error.message.splitlines()) == 1


def test_the_audit_log_says_that_it_was_the_command_line(live: LiveServer) -> None:
    document(live, "apps", "create", "audited")
    bootstrap = live.bootstrap
    form = {name: bootstrap[name] for name in ("client_id", "client_secret")} | {"grant_type": "client_credentials"}
    with live.client("") as client:
        token = client.post("/oauth2/access_token", data=form).json()["access_token"]
        log = client.get("/v1/mgmt/auditlogs", headers={"authorization": f"Bearer {token}"}).json()["audit_log"]
    assert (log[0]["actor"], log[0]["remote"], log[0]["action"]) == ("command line", "command line", "create")
    assert log[0]["after"]["app_name"] == "audited"

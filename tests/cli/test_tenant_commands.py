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


def run(live: LiveServer, *arguments: str) -> Result:
    """In this process: the commands of one module start dozens of times."""
    return CliRunner().invoke(command_line(), [*arguments, "--data-dir", str(live.data_dir)])


def document(live: LiveServer, *arguments: str) -> Any:
    done = run(live, *arguments, "--json")
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
    assert [one["disabled"] for one in document(live, "accounts", "list")] == [False, True]


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

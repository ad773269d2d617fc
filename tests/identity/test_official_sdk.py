"""The official management SDK, unchanged, over TLS: keys, applications, deployment and data profiles, access tokens."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.identity.tenants import BY, TenantOperator, scan_status
from tests.live import LiveServer

pytest.importorskip("airs_api_mgmt", reason="pan-airs-api-mgmt-sdk is part of the test extra")
from airs_api_mgmt import MgmtClient, MgmtClientAsync
from airs_api_mgmt.exceptions import MgmtSdkClientError

Flow = Callable[[Any], Awaitable[None]]
HELD = 1.0


@pytest.fixture(autouse=True)
def environment(server: LiveServer, one: TenantOperator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", server.bootstrap["ca_cert"])
    monkeypatch.setenv("PANW_CLIENT_ID", one.tenant.client_id)
    monkeypatch.setenv("PANW_CLIENT_SECRET", one.tenant.client_secret)
    monkeypatch.setenv("PANW_BASE_URL", f"{server.url}/aisec")
    monkeypatch.setenv("PANW_TOKEN_BASE_URL", server.bootstrap["token_url"])


async def got(value: Any) -> Any:
    """Of either client: the asyncio one returns something to wait for."""
    return await value if inspect.isawaitable(value) else value


def sync(flow: Flow) -> None:
    client = MgmtClient()
    try:
        asyncio.run(flow(client))
    finally:
        client.close()


def asynchronous(flow: Flow) -> None:
    async def run() -> None:
        async with MgmtClientAsync() as client:
            await flow(client)

    asyncio.run(run())


@pytest.fixture(params=[sync, asynchronous], ids=["sync", "asyncio"])
def run(request: pytest.FixtureRequest) -> Callable[[Flow], None]:
    return request.param  # type: ignore[no-any-return]


def wanted(auth_code: str, name: str, app: str) -> dict[str, Any]:
    return {
        "api_key_name": name, "cust_app": app, "auth_code": auth_code, "created_by": BY, "rotation_time_interval": 30,
        "rotation_time_unit": "days", "cust_env": "production", "cust_cloud_provider": "AWS", "dp_name": "unimportant",
        "cust_ai_agent_framework": "AWS_Agent_Builder",
    }  # fmt: skip


def test_api_keys(run: Callable[[Flow], None], server: LiveServer, one: TenantOperator) -> None:
    auth_code = one.deployment()

    async def flow(client: Any) -> None:
        created = await got(client.api_keys.create_new_api_key(**wanted(auth_code, "sdk-key", "sdk-app")))
        assert created.api_key[-8:] == created.api_key_last8 and created.revoked is False
        assert timedelta(days=29) < created.expiration - datetime.now(UTC) < timedelta(days=31)
        assert (created.cust_app, created.cust_env, created.status) == ("sdk-app", "production", "active")
        assert scan_status(server, key=created.api_key) == 200
        listed = await got(client.api_keys.get_all_api_keys(offset=0, limit=100))
        (found,) = [key for key in listed.api_keys if key.api_key_id == created.api_key_id]
        assert found.api_key is None and listed.next_offset == 0
        renewed = await got(client.api_keys.regenerate_api_key(created.api_key_id, 5, "hours", updated_by=BY))
        assert renewed.api_key != created.api_key and renewed.updated_by == BY
        await asyncio.sleep(HELD)
        assert scan_status(server, key=created.api_key) == 403
        assert scan_status(server, key=renewed.api_key) == 200
        with pytest.raises(MgmtSdkClientError) as refused:
            await got(client.api_keys.create_new_api_key(**wanted(auth_code, "sdk-key-2", "sdk-app")))
        assert refused.value.status_code == 409
        assert json.loads(refused.value.response_body)["payload"][0]["auth_code"] == auth_code
        answer = await got(client.api_keys.delete_api_key("sdk-key", updated_by=BY))
        assert answer == "successfully deleted API key: sdk-key and customer app: sdk-app"
        with pytest.raises(MgmtSdkClientError) as refused:
            await got(client.api_keys.delete_api_key("sdk-key", updated_by=BY))
        assert refused.value.status_code == 404

    run(flow)


def test_customer_apps(run: Callable[[Flow], None], one: TenantOperator) -> None:
    created = one.key("app-key", "app-before")

    async def flow(client: Any) -> None:
        listed = await got(client.customer_apps.get_all_customer_apps(offset=0, limit=100))
        (found,) = [app for app in listed.customer_apps if app.app_name == "app-before"]
        (info,) = found.api_keys_dp_info
        assert (info.api_key_name, info.auth_code) == ("app-key", created["auth_code"])
        changed = await got(
            client.customer_apps.update_customer_app(
                customer_app_id=found.customer_app_id,
                app_name="app-after",
                cloud_provider="Azure",
                environment="dev",
                auth_code=created["auth_code"],
                model_name="m",
                status="completed",
                updated_by=BY,
                ai_agent_framework="VoiceFlow",
            )
        )
        assert (changed.app_name, changed.cloud_provider, changed.environment) == ("app-after", "Azure", "dev")
        assert (changed.status, changed.updated_by, changed.ai_agent_framework) == ("completed", BY, "VoiceFlow")
        answer = await got(client.customer_apps.delete_customer_app(app_name="app-after", updated_by=BY))
        assert answer == "successfully deleted customer app: app-after"
        with pytest.raises(MgmtSdkClientError) as refused:
            await got(client.customer_apps.delete_customer_app(app_name="app-after", updated_by=BY))
        assert refused.value.status_code == 404

    run(flow)


def test_deployment_and_data_profiles(run: Callable[[Flow], None], one: TenantOperator) -> None:
    free = one.deployment()

    async def flow(client: Any) -> None:
        every = await got(client.deployment_profiles.get_all_deployment_profiles())
        assert every.status == "success"
        assert {entry.auth_code for entry in every.deployment_profiles} >= {one.tenant.auth_code, free}
        unused = await got(client.deployment_profiles.get_all_deployment_profiles(unactivated=True))
        codes = {entry.auth_code for entry in unused.deployment_profiles}
        assert free in codes and one.tenant.auth_code not in codes
        data = await got(client.dlp_profiles.get_all_dlp_profiles())
        assert "Sensitive Content" in {profile.name for profile in data.dlp_profiles}

    run(flow)


def test_access_tokens(run: Callable[[Flow], None], server: LiveServer, one: TenantOperator) -> None:
    async def flow(client: Any) -> None:
        minted = await got(
            client.oauth.get_oauth_token(
                client_id=one.tenant.client_id, customer_app="default", token_ttl_interval=3, token_ttl_unit="hours"
            )
        )
        assert (minted.expires_in, minted.client_id) == ("10800", one.tenant.client_id)
        assert scan_status(server, token=minted.access_token) == 200
        with pytest.raises(MgmtSdkClientError) as refused:
            await got(
                client.oauth.get_oauth_token(client_id="c", customer_app="none", token_ttl_interval=1, token_ttl_unit="hours")
            )
        assert refused.value.status_code == 404

    run(flow)

"""The official management SDK, unchanged, over TLS: its sync and asyncio clients on profiles and topics."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tests.live import LiveServer
from tests.profiles.conftest import Management, policy, profile

pytest.importorskip("airs_api_mgmt", reason="pan-airs-api-mgmt-sdk is part of the test extra")
from airs_api_mgmt import MgmtClient, MgmtClientAsync
from airs_api_mgmt.exceptions import MgmtSdkClientError

from scangate.profiles.seeds import seeded_profiles

Flow = Callable[[Any], Awaitable[None]]


@pytest.fixture(autouse=True)
def environment(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    document = live.bootstrap
    monkeypatch.setenv("SSL_CERT_FILE", document["ca_cert"])
    monkeypatch.setenv("PANW_CLIENT_ID", document["client_id"])
    monkeypatch.setenv("PANW_CLIENT_SECRET", document["client_secret"])
    monkeypatch.setenv("PANW_BASE_URL", f"{live.url}/aisec")
    monkeypatch.setenv("PANW_TOKEN_BASE_URL", document["token_url"])


async def answer(value: Any) -> Any:
    """Of either client: the asyncio one returns something to wait for."""
    return await value if inspect.isawaitable(value) else value


def with_sync_client(flow: Flow) -> None:
    client = MgmtClient()
    try:
        asyncio.run(flow(client))
    finally:
        client.close()


def with_asyncio_client(flow: Flow) -> None:
    async def run() -> None:
        async with MgmtClientAsync() as client:
            await flow(client)

    asyncio.run(run())


@pytest.fixture(params=[with_sync_client, with_asyncio_client], ids=["sync", "asyncio"])
def run(request: pytest.FixtureRequest) -> Iterator[Callable[[Flow], None]]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def suffix(request: pytest.FixtureRequest) -> str:
    """Names of one run of a flow: both clients speak to one server."""
    return f"{request.node.callspec.id} sdk"


def test_every_method_of_profiles(run: Callable[[Flow], None], suffix: str, admin: Management) -> None:
    async def flow(client: Any) -> None:
        profiles = client.ai_sec_profiles
        created = await answer(
            profiles.create_new_ai_profile(f"made by {suffix}", 1, seeded_profiles()["default"], created_by="ann@example.org")
        )
        assert (created.profile_name, created.revision, created.created_by) == (f"made by {suffix}", 1, "ann@example.org")
        assert created.last_modified_ts is not None
        updated = await answer(
            profiles.update_ai_profile(
                created.profile_id, created.profile_name, created.revision, created.policy, updated_by="bo@example.org"
            )
        )
        assert (updated.revision, updated.updated_by) == (2, "bo@example.org") and updated.profile_id != created.profile_id
        found, offset = [], 0
        while True:
            page = await answer(profiles.get_all_ai_profiles(offset=offset, limit=2))
            found += page.ai_profiles
            offset = page.next_offset
            if not offset:
                break
        assert [each.revision for each in found if each.profile_name == created.profile_name] == [1, 2]
        assert "default" in {each.profile_name for each in found}
        assert (
            await answer(profiles.delete_ai_profile(updated.profile_id))
            == f"successfully deleted profileId: {updated.profile_id}"
        )
        forced = await answer(profiles.force_delete_ai_profile(created.profile_id, updated_by="ann@example.org"))
        assert forced == f"successfully deleted profileId: {created.profile_id}"

    run(flow)
    assert admin.revisions(f"made by {suffix}") == []


def test_every_method_of_topics(run: Callable[[Flow], None], suffix: str, admin: Management) -> None:
    async def flow(client: Any) -> None:
        topics = client.custom_topics
        created = await answer(topics.create_new_custom_topic(f"topic by {suffix}", "About it", ["one", "two"], 1))
        assert (created.topic_name, created.revision, created.examples) == (f"topic by {suffix}", 1, ["one", "two"])
        changed = await answer(
            topics.modify_custom_topic_details(created.topic_id, f"topic by {suffix}", "Otherwise", ["three"], created.revision)
        )
        assert (changed.topic_id, changed.revision, changed.description) == (created.topic_id, 2, "Otherwise")
        listed = await answer(topics.get_all_custom_topics(limit=1000))
        assert changed in listed.custom_topics
        reference = {"topic_name": changed.topic_name, "topic_id": changed.topic_id, "revision": changed.revision}
        name = f"with topic by {suffix}"
        lists = [{"action": "allow", "topic": []}, {"action": "block", "topic": [reference]}]
        guardrails = policy(**{"model-protection": [{"name": "topic-guardrails", "action": "block", "topic-list": lists}]})
        referring = await answer(client.ai_sec_profiles.create_new_ai_profile(name, 1, guardrails))
        with pytest.raises(MgmtSdkClientError) as raised:
            await answer(topics.delete_custom_topic(created.topic_id))
        assert raised.value.status_code == 409
        [entry] = json.loads(raised.value.response_body)["payload"]
        assert entry == {"profile_id": referring.profile_id, "profile_name": name, "revision": 1}
        await answer(client.ai_sec_profiles.delete_ai_profile(referring.profile_id))
        assert await answer(topics.delete_custom_topic(created.topic_id)) == f"successfully deleted topicId: {created.topic_id}"
        other = await answer(topics.create_new_custom_topic(f"topic by {suffix}", "About it", ["one"], 1))
        forced = await answer(topics.force_delete_custom_topic(other.topic_id, updated_by="ann@example.org"))
        assert forced == f"successfully deleted topicId: {other.topic_id}"

    run(flow)
    assert f"topic by {suffix}" not in {each["topic_name"] for each in admin.get("/topics", limit=1000).json()["custom_topics"]}


def test_the_sdk_reads_whatever_is_stored(run: Callable[[Flow], None], suffix: str, admin: Management) -> None:
    """Empty topic lists and nulls make it give up on a whole page from the hosted service."""
    sparse = policy(
        **{
            "app-protection": {"default-url-category": None, "malicious-code-protection": {}, "block-url-category": {}},
            "data-protection": {"data-leak-detection": {"member": [{"id": "11995029"}]}},
            "agent-protection": [{"name": "agent-security", "action": None}],
            "latency": {"max-inline-latency": "5"},
            "mask-data-in-storage": "true",
            "model-protection": [
                {
                    "name": "topic-guardrails",
                    "action": None,
                    "topic-list": [{"action": "allow", "topic": None}, {"action": "block"}],
                }
            ],
        }
    ) | {"dlp-data-profiles": [{"id": "11995029"}]}
    stored = admin.post("/profile", profile(f"sparse for {suffix}", sparse))
    assert stored.status_code == 200, stored.text

    async def flow(client: Any) -> None:
        page = await answer(client.ai_sec_profiles.get_all_ai_profiles(limit=1000))
        assert f"sparse for {suffix}" in {each.profile_name for each in page.ai_profiles}

    run(flow)


def test_refusals_reach_the_caller_with_their_status(run: Callable[[Flow], None], suffix: str) -> None:
    async def flow(client: Any) -> None:
        for call, status in (
            (lambda: client.ai_sec_profiles.create_new_ai_profile("default", 1, policy()), 409),
            (lambda: client.ai_sec_profiles.create_new_ai_profile(suffix, 1, policy("explode")), 400),
            (lambda: client.ai_sec_profiles.delete_ai_profile("c0ffee00-0000-4000-8000-000000000000"), 404),
            (lambda: client.custom_topics.delete_custom_topic("c0ffee00-0000-4000-8000-000000000000"), 404),
        ):
            with pytest.raises(MgmtSdkClientError) as raised:
                await answer(call())
            assert raised.value.status_code == status
            assert json.loads(raised.value.response_body)["status_code"] == status

    run(flow)

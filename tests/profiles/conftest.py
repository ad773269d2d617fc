"""A server whose profiles and topics these tests change, with a second tenant on it and a client of each role."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.live import LiveServer, running

from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.identity import repository as identity
from scangate.identity.principal import hash_secret
from scangate.profiles.changes import insert_next
from scangate.profiles.documents import checked_profile
from scangate.profiles.seeds import seeded_profiles

OTHER_TENANT = "1000000002"
SECRET = "a secret of the tests"


@dataclass(frozen=True, slots=True)
class Management:
    """A client of the management plane. Paths are below `/v1/mgmt`."""

    http: httpx.Client
    tsg_id: str

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(f"/v1/mgmt{path}", params=params)

    def post(self, path: str, document: object) -> httpx.Response:
        return self.http.post(f"/v1/mgmt{path}", json=document)

    def put(self, path: str, document: object) -> httpx.Response:
        return self.http.put(f"/v1/mgmt{path}", json=document)

    def delete(self, path: str, **params: Any) -> httpx.Response:
        return self.http.delete(f"/v1/mgmt{path}", params=params)

    def newest(self, name: str) -> dict[str, Any]:
        pages = self.get("/profiles", latest=True, limit=1000).json()["ai_profiles"]
        return next(profile for profile in pages if profile["profile_name"] == name)

    def revisions(self, name: str) -> list[dict[str, Any]]:
        profiles = self.get("/profiles", limit=1000).json()["ai_profiles"]
        return [profile for profile in profiles if profile["profile_name"] == name]


def policy(injection: str = "block", **model: Any) -> dict[str, Any]:
    configuration = {"model-protection": [{"name": "prompt-injection", "action": injection}], **model}
    return {"ai-security-profiles": [{"model-type": "default", "model-configuration": configuration}]}


def topics_policy(*references: object) -> dict[str, Any]:
    lists = [{"action": "allow", "topic": None}, {"action": "block", "topic": list(references)}]
    entry = {"name": "topic-guardrails", "action": "block", "topic-list": lists}
    return {"ai-security-profiles": [{"model-configuration": {"model-protection": [entry]}}]}


def profile(name: str, document: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"profile_name": name, "revision": 1, "policy": document or policy(), **fields}


def topic(name: str, **fields: Any) -> dict[str, Any]:
    return {"topic_name": name, "revision": 1, "description": "About it", "examples": ["one", "two"], **fields}


def connected(server: LiveServer, client_id: str, secret: str, tsg_id: str) -> Management:
    http = server.client("")
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = http.post("/oauth2/access_token", data=form).json()["access_token"]
    http.headers["authorization"] = f"Bearer {token}"
    return Management(http, tsg_id)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with running(tmp_path_factory.mktemp("profiles") / "data") as server:
        asyncio.run(_populate(server))
        yield server


async def _populate(server: LiveServer) -> None:
    """A second tenant with a profile, and service accounts."""
    now = datetime.now(UTC)
    database = Database(f"sqlite+aiosqlite:///{server.data_dir / 'scangate.db'}")
    draft = checked_profile({"profile_name": "theirs", "policy": seeded_profiles()["monitor"]}, (), Resources())
    accounts = {
        "viewer": (server.bootstrap["tsg_id"], "view_only_administrator"),
        "stranger": (OTHER_TENANT, "superuser"),
    }
    try:
        async with database.write() as connection:
            await identity.insert_tenant(connection, tsg_id=OTHER_TENANT, name="other", created_at=now)
            await insert_next(connection, OTHER_TENANT, draft, by="tests")
            for client_id, (tsg_id, role) in accounts.items():
                await identity.insert_service_account(
                    connection, client_id=client_id, tsg_id=tsg_id, secret_hash=hash_secret(SECRET), role=role, created_at=now
                )
    finally:
        await database.close()


@pytest.fixture(scope="session")
def admin(live: LiveServer) -> Iterator[Management]:
    document = live.bootstrap
    management = connected(live, document["client_id"], document["client_secret"], document["tsg_id"])
    with closing(management.http):
        yield management


@pytest.fixture(scope="session")
def viewer(live: LiveServer) -> Iterator[Management]:
    management = connected(live, "viewer", SECRET, live.bootstrap["tsg_id"])
    with closing(management.http):
        yield management


@pytest.fixture(scope="session")
def stranger(live: LiveServer) -> Iterator[Management]:
    management = connected(live, "stranger", SECRET, OTHER_TENANT)
    with closing(management.http):
        yield management

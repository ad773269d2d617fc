"""Tenants of their own for tests, made beside a running server as `scangate tenants create` makes them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import httpx
from tests.live import SYNC, LiveServer

from scangate.cli.operators import command_line
from scangate.db.engine import Database
from scangate.identity import deployments
from scangate.identity.service import Authenticator, Identity
from scangate.identity.tokens import Tokens
from scangate.profiles.documents import ProfileDraft
from scangate.settings import IdentitySettings, Settings
from scangate.tenants import NewTenant, create_tenant, first_profiles

TOKEN = "/oauth2/access_token"
MANAGEMENT = "/v1/mgmt"
BY = "operator@example.com"
T = TypeVar("T")


@cache
def profiles() -> list[ProfileDraft]:
    return first_profiles()


def on_database(server: LiveServer, work: Callable[[Database], Awaitable[T]], url: str | None = None) -> T:
    """`url`: of a server's database that is not in its data directory."""

    async def run() -> T:
        database = Database(url or Settings(data_dir=server.data_dir).database_url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def access_token(server: LiveServer, client_id: str, client_secret: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    answer = httpx.post(server.http_url + TOKEN, data=form, trust_env=False)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@dataclass
class Operator:
    """A client of the management plane with one service account's token."""

    server: LiveServer
    token: str
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.server.http_url + MANAGEMENT, timeout=60, trust_env=False)
        if self.token:
            self.client.headers["authorization"] = f"Bearer {self.token}"
        self.accounts: list[Operator] = []

    def close(self) -> None:
        for account in self.accounts:
            account.close()
        self.client.close()

    def __call__(self, method: str, path: str, expected: int = 200, **arguments: Any) -> Any:
        """The document of an answer with the expected status."""
        answer = self.client.request(method, path, **arguments)
        assert answer.status_code == expected, (method, path, answer.status_code, answer.text)
        return answer.json()

    def names(self, path: str, entries: str, name: str) -> list[str]:
        """A field of everything that a list route has, page by page."""
        found: list[str] = []
        offset = 0
        while True:
            document = self("GET", path, params={"offset": offset, "limit": 50})
            found += [entry[name] for entry in document[entries]]
            offset = document["next_offset"]
            if not offset:
                return found


class TenantOperator(Operator):
    """The superuser of a tenant of its own."""

    def __init__(self, server: LiveServer, url: str | None = None) -> None:
        self.url = url
        self.tenant: NewTenant = on_database(
            server, lambda database: create_tenant(database, f"t-{secrets.token_hex(6)}", profiles()), url
        )
        super().__init__(server, access_token(server, self.tenant.client_id, self.tenant.client_secret))

    @property
    def tsg_id(self) -> str:
        return self.tenant.tsg_id

    def deployment(self, *, expires_at: datetime | None = None) -> str:
        """The auth code of a new deployment profile: the management plane makes none."""

        async def work(database: Database) -> str:
            tokens = Tokens(database, key_days=30)
            identity = Identity(database, tokens, Authenticator(database, tokens), IdentitySettings())
            operator = command_line(self.tsg_id)
            created = await deployments.create_deployment(identity, operator, secrets.token_hex(4), expires_at=expires_at)
            return created.auth_code

        return on_database(self.server, work, self.url)

    def key(self, name: str, app: str, **changes: Any) -> dict[str, Any]:
        """A new key, by default of a new deployment profile."""
        document: dict[str, Any] = self("POST", "/apikey", json=self.wanted(name, app, **changes))
        return document

    def wanted(self, name: str, app: str, **changes: Any) -> dict[str, Any]:
        changes.setdefault("auth_code", None)
        auth_code = changes.pop("auth_code") or self.deployment()
        return {
            "auth_code": auth_code,
            "cust_app": app,
            "cust_env": "production",
            "cust_cloud_provider": "AWS",
            "api_key_name": name,
            "created_by": BY,
            "revoked": False,
            "rotation_time_interval": 3,
            "rotation_time_unit": "months",
        } | changes

    def account(self, role: str) -> Operator:
        """A service account with that role."""
        created = self("POST", "/serviceaccounts", json={"name": f"with {role}", "role": role})
        self.accounts.append(Operator(self.server, access_token(self.server, created["client_id"], created["client_secret"])))
        return self.accounts[-1]


def scan_status(server: LiveServer, *, key: str = "", token: str = "", profile: str = "default") -> int:
    """The status of a scan with a key or an access token, over a connection of its own."""
    headers = {"x-pan-token": key} if key else {"authorization": f"Bearer {token}"}
    body = {"ai_profile": {"profile_name": profile}, "contents": [{"prompt": "Hello"}]}
    return httpx.post(server.http_url + SYNC, json=body, headers=headers, timeout=60, trust_env=False).status_code

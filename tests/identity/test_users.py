"""Users: managed over the API, logging in with a password, locked after failed log-ins."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.identity.tenants import TOKEN, Operator, TenantOperator
from tests.live import LiveServer, running

from scangate.db.engine import Database
from scangate.db.schema import migrate
from scangate.errors import ConflictError, LimitExceededError, LoginRefusedError, NotFoundError, RequestInvalidError
from scangate.identity import audit, repository, user_repository, users
from scangate.identity.logins import log_in
from scangate.identity.passwords import Passwords
from scangate.identity.permissions import EVERYTHING
from scangate.identity.principal import Operator as Actor
from scangate.identity.service import Authenticator, Identity
from scangate.identity.tokens import Tokens
from scangate.identity.user_schemas import UserCreation, UserUpdate
from scangate.settings import IdentitySettings

PASSWORD = "a password for tests"
FIRST = Actor("1", "first", "superuser", EVERYTHING)
SECOND = Actor("2", "second", "superuser", EVERYTHING)


def email() -> str:
    return f"u{secrets.token_hex(5)}@example.com"


def ask(server: LiveServer, tsg_id: str, address: str, password: str) -> httpx.Response:
    form = {"grant_type": "password", "username": address, "password": password, "scope": f"tsg_id:{tsg_id}"}
    return httpx.post(server.http_url + TOKEN, data=form, timeout=60, trust_env=False)


def create(one: TenantOperator, **fields: Any) -> dict[str, Any]:
    document = {"email": email(), "name": "Ada", "role": "view_only_administrator", "password": PASSWORD} | fields
    created: dict[str, Any] = one("POST", "/users", json=document)
    return created


@pytest.fixture
def user(server: LiveServer, one: TenantOperator) -> Iterator[tuple[dict[str, Any], Operator]]:
    """One who only reads, and a client that they are logged in with."""
    created = create(one)
    answer = ask(server, one.tsg_id, created["email"], PASSWORD)
    assert answer.status_code == 200, answer.text
    with closing(Operator(server, answer.json()["access_token"])) as client:
        yield created, client


def test_a_user_logs_in_and_has_their_role(one: TenantOperator, user: tuple[dict[str, Any], Operator]) -> None:
    created, client = user
    assert created | {"user_id": "", "created_ts": ""} == {
        "user_id": "", "email": created["email"], "name": "Ada", "role": "view_only_administrator", "status": "active",
        "created_ts": "",
    }  # fmt: skip
    assert created["email"] in client.names("/users", "users", "email")
    assert "does not permit" in client("POST", "/roles", 403, json={"name": "x", "permissions": []})["error_message"]
    one("PUT", f"/users/{created['user_id']}", json={"role": "superuser", "name": "Ada L."})
    client("POST", "/roles", json={"name": f"by {created['email']}"[:50], "permissions": []})
    entry = one("GET", "/auditlogs", params={"limit": 1})["audit_log"][0]
    assert (entry["actor"], entry["entity"]) == (created["email"], "airs_api.roles")
    shown = next(each for each in one("GET", "/users", params={"limit": 1000})["users"] if each["user_id"] == created["user_id"])
    assert (shown["name"], shown["role"]) == ("Ada L.", "superuser") and shown["last_login_ts"]


def test_answers_and_the_audit_log_hold_no_password(server: LiveServer, one: TenantOperator) -> None:
    made = create(one, password=None)
    assert len(made["password"]) >= 12 and ask(server, one.tsg_id, made["email"], made["password"]).status_code == 200
    reset = one("POST", f"/users/{made['user_id']}/password")
    assert reset["password"] != made["password"]
    one("POST", f"/users/{made['user_id']}/password", json={"password": PASSWORD})
    everything = str(one("GET", "/users", params={"limit": 1000})) + str(one("GET", "/auditlogs", params={"limit": 1000}))
    for secret in (made["password"], reset["password"], PASSWORD, "argon2"):
        assert secret not in everything and secret not in server.log.read_text()
    actions = [e["action"] for e in one("GET", "/auditlogs")["audit_log"] if e["entity_id"] == made["user_id"]]
    assert actions == ["update", "update", "log in", "create"]


def test_a_new_password_ends_the_old_one_and_its_tokens(
    server: LiveServer, one: TenantOperator, user: tuple[dict[str, Any], Operator]
) -> None:
    created, client = user
    client("GET", "/users")
    one("POST", f"/users/{created['user_id']}/password", json={"password": "quite another one"})
    client("GET", "/users", 401)
    assert ask(server, one.tsg_id, created["email"], PASSWORD).status_code == 400
    assert ask(server, one.tsg_id, created["email"], "quite another one").status_code == 200


def test_a_disabled_user_is_out_at_once_and_may_come_back(
    server: LiveServer, one: TenantOperator, user: tuple[dict[str, Any], Operator]
) -> None:
    created, client = user
    path = f"/users/{created['user_id']}"
    assert one("DELETE", path) == f"successfully disabled user: {created['user_id']}"
    client("GET", "/users", 401)
    assert ask(server, one.tsg_id, created["email"], PASSWORD).json()["error"] == "invalid_grant"
    one("DELETE", path, 404)
    assert one("PUT", path, json={"status": "active"})["status"] == "active"
    client("GET", "/users")


def test_five_failures_lock_and_the_answer_is_always_the_same(server: LiveServer, one: TenantOperator) -> None:
    created = create(one)
    refusals = [ask(server, one.tsg_id, created["email"], "wrong") for _ in range(5)]
    refusals += [ask(server, one.tsg_id, created["email"], PASSWORD), ask(server, one.tsg_id, email(), PASSWORD)]
    refusals.append(ask(server, "0", created["email"], PASSWORD))
    assert {(answer.status_code, answer.text) for answer in refusals} == {(400, refusals[0].text)}
    assert refusals[0].json()["error"] == "invalid_grant"
    shown = next(each for each in one("GET", "/users", params={"limit": 1000})["users"] if each["user_id"] == created["user_id"])
    assert shown["status"] == "locked" and shown["locked_until"]
    lock = next(e for e in one("GET", "/auditlogs")["audit_log"] if e["entity_id"] == created["user_id"])
    assert (lock["action"], lock["actor"], lock["remote"]) == ("lock", created["email"], "127.0.0.1")
    one("POST", f"/users/{created['user_id']}/password", json={"password": PASSWORD})
    assert ask(server, one.tsg_id, created["email"], PASSWORD).status_code == 200


def test_nobody_manages_who_may_do_more(server: LiveServer, one: TenantOperator) -> None:
    verbs = [f"airs_api.users:{verb}" for verb in ("create", "read", "update", "delete")]
    one("POST", "/roles", json={"name": "user admin", "permissions": verbs})
    admin = one.account("user admin")
    superuser = create(one, role="superuser")
    path = f"/users/{superuser['user_id']}"
    for method, where, body in (
        ("POST", f"{path}/password", {"password": PASSWORD}),
        ("PUT", path, {"role": "user admin"}),
        ("DELETE", path, None),
        ("POST", "/users", {"email": email(), "name": "x", "role": "superuser"}),
    ):
        assert "cannot be given" in admin(method, where, 403, json=body)["error_message"]
    mine = admin("POST", "/users", json={"email": email(), "name": "x", "role": "user admin"})
    admin("PUT", f"/users/{mine['user_id']}", 403, json={"role": "superuser"})
    payload = one("DELETE", "/roles/user admin", 409)["payload"]
    assert {"user_id": mine["user_id"], "email": mine["email"]} in payload


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "nobody"},
        {"email": "a b@example.com"},
        {"email": "a" * 95 + "@example.com"},
        {"password": "short"},
        {"password": "x" * 257},
        {"name": ""},
        {"role": ""},
    ],
)
def test_documents_that_make_no_user(one: TenantOperator, changes: dict[str, Any]) -> None:
    document = {"email": email(), "name": "n", "role": "superuser", "password": PASSWORD} | changes
    answer = one("POST", "/users", 400, json=document)
    assert "xxxxx" not in answer["error_message"] and "short" not in answer["error_message"]


def test_a_user_belongs_to_one_tenant(server: LiveServer, one: TenantOperator, two: TenantOperator) -> None:
    created = create(one)
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/password")):
        two(method, f"/users/{created['user_id']}{path}", 404, json={})
    assert ask(server, two.tsg_id, created["email"], PASSWORD).status_code == 400
    twin = create(two, email=created["email"].upper(), password="another tenant's own")
    assert twin["email"] == created["email"]
    assert one("POST", "/users", 409, json={"email": created["email"], "name": "n", "role": "superuser"})["payload"] == [
        {"user_id": created["user_id"], "email": created["email"]}
    ]
    assert ask(server, one.tsg_id, created["email"], PASSWORD).status_code == 200


def test_log_ins_of_an_address_are_limited(tmp_path: Path) -> None:
    with running(tmp_path / "data", env={"SCANGATE_IDENTITY__LOGINS_PER_MINUTE": "3"}) as server:
        tsg_id = server.bootstrap["tsg_id"]
        answers = [ask(server, tsg_id, "nobody@example.com", PASSWORD) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [400, 400, 400, 429]
        assert int(answers[3].headers["retry-after"]) >= 1
        by_client = {name: server.bootstrap[name] for name in ("client_id", "client_secret")}
        form = {"grant_type": "client_credentials"} | by_client
        assert httpx.post(server.http_url + TOKEN, data=form, timeout=60, trust_env=False).status_code == 200


def identity_of(database: Database, **settings: int) -> Identity:
    tokens = Tokens(database, key_days=30)
    return Identity(database, tokens, Authenticator(database, tokens), IdentitySettings(**settings))


def wanted(address: str = "ada@example.com", role: str = "superuser") -> UserCreation:
    return UserCreation.model_validate({"email": address, "name": "Ada", "role": role, "password": PASSWORD})


def on(url: str, work: Any) -> None:
    migrate(url)

    async def run() -> None:
        database, other = Database(url), Database(url)
        try:
            async with database.write() as connection:
                for operator in (FIRST, SECOND):
                    now = datetime.now(UTC)
                    await repository.insert_tenant(connection, tsg_id=operator.tsg_id, name=operator.subject, created_at=now)
            await work(database, other)
        finally:
            await database.close()
            await other.close()

    asyncio.run(run())


def test_many_guesses_at_once_get_no_more_tries(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In two processes: passwords are looked at five times, and then not for as long as the lock lasts."""
    looked_at: list[str] = []
    verify = Passwords.verify

    async def counted(self: Passwords, password: str, password_hash: str | None) -> bool:
        if password_hash is not None:
            looked_at.append(password)
        return await verify(self, password, password_hash)

    async def work(database: Database, other: Database) -> None:
        identities = [identity_of(database), identity_of(other)]
        user, made = await users.create_user(identities[0], FIRST, wanted())
        assert made is None
        monkeypatch.setattr(Passwords, "verify", counted)
        tries = [log_in(identities[n % 2], FIRST.tsg_id, user.email, f"guess {n}") for n in range(14)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {LoginRefusedError} and len(looked_at) == 5
        with pytest.raises(LoginRefusedError):
            await log_in(identities[1], FIRST.tsg_id, user.email, PASSWORD)
        assert len(looked_at) == 5, "not even the right one is looked at"
        async with database.read() as connection:
            actions = [entry.action for entry in await audit.list_entries(connection, FIRST.tsg_id, offset=0, limit=9)]
        assert actions == ["lock", "create"]
        async with database.write() as connection:  # as if the time had passed
            await user_repository.update_user(connection, FIRST.tsg_id, user.user_id, locked_until=datetime.now(UTC))
        assert (await log_in(identities[0], FIRST.tsg_id, " ADA@example.com ", PASSWORD)).user_id == user.user_id

    on(database_url, work)


def test_a_log_in_before_the_last_try_counts_anew(database_url: str) -> None:
    async def work(database: Database, _other: Database) -> None:
        identity = identity_of(database, login_failures=2)
        user, _ = await users.create_user(identity, FIRST, wanted())
        for _ in range(3):
            with pytest.raises(LoginRefusedError):
                await log_in(identity, FIRST.tsg_id, user.email, "wrong")
            await log_in(identity, FIRST.tsg_id, user.email, PASSWORD)
        [stored] = await users.list_users(identity, FIRST.tsg_id)
        assert (stored.failed_logins, stored.status(datetime.now(UTC))) == (0, "active") and stored.last_login_at is not None
        assert await users.list_users(identity, SECOND.tsg_id) == []

    on(database_url, work)


def test_the_last_superuser_stays_one(database_url: str) -> None:
    async def work(database: Database, other: Database) -> None:
        identity = identity_of(database)
        made = [(await users.create_user(identity, FIRST, wanted(f"{n}@example.com")))[0] for n in "ab"]
        await users.create_user(identity, SECOND, wanted())
        stops = [
            users.disable_user(identity, FIRST, made[0].user_id),
            users.update_user(identity_of(other), FIRST, made[1].user_id, UserUpdate(role="view_only_administrator")),
        ]
        outcomes = await asyncio.gather(*stops, return_exceptions=True)
        assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 1
        left = [
            user for user in await users.list_users(identity, FIRST.tsg_id) if user.role == "superuser" and not user.disabled_at
        ]
        assert len(left) == 1
        with pytest.raises(NotFoundError):
            await users.disable_user(identity, SECOND, left[0].user_id)

    on(database_url, work)


def test_few_hashes_are_made_at_a_time_and_few_wait() -> None:
    async def run() -> None:
        passwords = Passwords()
        stored = await passwords.hash(PASSWORD)
        assert await passwords.verify(PASSWORD, stored) and not await passwords.verify(PASSWORD, None)
        composed, decomposed = "pässwort mit umlaut", "pa\u0308sswort mit umlaut"
        assert await passwords.verify(decomposed, await passwords.hash(composed))
        outcomes = await asyncio.gather(*(passwords.verify("x", stored) for _ in range(40)), return_exceptions=True)
        assert [type(each) for each in outcomes].count(LimitExceededError) == 24 and outcomes.count(False) == 16

    asyncio.run(run())


def test_an_address_is_no_password(tmp_path: Path) -> None:
    async def work(database: Database, _other: Database) -> None:
        document = {"email": "ada@example.com", "name": "n", "role": "superuser", "password": "Ada@Example.com"}
        with pytest.raises(RequestInvalidError):
            await users.create_user(identity_of(database), FIRST, UserCreation.model_validate(document))

    on(f"sqlite+aiosqlite:///{tmp_path / 'scangate.db'}", work)

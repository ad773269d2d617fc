"""Own data profiles in either database: revisions, tenants, references of security profiles, plans that follow, and hashes only."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from tests.profiles.test_profile_storage import FIRST, SECOND, on, opened

from scangate.db.changes import ChangeWatch
from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.detectors.registry import REGISTRY
from scangate.detectors.sensitive_data.own.exact_data import hash_values
from scangate.domain.content import Content, Part
from scangate.domain.taxonomy import PartKind, Side
from scangate.engine.pipeline import scan
from scangate.engine.plan import ScanPlan
from scangate.errors import ConflictError, NotFoundError, ProfileInvalidError, RequestInvalidError
from scangate.identity.audit import list_entries, newest_entry
from scangate.profiles import data_profile_repository as repository
from scangate.profiles.data_profile_changes import data_profile_object
from scangate.profiles.data_profile_repository import StoredKey
from scangate.profiles.pepper import Pepper
from scangate.profiles.service import Profiles

RESOURCES = Resources()
SPECS = tuple(spec for spec in REGISTRY if spec.name == "sensitive_data")


PEPPER = Pepper(secret="a secret of this server and no other")


def profiles_of(database: Database, watch: ChangeWatch | None = None, pepper: Pepper = PEPPER) -> Profiles:
    return Profiles(database, SPECS, RESOURCES, pepper, watch=watch, ttl_seconds=0)


def document(name: str = "ours", regex: str = r"\bC-\d{4}\b", **fields: Any) -> dict[str, Any]:
    patterns = [{"type": "regex", "name": "Customer", "regexes": [{"regex": regex}]}]
    return {"data_profile_name": name, "patterns": patterns, **fields}


def imports(name: str = "ours") -> dict[str, Any]:
    patterns = [{"type": "exact_data", "name": "Staff"}, {"type": "fingerprint", "name": "Contract"}]
    return {"data_profile_name": name, "patterns": patterns}


def refers(name: str, **reference: Any) -> dict[str, Any]:
    leak = {"action": "block", "member": [reference]}
    policy = {"ai-security-profiles": [{"model-configuration": {"data-protection": {"data-leak-detection": leak}}}]}
    return {"profile_name": name, "policy": policy}


def member_of(policy: dict[str, Any]) -> dict[str, Any]:
    configuration = policy["ai-security-profiles"][0]["model-configuration"]
    [member] = configuration["data-protection"]["data-leak-detection"]["member"]
    found: dict[str, Any] = member
    return found


def blocks(plan: ScanPlan, prompt: str) -> bool:
    return scan(Content((Part(Side.PROMPT, PartKind.TEXT, prompt),)), plan).action == "block"


async def plan(profiles: Profiles, name: str = "p") -> ScanPlan:
    return await profiles.plan(FIRST.tsg_id, profile_id=None, profile_name=name)


def test_revisions_under_one_id_within_a_tenant(database_url: str) -> None:
    async def work(database: Database) -> None:
        profiles = profiles_of(database).data_profiles
        first = (await profiles.create(FIRST, document(), by="x")).stored
        for taken in ("ours", "PCI", "sensitive-content", "Pii"):
            with pytest.raises(ConflictError):
                await profiles.create(FIRST, document(taken), by="x")
        theirs = (await profiles.create(SECOND, document(), by="x")).stored
        second = (await profiles.replace(FIRST, first.data_profile_id, document(description="new"), by="y")).stored
        third = (await profiles.apply(FIRST, document(), by="z")).stored
        assert [each.revision for each in (first, second, third)] == [1, 2, 3]
        assert {first.data_profile_id} == {second.data_profile_id, third.data_profile_id} != {theirs.data_profile_id}
        assert (third.created_by, third.updated_by, second.document["description"]) == ("x", "z", "new")
        assert [each.stored for each in await profiles.page(FIRST.tsg_id)] == [third]
        for call in (
            profiles.replace(SECOND, first.data_profile_id, document("other"), by="x"),
            profiles.remove(SECOND, first.data_profile_id, forced_by="x"),
            profiles.import_values(SECOND, first.data_profile_id, ["12345"], by="x"),
            profiles.find(SECOND.tsg_id, first.data_profile_id),
        ):
            with pytest.raises(NotFoundError):
                await call
        await profiles.remove(FIRST, first.data_profile_id)
        assert await profiles.page(FIRST.tsg_id) == [] and len(await profiles.page(SECOND.tsg_id)) == 1

    on(database_url, work)


def test_references_are_resolved_and_hold_what_they_refer_to(database_url: str) -> None:
    async def work(database: Database) -> None:
        profiles = profiles_of(database)
        own = (await profiles.data_profiles.create(FIRST, document(), by="x")).stored
        for operator, reference in (
            (SECOND, {"text": "ours"}),
            (FIRST, {"text": "theirs"}),
            (SECOND, {"id": own.data_profile_id}),
        ):
            with pytest.raises(ProfileInvalidError, match=r"member\[0\]"):
                await profiles.create(operator, refers("p", **reference), by="x")
        by_name = await profiles.create(FIRST, refers("by name", text="ours"), by="x")
        by_id = await profiles.create(FIRST, refers("by id", id=own.data_profile_id.upper()), by="x")
        for revision in (by_name, by_id):
            assert member_of(revision.policy) == {"text": "ours", "id": own.data_profile_id, "version": "1"}
        predefined = await profiles.create(FIRST, refers("predefined", text="PCI", id=own.tsg_id), by="x")
        assert member_of(predefined.policy)["id"] == own.tsg_id
        with pytest.raises(ConflictError) as raised:
            await profiles.data_profiles.remove(FIRST, own.data_profile_id)
        assert [each["profile_id"] for each in raised.value.payload] == [by_id.profile_id, by_name.profile_id]
        await profiles.remove(FIRST, by_id.profile_id)
        await profiles.data_profiles.remove(FIRST, own.data_profile_id, forced_by="x")
        with pytest.raises(ProfileInvalidError, match="unknown data profile"):
            await plan(profiles, "by name")
        await profiles.data_profiles.create(FIRST, document(), by="x")
        assert blocks(await plan(profiles, "by name"), "C-1234"), "one of that name means it again"

    on(database_url, work)


def test_plans_follow_their_data_profiles(database_url: str) -> None:
    async def work(database: Database) -> None:
        first = profiles_of(database)
        async with opened(database_url) as other:
            watch = ChangeWatch(lambda: newest_entry(other))
            second = profiles_of(other, watch)
            own = (await first.data_profiles.create(FIRST, document(), by="x")).stored
            await first.create(FIRST, refers("p", text="ours"), by="x")
            await watch.ask()
            for service in (first, second):
                assert blocks(await plan(service), "C-1234") and not blocks(await plan(service), "D-1234")
            assert await plan(second) is await plan(second), "compiled once"
            await first.data_profiles.replace(FIRST, own.data_profile_id, document(regex=r"\bD-\d{4}\b"), by="x")
            assert not blocks(await plan(first), "C-1234") and blocks(await plan(first), "D-1234")
            await watch.ask()
            assert not blocks(await plan(second), "C-1234") and blocks(await plan(second), "D-1234")

    on(database_url, work)


def test_imports_are_hashes_that_a_tenant_alone_can_make(database_url: str) -> None:
    secret = secrets.token_hex(6)
    words = [secrets.token_hex(3) for _ in range(60)]

    async def work(database: Database) -> None:
        profiles = profiles_of(database)
        stored = {}
        for operator in (FIRST, SECOND):
            own = (await profiles.data_profiles.create(operator, imports(), by="x")).stored
            values = await profiles.data_profiles.import_values(operator, own.data_profile_id, [secret, "x"], by="x")
            assert (values.size, values.skipped, values.data_profile.stored.revision) == (1, 1, 2)
            more = await profiles.data_profiles.import_values(operator, own.data_profile_id, ["Ann Lee"], by="x", append=True)
            assert (more.size, more.pattern) == (2, "Staff")
            done = await profiles.data_profiles.import_document(operator, own.data_profile_id, "doc", " ".join(words), by="y")
            shown = data_profile_object(done.data_profile)
            assert [(each["pattern"], each["name"], each["kind"], each["size"]) for each in shown["imported"]] == [
                ("Contract", "doc", "document", 60),
                ("Staff", "", "values", 2),
            ]
            async with database.read() as connection:
                query = text("SELECT hashes, heads FROM data_profile_imports WHERE data_profile_id = :id ORDER BY pattern_name")
                stored[operator.tsg_id] = [
                    bytes(cell) for row in await connection.execute(query, {"id": own.data_profile_id}) for cell in row
                ]
        assert len(set(stored["1"]) & set(stored["2"]) - {b""}) == 0, "the same values, other hashes"
        await profiles.create(FIRST, refers("p", text="ours"), by="x")
        used = await plan(profiles)
        assert blocks(used, f"see {secret}") and blocks(used, "ANN  LEE") and blocks(used, " ".join(words[10:40]))
        assert not blocks(used, f"see {secret}0, {' '.join(words[10:14])}")
        async with database.read() as connection:
            audited = await list_entries(connection, FIRST.tsg_id, offset=0, limit=50)
            rows = [
                tuple(row)
                for name in ("data_profiles", "data_profile_imports")
                for row in await connection.execute(text(f"SELECT * FROM {name}"))
            ]
        assert not any(value in repr((audited, rows)) for value in (secret, "Lee", "lee", words[0], words[20]))

    on(database_url, work)


def test_hashes_are_of_no_use_without_the_pepper(database_url: str) -> None:
    async def work(database: Database) -> None:
        profiles = profiles_of(database)
        own = (await profiles.data_profiles.create(FIRST, imports(), by="x")).stored
        await profiles.data_profiles.import_values(FIRST, own.data_profile_id, ["Ann Lee"], by="x")
        await profiles.create(FIRST, refers("p", text="ours"), by="x")
        assert blocks(await plan(profiles), "Ann Lee")
        async with database.read() as connection:
            row = (await connection.execute(text("SELECT hash_key, pepper_id FROM data_profile_keys"))).one()
            hashes = await connection.scalar(text("SELECT hashes FROM data_profile_imports"))
        assert row.pepper_id == PEPPER.id
        assert hash_values(["Ann Lee"], bytes(row.hash_key))[0].hashes != bytes(hashes)
        assert hash_values(["Ann Lee"], PEPPER.key(bytes(row.hash_key)))[0].hashes == bytes(hashes)
        elsewhere = profiles_of(database, pepper=Pepper(secret="the secret of some other server, perhaps"))
        with pytest.raises(ProfileInvalidError, match="another pepper"):
            await plan(elsewhere)
        with pytest.raises(ProfileInvalidError, match="another pepper"):
            await elsewhere.data_profiles.import_values(FIRST, own.data_profile_id, ["Bo Day"], by="x", append=True)
        [renewed] = await elsewhere.data_profiles.renew_key(FIRST, by="x")
        assert renewed.stored.revision == 3 and not renewed.imported
        await elsewhere.data_profiles.import_values(FIRST, own.data_profile_id, ["Bo Day"], by="x")
        assert blocks(await plan(elsewhere), "Bo Day") and not blocks(await plan(elsewhere), "Ann Lee")

    on(database_url, work)


def test_imports_from_before_the_pepper_still_match(database_url: str) -> None:
    async def work(database: Database) -> None:
        profiles = profiles_of(database)
        async with database.write() as connection:
            old = StoredKey(secrets.token_bytes(32), "")
            await repository.store_key(connection, FIRST.tsg_id, old, datetime.now(UTC))
        own = (await profiles.data_profiles.create(FIRST, imports(), by="x")).stored
        await profiles.data_profiles.import_values(FIRST, own.data_profile_id, ["Ann Lee"], by="x")
        await profiles.create(FIRST, refers("p", text="ours"), by="x")
        assert blocks(await plan(profiles), "Ann Lee")
        await profiles.data_profiles.renew_key(FIRST, by="x")
        async with database.read() as connection:
            assert await connection.scalar(text("SELECT pepper_id FROM data_profile_keys")) == PEPPER.id

    on(database_url, work)


def test_imports_follow_their_patterns(database_url: str) -> None:
    async def work(database: Database) -> None:
        profiles = profiles_of(database).data_profiles
        own = (await profiles.create(FIRST, imports(), by="x")).stored
        await profiles.import_values(FIRST, own.data_profile_id, ["12345"], by="x", pattern="Staff")
        kept = await profiles.replace(FIRST, own.data_profile_id, imports() | {"description": "d"}, by="x")
        assert len(kept.imported) == 1 and kept.stored.revision == 3
        gone = await profiles.remove_import(FIRST, own.data_profile_id, "Staff", "", by="x")
        assert gone.imported == () and gone.stored.revision == 4
        with pytest.raises(NotFoundError):
            await profiles.remove_import(FIRST, own.data_profile_id, "Staff", "", by="x")
        await profiles.import_values(FIRST, own.data_profile_id, ["12345"], by="x")
        other = {"type": "keywords", "name": "Staff", "keywords": ["abc"]}
        assert (await profiles.replace(FIRST, own.data_profile_id, imports() | {"patterns": [other]}, by="x")).imported == ()
        for call, words in (
            (profiles.import_values(FIRST, own.data_profile_id, ["12345"], by="x"), "type exact_data"),
            (profiles.import_document(FIRST, own.data_profile_id, "d", "a b", by="x"), "30 to"),
        ):
            with pytest.raises(RequestInvalidError, match=words):
                await call
        await profiles.remove(FIRST, own.data_profile_id)

    on(database_url, work)


def test_changes_by_two_processes_are_never_lost(database_url: str) -> None:
    async def work(database: Database) -> None:
        first = profiles_of(database).data_profiles
        own = (await first.create(FIRST, imports(), by="x")).stored
        async with opened(database_url) as other:
            services = [first, profiles_of(other).data_profiles]
            calls = [
                services[n % 2].import_values(FIRST, own.data_profile_id, [f"value {n:04}"], by="x", append=True)
                for n in range(12)
            ]
            results = await asyncio.gather(*calls)
        assert sorted(each.data_profile.stored.revision for each in results) == list(range(2, 14))
        [imported] = (await first.find(FIRST.tsg_id, "ours")).imported
        assert imported.size == 12

    on(database_url, work)

"""Applications and the profiles that they scan with, and the numbers of revisions, in either database."""

from __future__ import annotations

import asyncio

import pytest
from tests.profiles.test_profile_storage import FIRST, SECOND, document, on, opened, profiles_of

from scangate.db.engine import Database
from scangate.errors import ConflictError, NotFoundError
from scangate.identity import applications, deployments
from scangate.identity.principal import Operator
from scangate.identity.schemas import CustomerAppUpdate
from scangate.identity.service import Authenticator, Identity
from scangate.identity.tokens import Tokens
from scangate.settings import IdentitySettings

ROUNDS = 12


def identity_of(database: Database, **settings: int) -> Identity:
    tokens = Tokens(database, key_days=30)
    return Identity(database, tokens, Authenticator(database, tokens), IdentitySettings(**settings))


def linked(profile: str) -> CustomerAppUpdate:
    return CustomerAppUpdate(app_name="shop", cloud_provider="", environment="", ai_sec_profile_name=profile)


def test_numbers_of_deleted_revisions_are_not_given_out_again(database_url: str) -> None:
    async def work(database: Database) -> None:
        profiles = profiles_of(database)
        first = await profiles.create(FIRST, document("p"), by="x")
        await profiles.create(SECOND, document("p"), by="x")
        for number in (2, 3):
            newest = await profiles.replace(FIRST, first.profile_id, document("p"), by="x")
            assert newest.revision == number
        await profiles.remove(FIRST, newest.profile_id)
        assert (await profiles.show(FIRST.tsg_id, "p")).revision == 2
        again = await profiles.replace(FIRST, first.profile_id, document("p"), by="x")
        assert again.revision == 4
        for gone in (again, await profiles.show(FIRST.tsg_id, "p", revision=2)):
            await profiles.remove(FIRST, gone.profile_id)
        assert (await profiles.apply(FIRST, document("p"), by="x")).revision == 5
        assert (await profiles.apply(SECOND, document("p"), by="x")).revision == 2, "another tenant's numbers are its own"
        await profiles.remove_all(FIRST, "p")
        assert (await profiles.create(FIRST, document("p"), by="x")).revision == 1, "a new history"

    on(database_url, work)


def test_a_profile_that_is_deleted_meanwhile_is_not_linked(database_url: str) -> None:
    """Two processes at once: either the link is refused, or the deletion is."""

    async def link(database: Database, application_id: str) -> bool:
        identity = identity_of(database)
        try:
            await applications.update_application(identity, FIRST, application_id, linked("p"), profiles_of(database).find_name)
        except NotFoundError:
            return False
        return True

    async def remove(database: Database, profile_id: str) -> bool:
        try:
            await profiles_of(database).remove(FIRST, profile_id)
        except ConflictError:
            return False
        return True

    async def work(database: Database) -> None:
        identity, profiles = identity_of(database), profiles_of(database)
        await deployments.create_deployment(identity, FIRST, "d")
        app = await applications.create_application(identity, FIRST, "shop", find_profile=profiles.find_name)
        async with opened(database_url) as other:
            for number in range(ROUNDS):
                revision = await profiles.create(FIRST, document("p"), by="x")
                works = [link(database, app.customer_appId), remove(other, revision.profile_id)]
                outcome = await asyncio.gather(*(works if number % 2 else reversed(works)))
                assert sorted(outcome) == [False, True], "exactly one of them happened"
                shown = await applications.show_application(identity, FIRST.tsg_id, "shop")
                exists = bool(await profiles.page(FIRST.tsg_id, offset=0, limit=1, latest=True))
                assert (shown.ai_sec_profile_name == "p") is exists
                await applications.update_application(identity, FIRST, app.customer_appId, linked(""), profiles.find_name)
                if exists:
                    await profiles.remove(FIRST, revision.profile_id)

    on(database_url, work)


def test_links_are_by_name_or_id_and_within_the_tenant(database_url: str) -> None:
    async def work(database: Database) -> None:
        identity, profiles = identity_of(database), profiles_of(database)
        await deployments.create_deployment(identity, FIRST, "d")
        own = await profiles.create(FIRST, document("own"), by="x")
        theirs = await profiles.create(SECOND, document("theirs"), by="x")
        app = await applications.create_application(identity, FIRST, "shop", find_profile=profiles.find_name, profile_name="own")
        for said in ("theirs", theirs.profile_id, "nothing"):
            with pytest.raises(NotFoundError, match="AI profile not found"):
                await applications.update_application(identity, FIRST, app.customer_appId, linked(said), profiles.find_name)
            with pytest.raises(NotFoundError, match="AI profile not found"):
                await applications.create_application(
                    identity, FIRST, "other", find_profile=profiles.find_name, profile_name=said
                )
        changed = await applications.update_application(
            identity, FIRST, app.customer_appId, linked(own.profile_id), profiles.find_name
        )
        assert changed.ai_sec_profile_name == "own"

    on(database_url, work)


def test_a_deployment_profile_has_so_many_applications_and_no_more(database_url: str) -> None:
    async def create(identity: Identity, operator: Operator, name: str, auth_code: str) -> str:
        async def none(*_: object) -> None:
            return None

        created = await applications.create_application(identity, operator, name, auth_code=auth_code, find_profile=none)
        return created.customer_appId

    async def work(database: Database) -> None:
        identity = identity_of(database, applications_per_deployment_profile=3)
        full, other = [await deployments.create_deployment(identity, FIRST, name) for name in ("full", "other")]
        async with opened(database_url) as second:
            works = [
                create(identity_of(one, applications_per_deployment_profile=3), FIRST, f"app {n}", full.auth_code)
                for n, one in enumerate([database, second] * 4)
            ]
            outcomes = await asyncio.gather(*works, return_exceptions=True)
        refused = [each for each in outcomes if isinstance(each, BaseException)]
        assert len(refused) == 5 and all(isinstance(each, ConflictError) for each in refused)
        assert isinstance(refused[0], ConflictError)
        assert refused[0].payload == [{"auth_code": full.auth_code, "dp_name": "full"}]
        elsewhere = await create(identity, FIRST, "elsewhere", other.auth_code)
        move = CustomerAppUpdate(app_name="elsewhere", cloud_provider="", environment="", auth_code=full.auth_code)
        profiles = profiles_of(database)
        with pytest.raises(ConflictError, match="has its 3 applications"):
            await applications.update_application(identity, FIRST, elsewhere, move, profiles.find_name)
        found, _ = await applications.list_applications(identity, FIRST.tsg_id)
        await applications.delete_application(
            identity, FIRST, next(app.name for app in found if app.auth_code == full.auth_code), by="x"
        )
        moved = await applications.update_application(identity, FIRST, elsewhere, move, profiles.find_name)
        assert moved.auth_code == full.auth_code

    on(database_url, work)

"""Random sequences of what two tenants do, held against a model of each: nothing leaks, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.identity.tenants import BY, TenantOperator, scan_status
from tests.live import running
from tests.postgres import empty_database

NAMES = st.sampled_from(["alpha", "beta", "Ünïcode 🔑", "with/slash", "a b"])
WHO = st.integers(0, 1)
DEPLOYMENTS = 3


@dataclass
class Known:
    """What a tenant must have: key name to its document, application name to the auth code that it belongs to."""

    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    apps: dict[str, str] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)


class TwoTenants(RuleBasedStateMachine):
    """`codes` are the auth codes of each tenant's deployment profiles."""

    tenants: tuple[TenantOperator, TenantOperator]
    codes: list[list[str]]

    def __init__(self) -> None:
        super().__init__()
        self.known = (Known(), Known())

    def teardown(self) -> None:
        for tenant, known in zip(self.tenants, self.known, strict=True):
            for app in list(known.apps):
                tenant("DELETE", "/customerapp", params={"app_name": app, "updated_by": BY})
            for role in known.roles:
                tenant("DELETE", "/roles/" + role.replace("/", "%2F"))

    @rule(who=WHO, owner=WHO, name=NAMES, app=NAMES, deployment=st.integers(0, DEPLOYMENTS - 1))
    def create_key(self, who: int, owner: int, name: str, app: str, deployment: int) -> None:
        tenant, known, code = self.tenants[who], self.known[who], self.codes[owner][deployment]
        busy = any(key["auth_code"] == code for key in known.keys.values())
        fits = not busy and name not in known.keys and known.apps.get(app, code) == code
        expected = 404 if owner != who else 200 if fits else 409
        document = tenant("POST", "/apikey", expected, json=tenant.wanted(name, app, auth_code=code))
        if expected == 200:
            known.secrets[name] = document.pop("api_key")
            known.keys[name] = document
            known.apps[app] = code

    @rule(who=WHO, name=NAMES)
    def delete_key(self, who: int, name: str) -> None:
        known = self.known[who]
        found = known.keys.pop(name, None)
        path = "/apikey/delete/" + name.replace("/", "%2F")
        self.tenants[who]("DELETE", path, 200 if found else 404, params={"updated_by": BY})
        if found:
            known.gone.add(known.secrets.pop(name))
            if not any(key["cust_app"] == found["cust_app"] for key in known.keys.values()):
                del known.apps[found["cust_app"]]

    @rule(who=WHO, owner=WHO, name=NAMES)
    def regenerate_key(self, who: int, owner: int, name: str) -> None:
        key = self.known[owner].keys.get(name)
        if key is None:
            return
        path = f"/apikey/regenerate/{key['api_key_id']}"
        wanted = {"rotation_time_interval": 2, "rotation_time_unit": "days"}
        document = self.tenants[who]("POST", path, 200 if who == owner else 404, json=wanted)
        if who == owner:
            self.known[who].gone.add(self.known[who].secrets[name])
            self.known[who].secrets[name] = document.pop("api_key")
            self.known[who].keys[name] = document

    @rule(who=WHO, app=NAMES)
    def delete_app(self, who: int, app: str) -> None:
        known = self.known[who]
        found = known.apps.pop(app, None)
        self.tenants[who]("DELETE", "/customerapp", 200 if found else 404, params={"app_name": app, "updated_by": BY})
        for name in [name for name, key in known.keys.items() if key["cust_app"] == app]:
            del known.keys[name]
            known.gone.add(known.secrets.pop(name))

    @rule(who=WHO, app=NAMES, new=NAMES)
    def rename_app(self, who: int, app: str, new: str) -> None:
        tenant, known = self.tenants[who], self.known[who]
        if app not in known.apps:
            tenant("GET", "/customerapp", 404, params={"app_name": app})
            return
        found = tenant("GET", "/customerapp", params={"app_name": app})
        wanted = {"app_name": new, "cloud_provider": "GCP", "environment": "dev"}
        params = {"customer_app_id": found["customer_appId"]}
        self.tenants[1 - who]("PUT", "/customerapp", 404, params=params, json=wanted)
        taken = new != app and new in known.apps
        tenant("PUT", "/customerapp", 409 if taken else 200, params=params, json=wanted)
        if not taken:
            known.apps[new] = known.apps.pop(app)
            for key in known.keys.values():
                if key["cust_app"] == app:
                    key |= {"cust_app": new, "cust_cloud_provider": "GCP", "cust_env": "dev"}

    @rule(who=WHO, name=NAMES, create=st.booleans())
    def change_roles(self, who: int, name: str, create: bool) -> None:
        tenant, roles = self.tenants[who], self.known[who].roles
        if create:
            document = {"name": name, "permissions": ["airs_api.roles:read"]}
            tenant("POST", "/roles", 409 if name in roles else 200, json=document)
            roles.add(name)
        else:
            tenant("DELETE", "/roles/" + name.replace("/", "%2F"), 200 if name in roles else 404)
            roles.discard(name)

    @invariant()
    def each_has_exactly_its_own(self) -> None:
        for tenant, known in zip(self.tenants, self.known, strict=True):
            listed = tenant("GET", "/apikeys")
            assert {key["api_key_name"]: key for key in listed["api_keys"]} == known.keys
            apps = {app["app_name"]: app for app in tenant("GET", "/customerapps")["customer_apps"]}
            assert {name: app["auth_code"] for name, app in apps.items()} == known.apps
            for name, app in apps.items():
                own = sorted(key["api_key_name"] for key in known.keys.values() if key["cust_app"] == name)
                assert [info["api_key_name"] for info in app["api_keys_dp_info"]] == own
            assert {role["name"] for role in tenant("GET", "/roles")["roles"] if not role["built_in"]} == known.roles

    @invariant()
    def keys_that_are_there_scan_and_others_do_not(self) -> None:
        for tenant, known in zip(self.tenants, self.known, strict=True):
            for secret in list(known.secrets.values())[-1:]:
                assert scan_status(tenant.server, key=secret) == 200
            for secret in list(known.gone)[-1:]:
                assert scan_status(tenant.server, key=secret) == 403


@pytest.fixture(params=["sqlite", "postgresql"])
def tenants(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[TenantOperator, TenantOperator]]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            server, url = request.getfixturevalue("server"), None
        else:
            url = stack.enter_context(empty_database(request.getfixturevalue("postgres")))
            server = stack.enter_context(running(tmp_path / "data", env={"SCANGATE_DATABASE__URL": url}))
        one, two = (stack.enter_context(closing(TenantOperator(server, url))) for _ in range(2))
        yield one, two


@pytest.mark.timeout(600)
def test_two_tenants_never_see_or_lose_anything(tenants: tuple[TenantOperator, TenantOperator]) -> None:
    codes = [[tenant.deployment() for _ in range(DEPLOYMENTS)] for tenant in tenants]
    for tenant in tenants:
        tenant("DELETE", "/apikey/delete/default", params={"updated_by": BY})
    run_state_machine_as_test(
        type("TwoOfThese", (TwoTenants,), {"tenants": tenants, "codes": codes}),
        settings=settings(
            max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), database=None
        ),
    )

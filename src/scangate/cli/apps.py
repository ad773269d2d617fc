"""`scangate apps`: applications."""

from __future__ import annotations

from typing import Annotated

import typer

from scangate.cli.installation import AsJson, DataDir, Tenant, on_identity, print_documents, print_json
from scangate.cli.names import checked_name
from scangate.identity import applications
from scangate.identity.principal import Operator
from scangate.identity.schemas import CustomerAppObject
from scangate.identity.service import Identity
from scangate.profiles.repository import find_name

app = typer.Typer(help="Create, list and delete applications.", no_args_is_help=True)
_COLUMNS = {
    "name": "app_name",
    "deployment": "dp_name",
    "auth code": "auth_code",
    "profile": "ai_sec_profile_name",
    "environment": "environment",
    "cloud": "cloud_provider",
    "status": "status",
    "id": "customer_appId",
}


@app.command("list")
def list_apps(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the applications with their keys."""

    async def work(identity: Identity, operator: Operator) -> list[CustomerAppObject]:
        found, keys = await applications.list_applications(identity, operator.tsg_id)
        return [CustomerAppObject.of(application, keys) for application in found]

    print_documents(on_identity(data_dir, tenant, work), _COLUMNS, as_json=as_json)


@app.command("create")
def create_app(
    name: Annotated[str, typer.Argument(help="A name of up to 100 characters.")],
    auth_code: Annotated[str | None, typer.Option(help="Its deployment profile; by default the first one.")] = None,
    profile: Annotated[str | None, typer.Option(help="The security profile of scans that name none.")] = None,
    environment: Annotated[str, typer.Option(help="Where it runs, as in `production`.")] = "",
    cloud_provider: Annotated[str, typer.Option(help="Whose cloud its model runs in.")] = "",
    agent_framework: Annotated[str | None, typer.Option(help="The framework of its agent, if it is one.")] = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Create an application; `scangate keys create --application NAME` gives it a key."""
    texts = [checked_name(text, "--environment, --cloud-provider", least=0) for text in (environment, cloud_provider)]

    async def work(identity: Identity, operator: Operator) -> CustomerAppObject:
        return await applications.create_application(
            identity, operator, checked_name(name, "the name"), auth_code=auth_code, profile_name=profile, environment=texts[0],
            cloud_provider=texts[1], agent_framework=checked_name(agent_framework or "", "--agent-framework", least=0) or None,
            find_profile=find_name,
        )  # fmt: skip

    created = on_identity(data_dir, tenant, work)
    if as_json:
        print_json(created.model_dump(mode="json", exclude_none=True))
    else:
        typer.echo(f"{created.app_name}: id {created.customer_appId}, deployment profile {created.auth_code}")


@app.command("delete")
def delete_app(
    name: Annotated[str, typer.Argument(help="The application's name.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete an application and its keys; a running server refuses them within a second."""
    on_identity(
        data_dir,
        tenant,
        lambda identity, operator: applications.delete_application(identity, operator, name, by=operator.subject),
    )
    if as_json:
        print_json({"deleted": name})
    else:
        typer.echo(f"deleted {name}")
